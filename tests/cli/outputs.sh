# A net that tells several things: from a table to a model, its measures, predictions, export; and mistakes, placed where they stand.
say() { echo "\$ gradus $*"; gradus "$@" 2>&1 || echo "[$?]"; }
awk 'BEGIN { OFS = ","; print "x", "y", "Kind", "size"; for (i = 0; i < 400; i++) { x = i % 17; y = i * 7 % 23; kind = (x > y) ? "wide" : "tall"; print x, y, kind, x + y + 0.5 } }' > things.csv
printf 'x,y\n9,1\n2,15\n' > new.csv
cat > two.yaml <<'END'
data:     csv(things.csv, target=[Kind, size])
model:    dense(16) > tanh > outputs(kind=dense(2), size=dense(1))
loss:     sum(cross_entropy(output=kind), huber(output=size, weight=2), balance=uncertainty)
group:    match("*.size.*", name=size)
feedback: plateau(val_size_loss, group=size, patience=0, threshold=0.9)
epochs:   12
batch:    16
lr:       0.02
END

say train two.yaml --dry-run | sed -n '/ layer /,/ total /p'
say train data='csv(things.csv, target=[Kind, size])' --dry-run | sed -n '/ layer /,/ total /p'
gradus train two.yaml --threads 1 --quiet 2>&1 | sed 's/[0-9.]* no better than [0-9.]*/A no better than B/'
head -1 runs/two/metrics.csv | tr ',' '\n' | grep -E 'kind|size' | tr '\n' ' '
echo
grep -A3 '"loss_weights"' runs/two/summary.json | sed 's/: [0-9.]*/: NUMBER/'
say evaluate runs/two --at-least kind_accuracy=0.8 --quiet
say evaluate runs/two --at-least kind=0.8 --quiet
gradus evaluate runs/two | sed 's/[0-9]\.[0-9]*/N/g; s/ *[0-9]*$//' | head -12
gradus evaluate runs/two --json | grep -c -E '"outputs"|"kind": \{|"size": \{'
gradus predict runs/two new.csv | sed 's/0\.[0-9]*/P/; s/\.[0-9]*$//'
gradus export runs/two two.onnx | sed 1d
gradus train --resume runs/two epochs=13 --threads 1 --quiet && tail -1 runs/two/metrics.csv | cut -d, -f1,2
gradus check runs/two > /dev/null; echo "check says [$?]"

# arrays of NumPy
python3 - <<'END'
import struct
def write(name, kind, shape, values):
    head = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)).ljust(117) + "\n"
    with open(name, "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + head.encode())
        out.write(struct.pack("<%d%s" % (len(values), {"<f4": "f", "|u1": "B"}[kind]), *values))
at = [(i % 17, i * 7 % 23) for i in range(400)]
write("at.npy", "<f4", "(400, 2)", [value / 10 for pair in at for value in pair])
write("kind.npy", "|u1", "(400,)", [int(x > y) for x, y in at])
write("sizes.npy", "<f4", "(400, 2)", [value for x, y in at for value in (x + y, x - y)])
write("new.npy", "<f4", "(2, 2)", [0.9, 0.1, 0.2, 1.5])
END
gradus train data='npy(at.npy, targets=[kind.npy, sizes.npy])' epochs=30 name=arrays --threads 1 --quiet
grep '^model' runs/arrays/run.yaml
say evaluate runs/arrays --at-least kind_accuracy=0.9 --quiet
say evaluate runs/arrays --at-least sizes_r2=0.9 --quiet
gradus predict runs/arrays new.npy | cut -d, -f1,2 | sed 1q
gradus predict runs/arrays new.npy | awk -F, 'NR > 1 { print $2, ($4 > 8 && $4 < 20), ($5 > 5) }'
say train data='npy(at.npy, targets=[kind.npy, sizes.npy])' model='dense(4)'

# names as long as they may be stand whole wherever a program reads them
long=how_many_rooms_there_are_in_the_house_and_the_garden_shed
sed "1s/.*/x,y,$long,size/" things.csv > long.csv
gradus train data="csv(long.csv, target=[$long, size])" epochs=1 lr=0.01 --threads 1 --json > events
grep -o "\"[a-z]*_${long}_[a-z0-9]*\"" events | sort -u | sed "s/$long/NAME/" | tr '\n' ' '
grep -o "\"[a-z]*_${long}_[a-z0-9]*\"" runs/long/summary.json | sort -u | sed "s/$long/NAME/" | tr '\n' ' '
echo

# mistakes
say train two.yaml model='dense(4)'
say train two.yaml model='dense(4) > outputs(kind=dense(2), weight=dense(1))'
say train two.yaml 'loss=sum(cross_entropy(output=kin), huber)'
say train two.yaml 'loss=sum(cross_entropy, huber, balance=gradnom)'
say train two.yaml 'loss=cross_entropy'
say train two.yaml 'feedback=plateau(val_loss_of_size)'
say train data='glyphs(count=200, test=50)' 'loss=sum(cross_entropy, balance=dwa)' 'model=dense(10)'
say train data='csv(things.csv, names=[a, b], target=a)'
say train data='csv(new.csv, header=false, names=[a, b, a], target=a)'
say train data='csv(new.csv, header=false, names=[a, a], target=a)'

# gradus evaluate and predict: what the kept model of a run is worth, and what it says of new inputs.
say() { echo "\$ gradus $*"; gradus "$@" || echo "[$?]"; }
gradus train 'data=glyphs(count=3000, test=500)' 'model=flatten > dense(10)' lr=0.01 epochs=5 name=digits --threads 1 --quiet

say evaluate runs/digits
say evaluate runs/digits --part validation
say evaluate runs/digits --at-least accuracy=0.5 --quiet
say evaluate runs/digits --at-least accuracy=0.999 --quiet
say evaluate runs/digits --at-least loss=100 --quiet
say evaluate runs/digits --at-least loss=0.001 --quiet
say evaluate runs/digits --at-least rmse=1
say evaluate runs/digits --at-least accuracy
say evaluate runs/nothing
gradus evaluate runs/digits --json > result.json
python3 - <<'END'
import json
result = json.load(open("result.json"))
print(*result, *result["metrics"], result["examples"], sum(map(sum, result["confusion"])))
right = sum(row[i] for i, row in enumerate(result["confusion"]))
print(abs(right / 500 - result["metrics"]["accuracy"]) < 1e-12)
END

# images in the file format of MNIST
python3 - <<'END'
import struct
with open("images.idx", "wb") as file:
    file.write(struct.pack(">IIII", 0x803, 3, 28, 28) + bytes(2 * 784) + bytes(range(196)) * 4)
END
say predict runs/digits images.idx
gradus predict runs/digits images.idx | awk -F, 'NR > 1 && ($2 < 0 || $2 > 9 || $3 < 0.1 || $3 > 1) { print "no class, or no probability:", $0 }'
say predict runs/digits nothing.idx
printf 'nonsense' > bad.idx
say predict runs/digits bad.idx

# two classes that one output tells apart: below one half it says the first
awk 'BEGIN { print "x,side"; for (i = -200; i <= 200; i++) if (i) print i / 100 "," (i < 0 ? "left" : "right") }' > sides.csv
gradus train 'data=csv(sides.csv, target=side)' 'model=dense(1)' loss=binary_cross_entropy optimizer=adam lr=0.1 epochs=40 name=sides \
    --threads 1 --quiet
gradus evaluate runs/sides | awk '/accuracy/ { all = $2 } /worst/ { print "worst, of an accuracy of", all }'
printf 'x\n-2\n2\n' > ask.csv
gradus predict runs/sides ask.csv | awk -F, 'NR > 1 { print $1, $2, ($3 > 0.9 && $3 <= 1 ? "surely" : $3) }'
# a hinge says which class, not how likely it is
gradus train 'data=csv(sides.csv, target=side)' 'model=dense(1)' 'loss=hinge(power=2)' optimizer=adam lr=0.1 epochs=40 name=sides \
    --threads 1 --quiet --overwrite
gradus evaluate runs/sides | awk '/accuracy/ { print $1, ($2 > 0.9 ? "good" : $2) } /worst/ { print "worst, of an accuracy of", all }'
gradus predict runs/sides ask.csv
say train 'data=csv(sides.csv, target=side)' 'loss=cross_entropy(class_weights=[1, 2, 3])' --dry-run
say train 'data=csv(sides.csv, target=x)' loss=kl_divergence name=no --quiet --threads 1
rm sides.csv

# a table: targets in the units of the file
python3 - <<'END'
with open("line.csv", "w") as file:
    file.write("x,noise,y\n")
    for i in range(400):
        file.write(f"{i % 50 / 10},{i * 7919 % 101 / 101},{1000 + 250 * (i % 50 / 10)}\n")
END
gradus train 'data=csv(line.csv, target=y)' lr=0.01 epochs=40 name=line --threads 1 --quiet
gradus evaluate runs/line | sed -E 's/[0-9.]+$/N/'
gradus evaluate runs/line --at-least rmse=100 --quiet
printf 'x,noise\n0,0.5\n4,0.5\n' > ask.csv
gradus predict runs/line ask.csv | awk -F, 'NR == 1 { print } NR > 1 { print $1, ($2 > 1000 * $1 + 900 && $2 < 1000 * $1 + 1100 ? "near" : $2) }'
# the data may be gone by now
rm line.csv
gradus predict runs/line ask.csv | wc -l
say evaluate runs/line

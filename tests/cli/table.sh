# table(file.csv) wherever a schedule stands: relative to the run file, or to the working folder; what is printed reads back; mistakes.
say() { echo "\$ gradus $*"; gradus "$@" 2>&1 || echo "[$?]"; }
mkdir -p nets
printf 'epoch,share\n0,0.2\n1,1\n3,0.1\n' > nets/shares.csv
printf '0.5\n0.9\n' > nets/momentum.csv
cat > nets/digits.yaml <<'END'
data:      glyphs(count=600, test=100)
model:     flatten > dense(10)
lr:        0.1
epochs:    4
batch:     60
schedule:  table(shares.csv, column=share, at=epoch, every=1ep)
optimizer: sgd(momentum=table(momentum.csv, every=2ep, interpolate))
END

# the run file's folder, in every verb that makes the schedule; on the command line the working folder
say schedule nets/digits.yaml updates_per_epoch=9 --csv --every 9
# the data tell how long an epoch is, unless they are not there
say schedule nets/digits.yaml --csv --every 9
say schedule nets/digits.yaml 'data=csv(nothing.csv, target=x)' --csv
say train nets/digits.yaml optimizer=sgd --dry-run 2>&1 | grep '^schedule'
gradus train nets/digits.yaml --threads 1 --quiet && cut -d, -f1,5 runs/digits/metrics.csv
gradus explain runs/digits | grep -c begins
gradus replay runs/digits guard --quiet
gradus train --resume runs/digits epochs=5 --threads 1 --quiet && tail -1 runs/digits/metrics.csv | cut -d, -f1,5
say train nets/digits.yaml 'schedule=table(shares.csv, column=share)' --dry-run
say train nets/digits.yaml 'schedule=table(nets/shares.csv, column=share, at=epoch, every=1ep)' optimizer=sgd --dry-run | grep '^schedule'

# a run keeps where each file lies, though settings came from two folders; and goes on from a third
gradus train nets/digits.yaml 'schedule=table(nets/shares.csv, column=share, at=epoch, every=1ep)' epochs=2 name=two --threads 1 --quiet
grep '^schedule' runs/two/run.yaml | sed "s|$PWD|HERE|"
grep '^optimizer' runs/two/run.yaml
(mkdir -p third && cd third && gradus train --resume ../runs/two epochs=5 --threads 1 --quiet) 2>&1 | sed "s|$PWD|HERE|g"
cut -d, -f1,5 runs/two/metrics.csv

# what --csv prints reads back to the same rates
gradus schedule 'warmup(5%) > cosine' lr=0.1 updates=40 --csv > rates.csv
gradus schedule 'table(rates.csv, column=rate, at=update, rates)' lr=0.1 updates=40 --csv | cmp - rates.csv && echo same

# mistakes
printf 'rate\n1\nhalf\n' > bad.csv
say schedule 'table(bad.csv)'
say schedule 'table(none.csv)'
say schedule 'warmup(5%) > table(nets)' --json
say schedule 'table(nets/shares.csv, column=shares)'

# a run that went with a file which is gone: the message names the run's own file
sed -i 's/shares.csv/gone.csv/' runs/digits/run.yaml
say train --resume runs/digits epochs=6

# one of each
printf 'x,y\n1,2\n' > one.csv
gradus train data='csv(one.csv, target=y)' epochs=1 lr=0.01 name=one --threads 1 | sed -n '/^data/p; s/,.*//; /^run/p'
# rows that are added, and a class that is new, while a run waits to go on
python3 -c "print('a,b', *(f'{i},{i % 3}' for i in range(60)), sep='\n')" > grows.csv
gradus train data=grows.csv epochs=1 lr=0.01 name=grows --threads 1 --quiet
gradus train --resume runs/grows epochs=2 --threads 1 2>&1 | grep changed || echo "the same"
echo 5,1 >> grows.csv
gradus train --resume runs/grows epochs=3 --threads 1 2>&1 | grep changed
gradus train --resume runs/grows epochs=4 --threads 1 2>&1 | grep changed || echo "the same"
echo 5,1.5 >> grows.csv
gradus train --resume runs/grows epochs=5 --threads 1 2>&1 | head -1

# gradus replay: another feedback over the measures of a run, or over a log of another program; tables, CSV, JSON, mistakes.
say() { echo "\$ gradus $*"; gradus "$@" 2>&1 || echo "[$?]"; }
cat > losses.csv <<'EOF'
epoch,loss,val_loss
1,2.3,2.4
2,1.1,1.5
3,0.9,1.6
4,0.8,1.55
5,0.7,1.7
6,0.7,1.4
EOF
say replay losses.csv 'plateau(patience=2, factor=0.5)'
say replay losses.csv 'plateau(loss, patience=2)'
say replay losses.csv 'plateau(patience=2, factor=0.5)' --csv
gradus replay losses.csv 'plateau(patience=2, factor=0.5)' --json | python3 -c '
import json, sys
replay = json.load(sys.stdin)
print(*replay)
print(replay["would"][0]["text"], replay["own"], replay["did"], replay["parts"])'
gradus replay losses.csv plateau --quiet

# a run: its own feedback decides what it decided
gradus train 'data=glyphs(count=600, test=100)' 'model=flatten > dense(10)' lr=0.01 epochs=5 schedule=linear name=run --threads 1 --quiet \
    'feedback=guard > plateau(train_loss, patience=1, threshold=1)' 2> notes
say replay runs/run
say replay runs/run 'plateau(train_loss, patience=2, threshold=1)'
gradus replay runs/run --csv > rates.csv
head -1 rates.csv
wc -l < rates.csv
python3 - <<'EOF'
import csv, json, subprocess
rows = list(csv.DictReader(open("rates.csv")))
print(all(row["rate"] == row["rate_was"] for row in rows), rows[-1]["update"])
replay = json.loads(subprocess.run(["gradus", "replay", "runs/run", "--json"], stdout=subprocess.PIPE).stdout)
print(replay["would"] == replay["did"] == [json.loads(line) for line in open("runs/run/decisions.jsonl")], replay["parts"])
EOF
rm runs/run/measures.csv
say replay runs/run 'plateau(val_accuracy, patience=1, threshold=1)' | head -5

# mistakes
say replay losses.csv
say replay losses.csv plateu
say replay losses.csv 'plateau(val_accuracy)'
say replay losses.csv 'guard > plateau'
say replay runs/run 'guard > plateau'
say replay runs/nothing plateau
say replay . plateau
say replay losses.csv plateau --csv --json
gradus replay losses.csv guard > plateau || echo "[$?]"
printf 'loss\n1\nhigh\n' > wrong.csv
say replay wrong.csv 'plateau(loss)'
# of a run whose summary is of no use the same is said by all
: > runs/run/summary.json
say replay runs/run
say explain runs/run
rm runs/run/summary.json
say replay runs/run
say explain runs/run

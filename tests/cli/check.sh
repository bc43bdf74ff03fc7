# gradus check: what ails a run, as text and JSON, its exit status, and mistakes.
say() { echo "\$ gradus $*"; gradus "$@" || echo "[$?]"; }
train() { gradus train --threads 1 --quiet "$@"; }
train 'data=glyphs(count=1200, test=100)' 'model=flatten > dense(64) > relu > dense(10)' lr=1e-6 epochs=3 name=slow
train 'data=glyphs(count=1200, test=100)' 'model=flatten > dense(64, name=first) > tanh > dense(10)' 'init=normal(5)' lr=0.001 epochs=3 name=full
train 'data=glyphs(count=3000, test=100)' 'model=flatten > dense(64) > relu > dense(10)' lr=0.003 epochs=5 name=good

say check runs/good
say check runs/slow
say check runs/full
say check runs/full --quiet
gradus check runs/full --json | python3 -c '
import json, sys
check = json.load(sys.stdin)
print(*check, check["run"])
for finding in check["findings"]:
    print(*finding)
    print(finding["symptom"], finding["layer"], finding["where"], *finding["seen"], finding["remedy"])'
gradus check runs/good --json | python3 -c 'import json, sys; print(json.load(sys.stdin))'

# what is looked for
COLUMNS=80 gradus check --symptoms | head -6
gradus check --symptoms | awk 'length > 80'
gradus check --symptoms --json | python3 -c 'import json, sys; print(*[symptom["name"] for symptom in json.load(sys.stdin)], sep="\n")'

# what one may get wrong
say check
say check runs/god
say check runs/good runs/slow
say check runs/good --symptom
mkdir runs/empty
say check runs/empty

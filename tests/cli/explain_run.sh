# gradus explain RUN: the picture of what the rate did, with its decisions; in files; of runs that went back, of old runs, of none.
say() { echo "\$ gradus $*"; gradus "$@" 2>&1 || echo "[$?]"; }
gradus train 'data=glyphs(count=300, test=50)' 'model=flatten > dense(10)' lr=0.01 epochs=1 'schedule=warmup(0.5ep) > linear' \
    name=run --threads 1 --quiet
say explain runs/run | sed -n '/rate of/p; /begins/p; /updates /p'
gradus explain runs/run --json | head -3

# by hand: update 4 was bad, the run went back to 2 and made 2 to 7 with half the rate; 5 was skipped and made again
cat > runs/run/measures.csv <<'EOF'
update,samples,rate,loss
0,0,0.05,1
1,8,0.1,1
2,16,0.1,1
3,24,0.1,1
4,32,,9
2,16,0.05,1
3,24,0.05,1
4,32,0.05,1
5,40,,nan
5,40,0.05,1
6,48,0.025,1
7,56,0.025,1
EOF
cat > runs/run/decisions.jsonl <<'EOF'
{"update": 6, "action": "lower", "rate_after": 0.025, "factor_after": 0.25, "text": "second"}
{"update": 4, "action": "roll_back", "rate_after": 0.05, "factor_after": 0.5, "text": "first"}
EOF
say explain runs/run
LC_ALL=C COLUMNS=50 gradus explain runs/run | head -14
gradus explain runs/run --quiet --svg rate.svg
python3 - <<'EOF'
import xml.etree.ElementTree as xml
space, root = "{http://www.w3.org/2000/svg}", xml.parse("rate.svg").getroot()
print(root[0].text, root.find(space + "path").get("d"))
print([(circle.get("cx"), circle.get("cy")) for circle in root.iter(space + "circle")])
EOF

# a line that was being written when the run was killed, a file that is damaged, none at all
printf '8,64,0.0' >> runs/run/measures.csv
say explain runs/run | sed -n '2p'
printf '25,1\n9,x,y,z\n' >> runs/run/measures.csv
say explain runs/run | grep -A1 gradus:
rm runs/run/measures.csv
say explain runs/run | sed -n '2p'
mv runs/run/decisions.jsonl kept
say explain runs/run | sed -n '2p;$p'
mv kept runs/run/decisions.jsonl
say explain runs/run --svg rate.svg
say explain cosine --svg rate.svg
say explain runs/run --svg

# a run that was made longer, twice, and went on with another base; then with another schedule
small='data=glyphs(count=300, test=50)'
gradus train "$small" 'model=flatten > dense(10)' lr=0.01 epochs=2 'schedule=warmup(50%) > linear' feedback=none name=longer --threads 1 --quiet
gradus train --resume runs/longer epochs=4 --quiet
gradus train --resume runs/longer epochs=5 lr=0.02 --quiet
gradus explain runs/longer | sed -n '/because/,$p'
gradus train --resume runs/longer epochs=6 'schedule=hold > step(1ep, length=2ep)' --quiet
gradus explain runs/longer | sed -n '/schedule:/,$p'

# one that diverged before its first report, one that goes on or was killed, one that was interrupted
gradus train "$small" 'model=flatten > dense(100) > relu > dense(10)' optimizer=sgd lr=1e10 name=bad --threads 1 --quiet 2> /dev/null || echo "[$?]"
gradus explain runs/bad | grep -c "gradients could not be used"
python3 - <<'EOF'
import json
summary = json.load(open("runs/run/summary.json"))
summary["status"], summary["reason"] = "running", {"code": "running", "text": "the run goes on, or was killed"}
json.dump(summary, open("runs/run/summary.json", "w"))
EOF
gradus explain runs/run | tail -2
python3 - "$small" <<'EOF'
import pathlib, signal, subprocess, sys, time
rows, command = pathlib.Path("runs/stopped/timing.csv"), ["gradus", "train", sys.argv[1], "model=flatten > dense(10)", "lr=0.01"]
process = subprocess.Popen(command + ["epochs=100000", "feedback=none", "name=stopped", "--threads", "1", "--quiet"], stderr=subprocess.DEVNULL)
while process.poll() is None and (not rows.exists() or rows.read_text().count("\n") < 3):
    time.sleep(0.01)
process.send_signal(signal.SIGINT)
print(process.wait())
EOF
gradus explain runs/stopped | grep -c 'interrupted, and its state saved'

# Folders of runs: names that are taken, --overwrite, --out, --resume, Ctrl-C, a disk that is full.
say() { echo "\$ gradus $*"; gradus "$@" > out || echo "[$?]"; grep -E '^(run|resumed|saved|next|stopped)' out || true; }
set -- 'data=glyphs(count=300, test=50)' 'model=flatten > dense(10)' lr=0.01 --threads 1

say train "$@" epochs=1
say train "$@" epochs=1
say train "$@" epochs=1 name=mine
say train "$@" epochs=1 name=mine
say train "$@" epochs=1 name=mine --overwrite
say train "$@" epochs=1 --out elsewhere
say train "$@" epochs=1 --out /proc/nothing
say train "$@" epochs=1 name=a/b
ls runs elsewhere

# going on
say train --resume runs/mine
say train --resume runs/mine epochs=2
say train --resume runs/mine 'model=flatten > dense(20) > dense(10)'
say train --resume runs/nothing
say train --resume elsewhere
say train other.yaml --resume runs/mine
wc -l < runs/mine/metrics.csv

# Ctrl-C: the update is finished, the state saved, and what was begun can be gone on with. So with SIGTERM.
cat > interrupt.py <<'END'
import json, pathlib, signal, subprocess, sys, time
name, *words = sys.argv[1:]
rows = pathlib.Path(f"runs/{name}/timing.csv")
count = lambda: rows.read_text().count("\n") if rows.exists() else 0
before = count()
process = subprocess.Popen(words + [f"name={name}", "epochs=100000"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
while process.poll() is None and count() < before + 3:
    time.sleep(0.01)
process.send_signal(getattr(signal, name))
print(process.stderr.read().decode().strip())
print(process.wait(), json.load(open(f"runs/{name}/summary.json"))["status"])
END
for signal in SIGINT SIGTERM; do python3 interrupt.py $signal gradus train "$@"; done
# A run that goes on has threads before it listens; they must not be killed in its place.
python3 interrupt.py SIGTERM gradus train --resume runs/SIGTERM
gradus train --resume runs/SIGINT epochs=100001 stop='time(1s)' > out 2> err || echo "[$?]"
grep -c resumed out

# a disk that is full, as far as a process can tell: files may not grow beyond so many blocks of 512 bytes
(ulimit -f 400; gradus train "$@" name=full epochs=40) > out || echo "[$?]"
gradus train --resume runs/full > out && grep saved out

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
say train --resume runs/mine epochs=1
say train --resume runs/mine updates=33
grep epochs runs/mine/run.yaml
say train --resume runs/mine 'model=flatten > dense(20) > dense(10)'
say train --resume runs/nothing
say train --resume elsewhere
say train other.yaml --resume runs/mine
wc -l < runs/mine/metrics.csv

# Ctrl-C: the update is finished, the state saved, and what was begun can be gone on with. So with SIGTERM, and with SIGHUP, which comes
# when a terminal is closed, and more than once.
cat > interrupt.py <<'END'
import json, pathlib, signal, subprocess, sys, time
name, *words = sys.argv[1:]
rows = pathlib.Path(f"runs/{name}/timing.csv")
count = lambda: rows.read_text().count("\n") if rows.exists() else 0
before = count()
process = subprocess.Popen(words + [f"name={name}", "epochs=100000"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
while process.poll() is None and count() < before + 3:
    time.sleep(0.01)
for _ in range(3 if name == "SIGHUP" else 1):
    process.send_signal(getattr(signal, name))
print(process.stderr.read().decode().strip())
print(process.wait(), json.load(open(f"runs/{name}/summary.json"))["status"])
END
for signal in SIGINT SIGTERM SIGHUP; do python3 interrupt.py $signal gradus train "$@"; done
# A run that goes on has threads before it listens; they must not be killed in its place.
python3 interrupt.py SIGTERM gradus train --resume runs/SIGTERM
gradus train --resume runs/SIGINT epochs=100001 stop='time(1s)' > out 2> err || echo "[$?]"
grep -c resumed out

# Ctrl-C while the rate is looked for, which may take minutes: heard at once, and who goes on looks again
cat > finding.py <<'END'
import os, pty, signal, sys
child, terminal = pty.fork()
if not child:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
try:
    while chunk := os.read(terminal, 4096):
        if b"finding the rate: 3 of 60" in seen + chunk and b"finding the rate: 3 of 60" not in seen:
            os.kill(child, signal.SIGINT)
        seen += chunk
except OSError:
    pass
print(seen.decode().splitlines()[-1], os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print("finding the rate: 60 of 60" in seen.decode())
END
python3 finding.py gradus train 'data=glyphs(count=2000, test=50)' 'model=conv(32, 5) > relu > flatten > dense(10)' name=finding
gradus explain runs/finding || echo "[$?]"
gradus replay runs/finding || echo "[$?]"
say train --resume runs/finding epochs=1

# a disk that is full, as far as a process can tell: files may not grow beyond so many blocks of 512 bytes
(ulimit -f 400; gradus train "$@" name=full epochs=40) > out || echo "[$?]"
gradus train --resume runs/full > out && grep saved out

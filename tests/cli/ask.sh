# Asking a run that trains in another process: to save, to cool down, to stop.
cat > wait.py <<'END'
import pathlib, sys, time
rows = pathlib.Path(f"runs/{sys.argv[1]}/timing.csv")
while not rows.exists() or rows.read_text().count("\n") < 4:
    time.sleep(0.01)
END
set -- 'data=glyphs(count=300, test=50)' 'model=flatten > dense(10)' lr=0.01 epochs=10000000 --threads 1

gradus train --quiet "$@" name=one &
python3 wait.py one
gradus save runs/one
gradus cooldown runs/one 'decai(2ep)' || echo "[$?]"
gradus cooldown runs/one 2ep
wait $! && echo "cooled down: $?"
grep -c '"action": "cooldown"' runs/one/decisions.jsonl
gradus stop runs/one || echo "[$?]"
gradus save runs/ono || echo "[$?]"

gradus train --quiet "$@" name=two &
python3 wait.py two
gradus stop runs/two --epoch --json
wait $! && echo "stopped: $?"
ls runs/two

# signals: save, cool down
gradus train "$@" name=three > /dev/null 2> notes &
python3 wait.py three
kill -USR1 $!
kill -USR2 $!
while ! grep -q cool-down notes; do sleep 0.05; done
gradus cooldown runs/three 2> refused || sed 's/update .*/update N/' refused
gradus stop runs/three

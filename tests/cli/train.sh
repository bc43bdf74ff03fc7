# gradus train: a run from a line, from a run file, as JSON lines, in parts; what stands on which stream.
say() { echo "\$ gradus $*"; gradus "$@" || echo "[$?]"; }
small='data=glyphs(count=600, test=100)'

say train "$small" epochs=2 --threads 1
say train "$small" epochs=2 lr=0.01 'schedule=warmup(10%) > cosine' 'optimizer=sgd(momentum=0.9)' 'gradient=clip_norm(1)' --threads 1
cat > first.yaml <<'END'
data:   glyphs(count=600, test=100)
model:  flatten > dense(10)
lr:     0.01
epochs: 3
stop:   reach(val_loss, 100)
END
say train first.yaml validation=none stop=none epochs=1.5 --threads 1
say train first.yaml --threads 1
ls runs
ls runs/first-2
head -1 runs/first-2/metrics.csv
wc -l < runs/first-2/metrics.csv
head -1 runs/first-2/timing.csv
cat runs/first-2/run.yaml
python3 - <<'END'
import json
summary = json.load(open("runs/first-2/summary.json"))
print(*summary)
print(summary["status"], summary["reason"]["code"], summary["best"]["metric"], *summary["test"])
memory = summary["memory"] # 7850 parameters, and two numbers for each in the optimizer
print(*memory, memory["gradients"] >= 4 * 7850, memory["optimizer"] >= 8 * 7850, memory["peak"] > sum(memory.values()) / 2)
for line in open("runs/first-2/decisions.jsonl"):
    print(*json.loads(line))
END
# machines read JSON and nothing else; --quiet says nothing
gradus train first.yaml stop=none epochs=1 --threads 1 --json --quiet > events
python3 -c 'import json; [print(event["event"], *event) for event in map(json.loads, open("events"))]'
# what a stop may watch
gradus train first.yaml 'stop=reach(val_f1, 1%)' name=f1 --quiet --threads 1
python3 -c 'import json; print(json.load(open("runs/f1/summary.json"))["reason"]["text"])'
say train first.yaml 'stop=reach(train_f1, 1%)' --threads 1
say train first.yaml --quiet --threads 1
# a closed pipe ends no training
gradus train first.yaml name=piped stop=none --threads 1 | head -2
say explain runs/piped

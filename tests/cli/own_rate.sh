# A feedback with a rate of its own: explain shows the rates that were used where phases began, and its decisions.
gradus train 'data=glyphs(count=600, test=100)' 'model=flatten > dense(10)' batch=16 optimizer=sgd lr=3 epochs=3 \
    'schedule=warmup(10%) > hold(50%) > linear' 'feedback=polyak(over=10)' name=own --threads 1 --quiet || echo "[$?]"
gradus explain runs/own --json > explained
python3 - <<'END'
import csv, json
recorded = {int(row["update"]): float(row["rate"]) for row in csv.DictReader(open("runs/own/measures.csv")) if row["rate"]}
for row in json.load(open("explained")):
    if row["because"].endswith("begins"):
        print(row["because"], row["rate"] == recorded[row["update"]], row["rate"] < 3)
lines = [json.loads(line) for line in open("runs/own/decisions.jsonl")]
print(len(lines) > 0, {(line["by"], line["reason"], line["factor_after"]) for line in lines})
END
gradus replay runs/own | tail -1

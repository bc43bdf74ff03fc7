# gradus train --dry-run: the effective run file, which reads back to itself, and the layers; nothing is written.
cat > net.yaml <<'END'
data:      glyphs(count=600, test=100)
model:
  - conv(16, 5, pad=2) > batchnorm > relu
  - maxpool(2) > flatten
  - dense(10, name=head)
optimizer: adam
schedule:  warmup(5%) > cosine
gradient:  clip_norm(1)
END
gradus train net.yaml model.conv.channels=32 epochs=3 optimizer=sgd optimizer.momentum=0.9 --dry-run
gradus train net.yaml epochs=2 lr=0.1 lr_min=0.02 lr_max=0.05 --dry-run | tail -2
gradus train net.yaml epochs=2 lr=0.1 'schedule=warmup(10s) > hold(20s)' --dry-run | tail -1
gradus train net.yaml --dry-run | sed '/^$/,$d' > effective.yaml
gradus train effective.yaml --dry-run | sed '/^$/,$d' | diff - effective.yaml
gradus train net.yaml epochs=2 lr=0.1 --dry-run --json | python3 -c '
import json, sys
plan = json.load(sys.stdin)
print(*plan, sep=" ")
print(plan["config"]["schedule"], plan["lr"], plan["plan"], plan["model"]["layers"][0]["spec"], plan["data"]["training"])'
gradus train net.yaml --dry-run --json | grep -A1 '"lr": {'
ls
GRADUS_DATA=sets:/more gradus train data=nothing.csv --dry-run || echo "[$?]"

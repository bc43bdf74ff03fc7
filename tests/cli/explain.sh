# gradus explain: members by our name, by another framework's, by other texts'; settings; several families; nothing.
say() { echo "\$ gradus $*"; gradus "$@" 2>&1 || echo "[$?]"; }
say explain step
say explain StepLR | head -3
say explain AdamWScheduleFree | head -2
say explain lr
say explain schedule
say explain linear_decay
say explain polynomial_decay
say spec schedule 'warmup(5%) > linear_decay'
say spec schedule 'sgdr(10ep)'
say spec schedule reduce_on_plateau
say explain sgdr | head -2
say explain cosin
say explain qwertz
say explain runs/mine
mkdir -p runs/mine && : > runs/mine/run.yaml
say explain runs/mina
say explain cosin --json
gradus explain linear_decay --json | python3 -c '
import json, sys
phrase, = json.load(sys.stdin)
print(*phrase, *phrase["readings"][0].values(), sep=", ")'
gradus explain warmup --json | python3 -c '
import json, sys
member, = json.load(sys.stdin)
print(member["family"], member["name"], [p["name"] for p in member["parameters"]])
print(member["parameters"][0])'

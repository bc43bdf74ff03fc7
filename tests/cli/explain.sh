# gradus explain: members by our name, by another framework's, by other texts'; settings; several families; nothing.
say() { echo "\$ gradus $*"; gradus "$@" 2>&1 || echo "[$?]"; }
say explain step
say explain StepLR | head -3
say explain lr
say explain schedule
say explain cosin
say explain qwertz
say explain cosin --json
gradus explain warmup --json | python3 -c '
import json, sys
member, = json.load(sys.stdin)
print(member["family"], member["name"], [p["name"] for p in member["parameters"]])
print(member["parameters"][0])'

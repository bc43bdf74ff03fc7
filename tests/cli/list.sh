# gradus list: a line for each member, made for grep, cut and jq; no header where stdout is no terminal.
gradus list schedule | grep '^cosine  *falls'
gradus list | cut -d' ' -f1 | grep -x -e schedule -e feedback
gradus list reason | head -2
gradus list shedule || echo "[$?]"
gradus list schedule --json | python3 -c '
import json, sys
members = json.load(sys.stdin)
print(all(m["family"] == "schedule" for m in members), sorted(members[0]))
print(sorted(members[0]["parameters"][0]))
cosine = next(m for m in members if m["name"] == "cosine")
print({p["name"]: p["like"] for p in cosine["parameters"]}["length"])'
# without a family: all of them
gradus list --json | python3 -c 'import json, sys; print(len({m["family"] for m in json.load(sys.stdin)}) > 1)'

# A reader that goes away is no mistake, a full disk is one; colour and width as the environment says.
gradus list --json | head -1
(gradus list --json; echo "[$?]" >&2) 2>status | true
cat status
gradus list > /dev/full || echo "[$?]"
gradus spec schedule cosin --color always 2>&1 | cat -v | head -3 || true
NO_COLOR=1 gradus spec schedule cosin 2>&1 | cat -v | head -1 || true
COLUMNS=60 gradus explain step | head -4
COLUMNS=40 gradus explain adamw | sed -n '/beta2  /,/epsilon  /p'
LC_ALL=C gradus spec value '["日本語", ~' 2>&1 | tail -1 || true
# on a terminal: a header, and colour where TERM knows it
python3 -c 'import os, pty, sys
os.environ["TERM"] = "xterm"
pty.spawn(["gradus", "list", "stop"])
pty.spawn(["gradus", "explain", "cosin"])' < /dev/null | tr -d '\r' | cat -v | sed -n '/what it does/p; /explain/p'

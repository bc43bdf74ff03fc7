# What gradus says of itself: the verbs, one verb, the version; the same by option and by command.
say() { echo "\$ gradus $*"; gradus "$@" || echo "[$?]"; }
say help list
gradus list --help > a; gradus help list | diff - a
say --version
say --version --json
say help help --json
say help lisst 2>&1
say 2>&1 | head -2
# prose is laid out for the terminal: nothing is printed here
for verb in $(gradus help --json | sed -n 's/^    "name": "\(.*\)",/\1/p'); do gradus $verb --help | sed '/^$/q' | awk 'length > 80'; done
gradus | awk 'length > 80'

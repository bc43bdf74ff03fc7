# tools/deps: silent and quick where nothing is missing, a reason for each package, names where it cannot install.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "$1"; exit 1; }

tools/deps --list | awk 'NF < 4 || $1 !~ /^(build|test|test-long)$/ { print "no reason given:", $0; bad = 1 } END { exit bad || NR < 10 }'

mkdir "$folder/bin"
for command in sh cat id; do ln -s "$(command -v $command)" "$folder/bin"; done
PATH=$folder/bin tools/deps build >"$folder/out" 2>"$folder/err" || fail "a system without apt-get: status $?"
[ ! -s "$folder/out" ] || fail "a list of what is missing is no result"
grep -q '^  cmake  *builds the libraries' "$folder/err" || fail "a system without apt-get is not told what is missing"

for command in make cc cmake ninja pkg-config; do printf '#!/bin/sh\n' >"$folder/bin/$command"; chmod +x "$folder/bin/$command"; done
printf '#!/bin/sh\necho "$@" >>%s/apt\n' "$folder" >"$folder/bin/apt-get"
chmod +x "$folder/bin/apt-get"
ln -s "$(command -v env)" "$folder/bin"
printf '#!/bin/sh\n"$@"\n' >"$folder/bin/sudo"
chmod +x "$folder/bin/sudo"
PATH=$folder/bin tools/deps build 2>"$folder/err" || fail "status $? where apt-get can install"
[ -s "$folder/err" ] || [ ! -e "$folder/apt" ] || fail "installed without a word"
PATH=$folder/bin tools/deps test 2>"$folder/err"
grep -q 'install.* clang-format' "$folder/apt" || fail "what is missing was not installed"
grep -q 'update' "$folder/apt" || fail "installed without lists of packages"

# tests/cli/run itself: it must fail where a script does not do what its expectation files say, and only there.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bad=0
expect() { # expect STATUS NAME: what the runner must answer for the script NAME
    tests/cli/run "$folder/$2.sh" >"$folder/said" 2>&1
    status=$?
    [ $status = "$1" ] || { echo "$2: the runner ended with $status, expected $1"; cat "$folder/said"; bad=1; }
}
script() { printf '%s\n' "$2" >"$folder/$1.sh"; }
says() { printf '%b' "$2" >"$folder/$1"; }

script silent 'true';                      expect 0 silent
script speaks 'echo hello';                expect 1 speaks
says speaks.sh.stdout 'hello\n';           expect 0 speaks
says speaks.sh.stdout 'hello';             expect 1 speaks
says speaks.sh.stdout 'hello \n';          expect 1 speaks
script complains 'echo no >&2';            expect 1 complains
says complains.sh.stderr 'no\n';           expect 0 complains
script fails 'false; true';                expect 1 fails
says fails.sh.exit '1\n';                  expect 0 fails
says fails.sh.exit '2\n';                  expect 1 fails
script skipped 'exit 77';                  expect 77 skipped
script empty 'test -z "$(ls -A)" && test "$HOME" = "$PWD"'; expect 0 empty
script input 'cat';                        expect 0 input
script lines 'printf "one 1\ntwo [2]\nthree\n"'
says lines.sh.stdout.glob 'one *\n...\n';  expect 0 lines
says lines.sh.stdout.glob '...\nthree\n';  expect 0 lines
says lines.sh.stdout.glob '...\ntwo [2]\n...\nthree\n...\n'; expect 0 lines
says lines.sh.stdout.glob 'one\n...\n';    expect 1 lines
says lines.sh.stdout.glob 'one *\n';       expect 1 lines
says lines.sh.stdout.glob '...\ntwo 2\n...\n'; expect 1 lines
says lines.sh.stdout.glob '...\nfour\n';   expect 1 lines

script changed 'echo new; exit 3'
says changed.sh.stdout 'old\n'
tests/cli/run --rewrite "$folder/changed.sh" >/dev/null
[ "$(cat "$folder/changed.sh.stdout" "$folder/changed.sh.exit")" = "$(printf 'new\n3')" ] || { echo "--rewrite did not"; bad=1; }
expect 0 changed
exit $bad

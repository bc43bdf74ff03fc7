# libgradus as two files: they compile with one plain line and no OpenMP, C++ takes the header, and a program made with them prints what it
# prints with the library.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tools/amalgamate "$folder/gradus"
cd "$folder"
ln -s gradus/gradus.h gradus/gradus.c .
${CC:-cc} -O0 -c gradus.c
names=$(nm --defined-only --extern-only gradus.o | awk '$NF !~ /^gradus_/')
[ -z "$names" ] || { echo "names outside gradus_: $names"; exit 1; }
printf '#include "gradus.h"\nint main() { return gradus_version() != GRADUS_VERSION; }\n' >alone.cc
! command -v c++ >/dev/null 2>&1 || c++ -std=c++11 -Wall -Wextra -Werror -I. alone.cc gradus.o -lm -o alone
for example in mlp averages schedule; do
    ${CC:-cc} -I. "$OLDPWD/examples/$example.c" gradus.o -lm -o "$example"
    ./"$example" >ours
    (cd "$OLDPWD" && "$GRADUS_BUILD/examples/example_$example") >theirs
    cmp ours theirs
done

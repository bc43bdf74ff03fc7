# The embeddable core compiles with one plain line and asks nothing of its host but memory and mathematics:
# no FILE, no clock, no exit, no state of its own, no name outside gradus_.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ln -s "$PWD/src" "$PWD/include" "$folder"
cd "$folder"
bad=0
complain() { # complain TITLE LINES: says what must not be there
    [ -z "$2" ] && return
    printf '%s:\n%s\n' "$1" "$2"
    bad=1
}

${CC:-cc} -O2 -Iinclude -c src/base/*.c src/rate/*.c src/optim/*.c
complain "two files of the core have the same name" "$(ls src/base src/rate src/optim | sort | grep '\.c$' | uniq -d)"

# What the core may call; everything else is an error. strtod, printf, qsort and others are missing on purpose: they follow
# the locale, write, or allocate; sincos is what gcc makes of a sine and a cosine. A failed assert may end the program of a developer, so a release (NDEBUG) has none.
allowed='^(gradus_.*|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail'
allowed="$allowed"'|mem(cpy|move|set|cmp|chr)|str(len|cmp|ncmp|chr|rchr|str|spn|cspn|pbrk)|(__)?v?snprintf(_chk)?'
allowed="$allowed"'|malloc|free|aligned_alloc|f?(abs|max|min|ma|mod)f?|(a?(sin|cos|tan)h?|sincos|atan2|sqrt|cbrt|hypot|pow|exp|exp2|expm1|log|log2|log10|log1p'
allowed="$allowed"'|floor|ceil|trunc|round|rint|nearbyint|l?lrint|l?lround|ldexp|frexp|modf|nextafter|copysign|erfc?|[lt]gamma|remainder|scalbn|ilogb|logb)f?)$'
called() { nm -A --undefined-only ./*.o | awk '{ sub(/^\.\//, "", $1); sub(/:.*/, "", $1); print $1, $NF }'; }
foreign() { called | awk -v allowed="$allowed" '$2 !~ allowed'; }

complain "the core calls what it must not" "$(foreign | grep -v ' __assert_fail$' | grep -v '^cpu.o getenv$' || true)"
complain "the core has names outside gradus_" "$(nm -A --defined-only --extern-only ./*.o | awk '$NF !~ /^gradus_/')"
complain "the core has state of its own" "$(for object in ./*.o; do
    size -A "$object" | awk -v object="$object" '$1 ~ /^(\.data|\.data\.rel|\.data\.rel\.local|\.bss|\.tdata|\.tbss)$/ && $2 > 0 { print object, $1, $2 }'
    nm "$object" | awk -v object="$object" '$(NF - 1) == "C" { print object, $NF }'
done)"

${CC:-cc} -DNDEBUG -Wall -Wextra -Werror -Iinclude -fsyntax-only src/base/*.c src/rate/*.c src/optim/*.c || bad=1 # a release

for header in include/gradus/*.h; do # each header stands on its own, in C and in C++
    printf '#include "%s"\n' "${header#include/}" >alone.c
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror -pedantic -Iinclude -fsyntax-only alone.c || bad=1
    if command -v c++ >/dev/null 2>&1; then
        c++ -std=c++11 -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c++ alone.c || bad=1
    fi
done
exit $bad

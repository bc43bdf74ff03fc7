# The embeddable core compiles with one plain line and asks nothing of its host but memory and mathematics:
# no FILE, no clock, no exit, no state of its own, no name outside gradus_.
set -eu
. tests/house/intrinsics
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
library=$(realpath "${GRADUS_BUILD:-build}/libgradus.a")
ln -s "$PWD/src" "$PWD/include" "$folder"
cd "$folder"
sources=$(ls src/base/*.c src/rate/*.c src/optim/*.c)
bad=0
complain() { # complain TITLE LINES: says what must not be there
    [ -z "$2" ] && return
    printf '%s:\n%s\n' "$1" "$2"
    bad=1
}
naming() { grep -lwE "$@" || true; } # naming WORDS FILES: those that one of the words stands in
compile() { # compile FLAGS...: the sources that it reads, some at a time
    xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 8 "${CC:-cc}" -Iinclude "$@"
}

# The plain line is `cc -O2 -Iinclude -c` and all sources: no dialect, no definition, no OpenMP. Whether a compiler takes it is seen without
# code being made. A release (NDEBUG) has no warnings either.
once=$(read_once once ${CC:-cc} -O2)
echo "$sources" | compile -O2 $once -DNDEBUG -Wall -Wextra -Werror -fsyntax-only || bad=1
naming 'assert|NDEBUG' $sources | compile -O2 -fsyntax-only || bad=1

complain "what is looked for in sources only stands in a header" \
    "$(naming 'assert|NDEBUG|_OPENMP|omp' src/base/*.h src/rate/*.h src/optim/*.h include/gradus/*.h)"

# What it makes is what the library holds, but for what asks for OpenMP. A file with a pragma for it that is not found here calls GOMP_ below.
mkdir objects
(cd objects && ar x "$library")
complain "the library is not made of these sources, each with a name of its own" \
    "$( (ar t "$library" | sed 's/\.o$//'; echo "$sources" | sed 's|.*/||') | sort | uniq -c | awk '$1 != 2')"
for source in $(naming '_OPENMP|omp' $sources); do
    ${CC:-cc} -O2 -Iinclude -c "$source" -o "objects/${source##*/}.o"
done
cd objects

# What the core may call; everything else is an error. strtod, printf, qsort and others are missing on purpose: they follow
# the locale, write, or allocate; sincos is what gcc makes of a sine and a cosine. A failed assert may end the program of a developer, so a release (NDEBUG) has none.
allowed='^(gradus_.*|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail'
allowed="$allowed"'|mem(cpy|move|set|cmp|chr)|str(len|cmp|ncmp|chr|rchr|str|spn|cspn|pbrk)|(__)?v?snprintf(_chk)?'
allowed="$allowed"'|malloc|free|aligned_alloc|f?(abs|max|min|ma|mod)f?|(a?(sin|cos|tan)h?|sincos|atan2|sqrt|cbrt|hypot|pow|exp|exp2|expm1|log|log2|log10|log1p'
allowed="$allowed"'|floor|ceil|trunc|round|rint|nearbyint|l?lrint|l?lround|ldexp|frexp|modf|nextafter|copysign|erfc?|[lt]gamma|remainder|scalbn|ilogb|logb)f?)$'
called() { nm -A --undefined-only ./*.o | awk '{ sub(/^\.\//, "", $1); sub(/:.*/, "", $1); print $1, $NF }'; }
foreign() { called | awk -v allowed="$allowed" '$2 !~ allowed'; }

complain "the core calls what it must not" "$(foreign | grep -v ' __assert_fail$' | grep -v '^cpu.c.o getenv$' || true)"
complain "the core has names outside gradus_" "$(nm -A --defined-only --extern-only ./*.o | awk '$NF !~ /^gradus_/')"
complain "the core has state of its own" "$(
    size -A ./*.o | awk '/:$/ { object = $1 }
        $1 ~ /^(\.data|\.data\.rel|\.data\.rel\.local|\.bss|\.tdata|\.tbss)$/ && $2 > 0 { print object, $1, $2 }'
    nm -A ./*.o | awk '$(NF - 1) == "C"'
)"
cd ..

for header in include/gradus/*.h; do # each header stands on its own, in C and in C++
    printf '#include "%s"\n' "${header#include/}" >alone.c
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror -pedantic -Iinclude -fsyntax-only alone.c || bad=1
    if command -v c++ >/dev/null 2>&1; then
        c++ -std=c++11 -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c++ alone.c || bad=1
    fi
done
exit $bad

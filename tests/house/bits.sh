# Kernels give equal bits whatever the compiler, its level, its dialect and the processor: one hash from all builds.
set -eu
. tests/house/intrinsics
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
kernels=$(ls src/optim | grep -E '^(rule|average|gradient|matrix|storage|line|dense).*\.c$' | sed 's|^|src/optim/|')
sources="tests/optim/bits.c $kernels src/base/context.c src/base/cpu.c src/base/error.c src/base/random.c"
[ -e src/optim/rule_sgd.c ] || exit 77

build() { # build COMPILER FLAGS...: its hash goes to the list
    rm -f "$folder"/*.o
    once=$(read_once "$folder/$(echo "$*" | tr -d ' /')" "$@")
    for source in $sources; do echo "$source"; done |
        xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} sh -c \
            '"$@" '"$once"' -Iinclude -Itests/optim -c "$0" -o "'"$folder"'/$(echo "$0" | tr / _).o"' {} "$@"
    "$@" "$folder"/*.o -lm -o "$folder/bits"
}
own() { # the same of the library that the tests have, which needs no compiling
    ${CC:-cc} -Iinclude -Itests/optim tests/optim/bits.c "$GRADUS_BUILD/libgradus.a" -fopenmp -lm -o "$folder/bits"
}
record() { # record TITLE LAUNCHER...: runs what was built
    title=$1
    shift
    hash=$("$@" "$folder/bits" 2>"$folder/cases") || { echo "$title: $(cat "$folder/cases")"; exit 1; }
    echo "$hash  $title: $(cat "$folder/cases")" >>"$folder/all"
}

# The tests' own build and two that differ from it most, or, with GRADUS_LONG set as make test-long does, every compiler at every level.
each() { # each COMPILER FLAGS...: if it is there
    command -v "$1" >/dev/null || return 0
    build "$@"
    record "$*" env
}
native=
! grep -qw fma /proc/cpuinfo 2>/dev/null || native=-march=native # the machine that the compiler may fuse for
if [ -n "${GRADUS_BUILD-}" ]; then
    own
    record 'the library under test' env
fi
each clang -O0
each gcc -O3 $native
if [ -n "${GRADUS_LONG-}" ]; then
    for compiler in gcc clang; do
        for flags in -O0 -O2 -O3; do each $compiler $flags; done
        [ -z "$native" ] || each $compiler -O2 $native
    done
fi
if [ -n "${GRADUS_LONG-}" ] && command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null; then
    build aarch64-linux-gnu-gcc -O2 -static
    record 'aarch64 -O2, emulated' qemu-aarch64
fi
cat "$folder/all"
[ "$(cut -d' ' -f1 "$folder/all" | sort -u | wc -l)" = 1 ] || { echo "not all are equal"; exit 1; }

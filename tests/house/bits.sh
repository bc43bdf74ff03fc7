# Kernels give equal bits whatever the compiler, its level, its dialect and the processor: one hash from all builds.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
kernels=$(ls src/optim | grep -E '^(rule|average|gradient|matrix|storage).*\.c$' | sed 's|^|src/optim/|')
sources="tests/optim/bits.c $kernels src/base/context.c src/base/cpu.c src/base/error.c"
[ -e src/optim/rule_sgd.c ] || exit 77

build() { # build COMPILER FLAGS...: its hash goes to the list
    "$@" -Iinclude -Itests/optim $sources -lm -o "$folder/bits"
}
record() { # record TITLE LAUNCHER...: runs what was built
    title=$1
    shift
    hash=$("$@" "$folder/bits" 2>"$folder/cases") || { echo "$title: $(cat "$folder/cases")"; exit 1; }
    echo "$hash  $title: $(cat "$folder/cases")" >>"$folder/all"
}

for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    for flags in -O0 '-std=c11 -O2' -O3; do
        build $compiler $flags
        record "$compiler $flags" env
    done
    if grep -qw fma /proc/cpuinfo 2>/dev/null; then # the machine that the compiler may fuse for
        build $compiler -O2 -march=native
        record "$compiler -O2 -march=native" env
    fi
done
if command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null; then
    build aarch64-linux-gnu-gcc -O2 -static
    record 'aarch64 -O2, emulated' qemu-aarch64
fi
cat "$folder/all"
[ "$(cut -d' ' -f1 "$folder/all" | sort -u | wc -l)" = 1 ] || { echo "not all are equal"; exit 1; }

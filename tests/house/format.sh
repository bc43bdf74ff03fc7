# The code is laid out as .clang-format says. Only with the version that it was written for: others lay out differently.
command -v clang-format >/dev/null 2>&1 && git rev-parse --git-dir >/dev/null 2>&1 || exit 77
clang-format --version | grep -q ' version 14\.' || exit 77
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror

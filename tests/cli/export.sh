# gradus export: the model of a run as a file of its own, ONNX or safetensors.
say() { echo "\$ gradus $*"; gradus "$@" || echo "[$?]"; }
gradus train 'data=glyphs(count=600, test=100)' 'model=conv(4, 5) > relu > maxpool(2) > flatten > dense(10)' lr=0.01 updates=5 name=digits \
    --threads 1 --quiet

say export runs/digits digits.onnx
say export runs/digits digits.safetensors
cmp digits.safetensors runs/digits/model.safetensors
say export runs/digits ./digits.onnx --json
say export runs/digits digits.onnx --quiet

# the end of a name says what a file is; what is wrong leaves none behind
say export runs/digits digits.pt
say export runs/digits digits
say export runs/digits
say export runs/digit digits.onnx
say export runs/digits nowhere/digits.onnx
say export runs/digits runs/digits/model.safetensors
ln -s digits/model.safetensors runs/mine.safetensors
say export runs/digits runs/mine.safetensors
mkdir folder.onnx
say export runs/digits folder.onnx
ls

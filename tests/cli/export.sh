# gradus export: the model of a run as a file of its own, ONNX or safetensors.
say() { echo "\$ gradus $*"; gradus "$@" || echo "[$?]"; }
gradus train 'data=glyphs(count=600, test=100)' 'model=conv(4, 5) > relu > maxpool(2) > flatten > dense(10)' lr=0.01 updates=5 name=digits \
    --threads 1 --quiet

say export runs/digits digits.onnx
say export runs/digits digits.safetensors
cmp digits.safetensors runs/digits/model.safetensors
say export runs/digits ./digits.onnx --json | sed -E 's/[0-9]{5}/N/'
say export runs/digits digits.onnx --quiet

# smaller weights, and what they cost
say export runs/digits small.onnx --type int8 | sed -E 's/[0-9]\.[0-9]{4}/N/g'
say export runs/digits small.onnx --prune 50% | sed -E 's/[0-9]\.[0-9]{4}/N/g'
say export runs/digits small.safetensors --type bf16 --prune 0.5 | sed -E 's/[0-9]\.[0-9]{4}/N/g'
gradus export runs/digits small.onnx --type int8 --json | python3 -c 'import json, sys; print(*json.load(sys.stdin))'
say export runs/digits small.safetensors --type int8
say export runs/digits small.onnx --type bf16
say export runs/digits small.onnx --type int4
say export runs/digits small.onnx --prune half
say export runs/digits small.onnx --prune 100%
cp -r runs/digits runs/gone
sed -i 's/glyphs.*/csv(gone.csv, target=x)/' runs/gone/run.yaml
say export runs/gone small.onnx --type int8 2>&1 | sed 's|/.*/gone|gone|; s|, nor in .*||'

# how inputs come from what the file says, and what outputs mean in it
python3 -c 'print("rooms,colour,price"); [print(1 + 2 * (i % 2), ("red", "blue")[i // 2 % 2], 10 + 4 * (i % 2), sep=",") for i in range(64)]' >house.csv
gradus train 'data=csv(house.csv, target=price, test=none)' 'model=dense(1)' validation=none lr=0.01 updates=2 name=house --threads 1 --quiet
say export runs/house house.onnx
grep -ao '\[{"column.*"}\]' house.onnx
grep -ao '\[{"base.*}\]' house.onnx

# numbers in parts: from 1 to 2, from 2 to 4, from 4 to 7; a prediction goes the same way in each, on beyond the last
printf '%s\n' rooms,price 1,5.5 2,9 4,7 7,8 1,6 2,9 4,7 7,8 >parts.csv
gradus train 'data=csv(parts.csv, test=none, encode=piecewise, bins=4)' 'model=dense(1)' validation=none lr=0.01 updates=2 name=parts \
    --threads 1 --quiet
say export runs/parts parts.onnx --quiet
grep -ao '\[{"column.*}\]' parts.onnx
printf '%s\n' rooms 4 5 7 10 >other.csv
gradus predict runs/parts other.csv | python3 -c '
import sys
four, five, seven, ten = map(float, (line.split(",")[1] for line in list(sys.stdin)[-4:]))
print(seven != four, round((five - four) / (seven - four), 3), round((ten - four) / (seven - four), 3))'

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

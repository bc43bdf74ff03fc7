# A net that was trained on text writes: the same with the same seed, what it was given first, and the likeliest at temperature 0.
i=0
while [ $i -lt 400 ]; do printf 'tick tock '; i=$((i + 1)); done > clock.txt
gradus train data='text(clock.txt, context=20)' model='embedding(8) > gru(16) > dense(6)' lr=0.02 updates=150 batch=8 \
    optimizer=adam --quiet
gradus sample runs/clock --length 25 --temperature 0 --prompt 'tick t'
gradus sample runs/clock --length 40 --temperature 2 --seed 3 > a
gradus sample runs/clock --length 40 --temperature 2 --seed 3 > b
gradus sample runs/clock --length 40 --temperature 2 --seed 4 > c
cmp a b
if cmp -s a c; then echo 'the seed changes nothing'; fi
gradus sample runs/clock --prompt 'tick xylophone' || echo "[$?]"
gradus sample runs/clock --length many || echo "[$?]"
gradus sample runs/clock --length 1.5 || echo "[$?]"
gradus train data=glyphs updates=2 model='flatten > dense(10)' lr=0.1 --quiet
gradus sample runs/glyphs || echo "[$?]"

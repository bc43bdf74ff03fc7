# gradus schedule: pictures with a table of phases, numbers, files; shapes without a number, run files, and every mistake.
say() { echo "\$ gradus schedule $*"; gradus schedule "$@" 2>&1 || echo "[$?]"; }

# a picture and its phases; a shape needs no number; several, told apart by digits; lengths that ask for a run of their own
say 'warmup(5%) > cosine(to=1%)' lr=0.1 updates=1000
say cosine
say linear 'step(30ep, 0.1)' lr=0.1 epochs=90 updates_per_epoch=391
say 'step(30ep, 0.1)'
say 'warmup(500) > linear'
say 'warmup(500) > linear' updates=100
say 'exponential(0.1, 10%)' lr=0.5 epochs=20
say 'cosine(T_max=20, like=torch)' lr=0.1 updates=40
say 'CosineAnnealingLR(T_max=20)' updates=40
say 'cosine(T_max=20)' lr=0.1 updates=40 --like torch --at 20
say 'cosine(T_max=20)' lr=0.1 updates=40 like=torch --at 20
say 'cosine(T_max=20)' like=touch
say linear updates=1
say none 'constant(0)'
say linear lr=0.1 lr_min=0.02 lr_max=0.06 updates=10 --csv
say linear epochs=2 updates_per_epoch=3 --unit epoch

# any width, any locale, colour
COLUMNS=40 gradus schedule 'warmup(5%) > cosine(to=1%)' lr=0.1 updates=1000
LC_ALL=C gradus schedule linear 'polynomial(2)'
gradus schedule linear 'polynomial(2)' --color always | tail -4 | cat -v

# numbers
say linear updates=4 --csv
say linear 'polynomial(power=2, to=50%)' epochs=2 updates_per_epoch=2 --unit epoch --csv
say linear updates=100 --csv --every 25
say 'polynomial(2)' lr=0.01 updates=10000 --at 5000
say 'polynomial(2)' 'linear' --at 50%
say linear --at 10
say linear --csv --every 500
say 'step(30ep)' epochs=90 updates_per_epoch=391 --at 30ep --json
gradus schedule linear updates=1000000000000 --csv | head -2
gradus schedule 'hold(2) > linear' lr=0.1 updates=4 --json | python3 -c '
import json, sys
document = json.load(sys.stdin)
print({key: document[key] for key in document if key != "schedules"})
for schedule in document["schedules"]: print(schedule)'
gradus schedule linear updates=1000 --json --every 500 | tail -5

# files: whole, well-formed, and the picture stays on the screen
gradus schedule linear 'polynomial(2)' --quiet --svg "a & b.svg" --png two.png
python3 - <<'END2'
import pathlib, xml.etree.ElementTree as xml
root = xml.parse("a & b.svg").getroot()
space = "{http://www.w3.org/2000/svg}"
print(root.tag.replace(space, ""), root.get("viewBox"), len(root.findall(space + "path")))
print([text.text for text in root.iter(space + "text")][-2:])
print(pathlib.Path("two.png").read_bytes()[:8])
END2
ls
gradus schedule linear --svg one.svg | tail -1
python3 -c 'import xml.etree.ElementTree as xml; print(xml.parse("one.svg").getroot()[0].text)'

# run files: their own schedule, changed, beside others
printf 'data: nothing.csv\nschedule: warmup(10%%) > linear\nlr: 0.2\nepochs: 10\n' > run.yaml
say run.yaml
say run.yaml schedule.warmup.length=50% lr=auto epochs=none updates=20 --csv --every 10
say run.yaml constant updates_per_epoch=5 --csv --every 25
say run.yaml 'warmup(10 tokens) > linear' tokens_per_update=2 epochs=none updates=10 --csv --every 5
say run.yaml lr=-1
echo 'schedule: cosin' | gradus schedule - 2>&1 || echo "[$?]"
echo 'schedule: linear' | gradus schedule - | tail -1

# mistakes
say cosin
say 'warmup(5%) > cosin' --json
say linear 'hold > cosine'
say linear lrr=0.1
say linear learning_rate=0.1
say linear optimizer=adam
say linear lr=0
say linear lr=1 lr=2
say linear epochs=3 updates=4
say linear 'warmup(5%' lr=0.1
say lr=0.1
say
say linear --lr 0.1
say linear --sgv a
say linear --unit second
say linear --every 2
say linear --csv --every 1.5
say linear --csv --json
say linear --at -1
say linear --at soon
say linear --at 3ep
say linear epochs=3 --csv
say linear --unit epoch
say 'step(30)' epochs=3
say 'warmup(10 samples) > linear' updates=10
say 'warmup(10s) > linear(30s)' linear updates=100
say run.yaml other.yaml
say nothing.yaml
say linear --svg nowhere/a.svg
say linear --svg run.yaml/a.svg
say linear --quiet --svg /dev/full
say linear --png run.yaml/a.png
mkdir bin && ln -s "$(command -v gradus)" bin
PATH=$PWD/bin; say linear --quiet --png none.png; PATH=/usr/bin:/bin:$PATH
ls *.png
gradus schedule linear > /dev/full || echo "[$?]"
gradus schedule warmup > cosine || echo "[$?]" >&2

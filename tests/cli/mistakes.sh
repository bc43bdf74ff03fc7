# The mistakes that users make, and what the screen says: where, what, and what to do instead.
say() { echo "\$ gradus $*"; gradus "$@" 2>&1 || echo "[$?]"; }
file() { printf '%b' "$1" > run.yaml; }

file 'data: glyphs\nmodel: dense(10)\n\n\nschedule:  warmup(5%) > cosin\n'
say train run.yaml
file 'optimiser: adam\n'
say train run.yaml
file 'lr: auto\n'
say train run.yaml --lr 0.1
say train run.yaml --batch-size=32
say train run.yaml --optimizer.momentum 0.9
say trian run.yaml
say train rn.yaml
say train glyphs
say train data=none
printf 'a,b\n1,x\n2,y\n' > table.csv
say train table.csv
say train ''
say train data=glyphs 'augment=crop(99)'
mkdir -p photos/cat
say train data=photos
say train data=./photos/cat
rm -r photos table.csv
say train nowhere/run.yaml
say train /dev/zero
say train .
say train run.yaml run.yaml
file 'data: glyphs\nmodel: dense(10)\noptimizer: adam(lr=0.001)\n'
say train run.yaml
# a shell makes two arguments of braces
say train optimizer=sgd optimizer=adamw
file 'data: glyphs\nmodel: dense(10)\noptimizer: {sgd, adamw}\n'
say train run.yaml
file 'data: glyphs\nmodel: flatten >   # first\n       relu > dense(10)\n'
say train run.yaml
file 'lr: 0.1\ndata: glyphs\nlr: 0.2\n'
say train run.yaml
file 'data: glyphs\nmodel: conv(16, 5, pad=2) > maxpool(2) > dense(10)\n'
say train run.yaml --dry-run
file 'schedule: warmup(5%) > cosine\n'
say train run.yaml schedule.warmup=10%
say train run.yaml schedule.warmup.lenght=10%
say train run.yaml shedule=cosine
say train run.yaml momentum=0.9
say train run.yaml 'schedule=warmup(5%) > cosin'
say train run.yaml 'schedule=warmup(5%) > cosin' --json
file 'schedule: warmup(5%) > hold > cosine\n'
say train run.yaml
say train run.yaml --json
file 'schedule: warmup(2M tokens) > cosine\n'
say train run.yaml
file 'data: mnist\nmodel: dense(int(32, 512, log)) > relu > dense(10)\noptimizer: choice(sgd(momentum=uniform(0.8, 0.99)), adamw)\nlr: loguniform(1e-4, 1)\n'
say train run.yaml
# quotes forgotten: the shell took > for a file
gradus train schedule=warmup > cosine || echo "[$?]" >&2
gradus train lr=0.1 > relu || echo "[$?]" >&2
# a run file from a pipe
echo 'schedule: cosin' | gradus train - 2>&1 || echo "[$?]"
echo 'schedule: cosin' | gradus train - --json 2>&1 || echo "[$?]"
file 'data: glyphs\nmodel: dense(10, name=head)\nfeedback: plateau(patience=2, group=haed)\n'
say train run.yaml --dry-run
file 'data: glyphs\nmodel: dense(10)\nfeedback: guard(many=30, among=20)\n'
say train run.yaml --dry-run

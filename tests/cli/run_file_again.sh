# The copy of a run file that a run keeps trains from where it lies: its paths are those of the run, its name is the run's.
mkdir -p project/data elsewhere
python3 -c '
print("a,b,y")
for i in range(200): print(f"{i},{i % 5},{i - i % 5}")' > project/data/table.csv
cat > project/plan.yaml <<'END'
data:   csv(data/table.csv, target=y)
model:  dense(4) > relu > dense(1)
lr:     0.01
epochs: 2
END
here=$PWD
say() {
  echo "\$ gradus $*" | sed "s|$here|HERE|"
  gradus "$@" --threads 1 > out 2>&1 || echo "[$?]"
  grep -E '^(run|data|saved|gradus)' out | sed "s/, nor in .*/, nor elsewhere/; s/, [^,]*$//; s|$here|HERE|" || true
}

say train project/plan.yaml
say train runs/plan/run.yaml
cmp runs/plan/model.safetensors runs/plan-2/model.safetensors
cd elsewhere
say train ../runs/plan/run.yaml
cmp ../runs/plan/metrics.csv runs/plan/metrics.csv
cd ../runs/plan
say train run.yaml
cmp model.safetensors ../plan-3/model.safetensors
say train run.yaml --out "$here/others" epochs=1
gradus schedule run.yaml --json > schedule.json && echo "its schedule is drawn"
cd "$here"

# a copy that a run has kept is of that run
say train project/plan.yaml keep_every=1ep name=copied
say train runs/copied/kept/10/run.yaml
cd runs/copied/kept/20
say train run.yaml
cd "$here"

# what is called so in a folder that is no run is a run file like others
cp project/plan.yaml project/run.yaml
say train project/run.yaml

# what it began with, named in the file, is found too
cp -r runs/plan project/first
cat > project/tuned.yaml <<'END'
start_from: first
model:      dense(4) > relu > dense(1)
epochs:     1
lr:         0.001
END
say train project/tuned.yaml 'data=csv(project/data/table.csv, target=y)'
say train runs/tuned/run.yaml
cmp runs/tuned/model.safetensors runs/tuned-2/model.safetensors

# where the folder of the data is gone, the file's own is what is left
mv project moved
say train runs/plan/run.yaml
cp -r moved/data runs/plan/
say train runs/plan/run.yaml

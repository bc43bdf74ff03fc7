# Ctrl-C while the model is tested, which takes long here, is heard at once; whoever goes on with the run tests it and does nothing else.
cat > interrupt.py <<'END'
import json, pathlib, signal, subprocess, sys, time
settings = sys.argv[1:]
subprocess.run(["gradus", "train", "--quiet", *settings, "name=never"], check=True)
process = subprocess.Popen(["gradus", "train", *settings, "name=asked"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
def file(of, name): return pathlib.Path(f"runs/{of}/{name}")
def summary(of): return json.loads(file(of, "summary.json").read_text())
def rows(): return file("asked", "metrics.csv").read_text().count("\n") if file("asked", "metrics.csv").exists() else 0
while rows() < 2: time.sleep(0.01)
process.send_signal(signal.SIGINT)
print(process.stderr.read(), end="")
print("exit", process.wait())
print("status", summary("asked")["status"], "with a test" if summary("asked")["test"] else "without a test")
screen = subprocess.run(["gradus", "train", "--resume", "runs/asked"], check=True, stdout=subprocess.PIPE, text=True).stdout
print(*(line for line in screen.splitlines() if line.startswith("resumed")))
same = all(file("never", name).read_bytes() == file("asked", name).read_bytes() for name in ("model.safetensors", "metrics.csv", "decisions.jsonl"))
same = same and all(summary("never")[key] == summary("asked")[key] for key in ("status", "reason", "test"))
print("the same as never interrupted" if same else "another run")
END
python3 interrupt.py 'data=glyphs(count=200, test=4000)' 'model=conv(48, 5, pad=2) > relu > conv(48, 5, pad=2) > relu > maxpool(4) > flatten > dense(10)' batch=32 epochs=1 lr=0.003

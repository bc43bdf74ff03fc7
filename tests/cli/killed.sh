# The program, killed at random instants and gone on with each time, comes to the bytes of a run that was left alone.
cat > killed.py <<'END'
import os, pathlib, random, signal, subprocess, sys, time
settings, kills = sys.argv[1:], 50 if os.environ.get("GRADUS_LONG") else 8
files = "model.safetensors", "metrics.csv", "measures.csv", "decisions.jsonl"
lot = random.Random(1)
subprocess.run(["gradus", "train", "--quiet", *settings, "name=never"], check=True)
began = time.monotonic()
subprocess.run(["gradus", "train", "--quiet", *settings, "name=again"], check=True)
whole = time.monotonic() - began
killed = 0
for _ in range(20 * kills):
    run = pathlib.Path("runs/killed")
    begun = (run / "state-a").exists() or (run / "state-b").exists()
    words = ["--resume", str(run)] if begun else [*settings, "name=killed", "--overwrite"]
    process = subprocess.Popen(["gradus", "train", "--quiet", *words])
    if killed < kills:
        time.sleep(lot.uniform(0, 0.7 * whole))
        process.send_signal(signal.SIGKILL)
    status = process.wait()
    killed += status == -signal.SIGKILL
    if status == 0 and killed < kills:
        for file in run.iterdir(): file.unlink()
    elif status == 0:
        break
    elif status != -signal.SIGKILL:
        sys.exit(f"{words}: {status}")
print("killed often enough" if killed == kills else f"killed {killed} times")
for file in files:
    never, now = (pathlib.Path(f"runs/{name}/{file}").read_bytes() for name in ("never", "killed"))
    print(file, "is the same" if never == now else f"differs: {len(never)} and {len(now)} bytes")
END
python3 killed.py 'data=glyphs(count=1000, test=100)' \
    'model=conv(4, 3, pad=1) > batchnorm > relu > maxpool(4) > flatten > dense(10)' batch=32 epochs=12 lr=0.003 --threads 2

"""Exported nets in other programs: what ONNX Runtime and PyTorch make of them, beside gradus itself.

    bench/peers/exports [NAME ...]

Each net is trained for a few updates, so that nothing is any more what it began with, and exported. ONNX Runtime is asked about inputs
that `gradus predict` or `gradus evaluate` was asked about; a twin of PyTorch's modules loads the safetensors file by its names; and a
run begins with weights that PyTorch has written. Nothing may differ by more than 1e-5."""
import json, os, pathlib, subprocess, sys, tempfile
import numpy, onnx, onnxruntime, torch
from safetensors.torch import load_file, save_file
from torch import nn

GRADUS = os.environ.get("GRADUS", str(pathlib.Path(__file__).resolve().parents[2] / "build/gradus"))
TOLERANCE = 1e-5
ROW, PICTURE, CONTEXT, SYMBOLS, OUTPUTS = (13,), (3, 11, 10), 7, 6, 4

# Outputs are numbers that predict prints, of drawn inputs; `NAME: (shape of an example, model)`.
NUMBERS = {
    "dense": (ROW, "dense(9) > relu > dense(8, bias=false) > tanh > dense(4)"),
    "activations": (ROW, "dense(16) > leaky_relu(0.1) > dense(16) > elu(0.7) > dense(16) > gelu > dense(16) > silu > dense(16)"
                         " > hardswish > dense(16) > gelu(approximate=tanh) > dense(16) > sigmoid > dropout(0.3) > dense(4)"),
    "softmax": (PICTURE, "relu > softmax > dense(4)"),
    "flat": (PICTURE, "tanh > dense(6) > relu > dense(4)"),
    "conv": (PICTURE, "conv(18, 3, pad=1) > relu > maxpool(2) > conv(7, [3, 2], stride=[1, 2], pad=same) > tanh > flatten > dense(4)"),
    "norms": (PICTURE, "conv(20, 3, bias=false) > batchnorm > relu > layernorm > avgpool(3, stride=2, pad=1) > globalavgpool"
                       " > batchnorm(epsilon=0.1) > dense(9) > layernorm(bias=false) > relu > dense(4)"),
    "pools": (PICTURE, "maxpool(3, stride=2, pad=1) > avgpool([2, 3], stride=1) > batchnorm > flatten > dense(4)"),
    "residual": (PICTURE, "conv(16, 3, pad=1) > residual(conv(16, 3, pad=1) > batchnorm > relu > conv(16, 3, pad=1), activation=relu)"
                          " > residual(relu > conv(24, 3, stride=2, pad=1), shortcut=conv(24, 1, stride=2)) > globalavgpool > dense(4)"),
    "resnet": (PICTURE, "resnet(8, width=8)"),
    "dilated": (PICTURE, "conv(6, 3, dilation=2, groups=3, pad=2) > relu6 > conv(12, 3, groups=6) > mish > conv(8, [2, 3], dilation=[2, 1], pad=same)"
                         " > softplus(2) > flatten > dense(4)"),
    "ceiling": (PICTURE, "maxpool(4, stride=3, pad=1, ceil=true) > upsample([3, 2]) > avgpool([4, 3], ceil=true) > upsample(2, mode=bilinear)"
                         " > avgpool(3, stride=2, pad=1, ceil=true) > maxpool([1, 2], ceil=true) > flatten > dense(4)"),
    "branches": (PICTURE, "conv(16, 3, pad=1) > concat(identity, conv(8, 1) > relu, maxpool(3, stride=1, pad=1), conv(8, 3, pad=1))"
                          " > sum(conv(9, 1), conv(9, 3, pad=1) > tanh, conv(9, [1, 3], pad=[0, 1])) > prelu > groupnorm(3) > prelu(shared=true) > flatten"
                          " > concat(dense(8), sum(dense(3), dense(3) > relu), identity) > groupnorm(7) > prelu > dense(4)"),
    "tied": (ROW, "dense(13, name=a) > relu > dense(13, tie=a) > dense(13, tie=a, bias=false) > tanh > dense(4)"),
    "names": (ROW, "dense(5, name=output) > relu > dense(4, name=input) > flatten"),
}
# A symbol is told at each step; evaluate says the loss over windows that do not overlap.
TEXT = {
    "waves": "embedding(8) > position(kind=waves) > attention(2, bias=false, causal=true) > dense(6)",
    "transformer": "embedding(8) > position > residual(layernorm > attention(4, causal=true)) > residual(layernorm > dense(16) > gelu"
                   " > dense(8)) > layernorm > dense(6)",
    "rnn": "embedding(8) > rnn(5) > rnn(4, activation=relu, bidirectional=true) > dense(6)",
    "gru": "embedding(8) > gru(5, layers=2, bidirectional=true) > gru(4, bias=false) > dense(6)",
    "gpt": "gpt(2, width=8, heads=2)",
    "tied_table": "embedding(8, name=table) > groupnorm(2) > prelu > concat(identity, dense(8) > tanh, position) > dense(8) > dense(6, tie=table)",
    "lstm": "embedding(8) > lstm(5, layers=2) > dense(6)",
}
# A class is told of a whole text; only the twins say of what.
TEXTS = {
    "dots": "embedding(5) > dot > dense(4)",
    "attended": "embedding(8) > attention(2) > flatten > dense(4)",
    "rnn_last": "embedding(8) > rnn(5, activation=relu, last=true) > dense(4)",
    "gru_last": "embedding(8) > gru(5, layers=2, bidirectional=true, last=true) > dense(4)",
    "lstm_last": "embedding(8) > lstm(5, layers=2, bidirectional=true, last=true) > dense(4)",
}


class Recurrent(nn.Module):  # PyTorch's, under whose names the weights stand; `last`: the states after the whole sequence
    def __init__(self, kind, last, *arguments, **named):
        super().__init__()
        inside = kind(*arguments, batch_first=True, **named)
        for name, parameter in inside.named_parameters():
            self.register_parameter(name, parameter)
        self.inside, self.last = [inside], last

    def forward(self, x):
        inside = self.inside[0]
        steps, state = inside(x)
        state = state[0] if isinstance(state, tuple) else state
        return torch.cat(list(state[-2 if inside.bidirectional else -1:]), 1) if self.last else steps


class Attention(nn.MultiheadAttention):
    def __init__(self, width, heads, causal):
        super().__init__(width, heads, batch_first=True)
        self.causal = causal

    def forward(self, x):
        mask = torch.full((x.shape[1],) * 2, -torch.inf).triu(1) if self.causal else None
        return super().forward(x, x, x, attn_mask=mask, need_weights=False)[0]


class Position(nn.Module):
    def __init__(self, steps, width):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(steps, width))

    def forward(self, x):
        return x + self.weight


class Residual(nn.Module):
    def __init__(self, *body, shortcut=None, activation=None):
        super().__init__()
        self.body = nn.Sequential(*body)
        if shortcut:
            self.shortcut = nn.Sequential(shortcut)
        self.behind = activation or nn.Identity()

    def forward(self, x):
        return self.behind(self.body(x) + (self.shortcut(x) if hasattr(self, "shortcut") else x))


class Dots(nn.Module):
    def forward(self, x):
        first, second = torch.triu_indices(x.shape[1], x.shape[1], 1)
        return (x[:, first] * x[:, second]).sum(-1)


def conv(inputs, filters, size=3, **named):
    return nn.Conv2d(inputs, filters, size, **named)


TWINS = {
    "dense": lambda: [nn.Linear(13, 9), nn.ReLU(), nn.Linear(9, 8, bias=False), nn.Tanh(), nn.Linear(8, 4)],
    "pools": lambda: [nn.MaxPool2d(3, 2, 1), nn.AvgPool2d((2, 3), 1), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(45, 4)],
    "residual": lambda: [
        conv(3, 16, padding=1),
        Residual(conv(16, 16, padding=1), nn.BatchNorm2d(16), nn.ReLU(), conv(16, 16, padding=1), activation=nn.ReLU()),
        Residual(nn.ReLU(), conv(16, 24, stride=2, padding=1), shortcut=conv(16, 24, 1, stride=2)),
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Linear(24, 4)],
    "transformer": lambda: [
        nn.Embedding(6, 8), Position(7, 8), Residual(nn.LayerNorm(8), Attention(8, 4, True)),
        Residual(nn.LayerNorm(8), nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8)), nn.LayerNorm(8), nn.Linear(8, 6)],
    "lstm": lambda: [nn.Embedding(6, 8), Recurrent(nn.LSTM, False, 8, 5, 2), nn.Linear(5, 6)],
    "dots": lambda: [nn.Embedding(8, 5), Dots(), nn.Linear(21, 4)],
    "attended": lambda: [nn.Embedding(8, 8), Attention(8, 2, False), nn.Flatten(), nn.Linear(56, 4)],
    "rnn_last": lambda: [nn.Embedding(8, 8), Recurrent(nn.RNN, True, 8, 5, nonlinearity="relu"), nn.Linear(5, 4)],
    "gru_last": lambda: [nn.Embedding(8, 8), Recurrent(nn.GRU, True, 8, 5, 2, bidirectional=True), nn.Linear(10, 4)],
    "lstm_last": lambda: [nn.Embedding(8, 8), Recurrent(nn.LSTM, True, 8, 5, 2, bidirectional=True), nn.Linear(10, 4)],
}


def gradus(*words):
    result = subprocess.run([GRADUS, *words], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"gradus {' '.join(words)}\n{result.stderr}")
    return result.stdout


def train(name, data, model, updates=20, lr=0.003, start_from="none", loss=None):
    gradus("train", f"data={data}", f"model={model}", *([f"loss={loss}"] if loss else []), f"updates={updates}", f"lr={lr}", "batch=20", f"start_from={start_from}",
           f"name={name}", "--quiet", "--overwrite")


class Exported:
    def __init__(self, name):
        gradus("export", f"runs/{name}", f"{name}.onnx", "--quiet")
        gradus("export", f"runs/{name}", f"{name}.safetensors", "--quiet")
        onnx.checker.check_model(f"{name}.onnx", full_check=True)
        self.session = onnxruntime.InferenceSession(f"{name}.onnx", providers=["CPUExecutionProvider"])
        self.metadata = self.session.get_modelmeta().custom_metadata_map

    def __call__(self, inputs):
        return self.session.run(["output"], {"input": inputs})[0]


worst = {}


def compare(name, what, theirs, ours):
    theirs, ours = numpy.asarray(theirs, dtype=float), numpy.asarray(ours, dtype=float)
    if theirs.shape != ours.shape:
        sys.exit(f"{name}: {what} gives {theirs.shape}, not {ours.shape}")
    difference = numpy.abs(theirs - ours).max()
    worst.setdefault(name, []).append(f"{what} {difference:.1e}")
    if not difference <= TOLERANCE:
        sys.exit(f"{name}: {what} differs by {difference}")


def rounded(name, made, inputs):
    """What ONNX Runtime makes of weights of int8, and PyTorch of the same, as numbers."""
    gradus("export", f"runs/{name}", "int8.onnx", "--type", "int8", "--quiet")
    onnx.checker.check_model("int8.onnx", full_check=True)
    tensors = {one.name: torch.from_numpy(onnx.numpy_helper.to_array(one).copy()) for one in onnx.load("int8.onnx").graph.initializer}
    for key in [key for key in tensors if key.endswith(".int8")]:
        scale = tensors[key[:-4] + "scale"]
        tensors[key[:-5]] = tensors[key] * scale.reshape(-1, *[1] * (tensors[key].dim() - 1))
    made.load_state_dict({**made.state_dict(), **{key: tensors[key] for key in made.state_dict() if key in tensors}})
    outputs = made(torch.from_numpy(inputs)).detach()
    session = onnxruntime.InferenceSession("int8.onnx", providers=["CPUExecutionProvider"])
    return session.run(["output"], {"input": inputs})[0], outputs if name in NUMBERS else outputs.softmax(-1)


def twin(name, exported, inputs):
    """PyTorch's modules with these weights, and a run that begins with others of PyTorch's."""
    made = nn.Sequential(*TWINS[name]())
    kept = load_file(f"{name}.safetensors")
    missing = made.load_state_dict(kept, strict=False)
    if missing.unexpected_keys or [key for key in missing.missing_keys if not key.endswith("num_batches_tracked")]:
        sys.exit(f"{name}: {missing}")
    outputs = made.eval()(torch.from_numpy(inputs)).detach()
    compare(name, "PyTorch", outputs if name in NUMBERS else outputs.softmax(-1), exported(inputs))
    compare(name, "int8", *rounded(name, made, inputs))
    fresh = {key: value.contiguous() for key, value in nn.Sequential(*TWINS[name]()).state_dict().items()}
    save_file(fresh, "torch.safetensors")
    return fresh


def start(name, fresh, data, model):
    """An update at a rate of nothing leaves the weights as they came; running statistics go their way."""
    train("started", data, model, updates=1, lr=1e-35, start_from="torch.safetensors")
    gradus("export", "runs/started", "started.safetensors", "--quiet")
    for key, value in load_file("started.safetensors").items():
        if "running" not in key and (value - fresh[key]).abs().max() > 1e-30:
            sys.exit(f"{name}: start_from changes {key}")


def numbers(name, draw):
    shape, model = NUMBERS[name]
    x = draw.normal(size=(200, *shape)).astype("f4")
    numpy.save("x.npy", x)
    numpy.save("y.npy", draw.normal(size=(200, OUTPUTS)).astype("f4"))
    numpy.save("new.npy", x[:9])
    data = "npy(x.npy, targets=y.npy, target_scale=none)"
    train(name, data, model)
    rows = [row.split(",")[1:] for row in gradus("predict", f"runs/{name}", "new.npy").splitlines()[1:]]
    exported = Exported(name)
    compare(name, "ONNX Runtime", exported(x[:9]), rows)
    compare(name, "one alone", exported(x[:1]), rows[:1])
    if name in TWINS:
        start(name, twin(name, exported, x), data, model)


def text(name, draw):
    said = "".join(draw.choice(list("abcde\n"), size=2000, p=[0.3, 0.3, 0.1, 0.1, 0.1, 0.1]))
    pathlib.Path("said.txt").write_text(said)
    data = f"text(said.txt, context={CONTEXT}, test=20%)"
    train(name, data, TEXT[name])
    exported = Exported(name)
    number = {symbol: i for i, symbol in enumerate(json.loads(exported.metadata["classes"]))}
    part = numpy.array([number[symbol] for symbol in said[-400:]])
    places = numpy.arange(0, 400 - CONTEXT, CONTEXT)[:, None] + numpy.arange(CONTEXT)
    probabilities = numpy.take_along_axis(exported(part[places]), part[places + 1][..., None], 2)
    loss = json.loads(gradus("evaluate", f"runs/{name}", "--json"))["metrics"]["loss"]
    compare(name, "ONNX Runtime", -numpy.log(probabilities).mean(), loss)
    if name in TWINS:
        start(name, twin(name, exported, part[places]), data, TEXT[name])


def texts(name, draw):
    words = ["ash", "bay", "elm", "fir", "oak", "yew"]
    lines = ["\t".join((str(draw.integers(4)), " ".join(draw.choice(words, size=9)))) for _ in range(200)]
    pathlib.Path("lines.txt").write_text("\n".join(lines) + "\n")
    data = f"text_classes(lines.txt, length={CONTEXT})"
    train(name, data, TEXTS[name])
    start(name, twin(name, Exported(name), draw.integers(8, size=(9, CONTEXT))), data, TEXTS[name])


def outputs(name, draw):
    """Several outputs, each of the graph's own by its name."""
    x, kind = draw.normal(size=(200, 5)).astype("f4"), draw.choice(["ash", "bay", "elm"], size=200)
    rows = [",".join([*map(str, row), which, str(size), str(yes)])
            for row, which, size, yes in zip(x, kind, draw.normal(size=200), draw.integers(2, size=200))]
    pathlib.Path("both.csv").write_text("\n".join(["a,b,c,d,e,kind,size,yes", *rows]) + "\n")
    pathlib.Path("new.csv").write_text("\n".join(["a,b,c,d,e", *(",".join(map(str, row)) for row in x[:9])]) + "\n")
    data = "csv(both.csv, target=[kind, size, yes], scale=none, target_scale=none)"
    train(name, data, "dense(9) > relu > outputs(size=dense(1), yes=dense(1), kind=tanh > dense(3))", loss=
          "sum(mean_squared(output=size), binary_cross_entropy(output=yes), cross_entropy(output=kind), balance=uncertainty)")
    exported, found = Exported(name), {}
    for key in ("size", "yes", "kind"):
        found[key] = exported.session.run([key], {"input": x[:9]})[0]
    lines = [row.split(",") for row in gradus("predict", f"runs/{name}", "new.csv").splitlines()]
    said = {column: [row[i] for row in lines[1:]] for i, column in enumerate(lines[0])}
    compare(name, "size", found["size"][:, 0], said["size_value"])
    yes = found["yes"][:, 0]
    compare(name, "yes", numpy.round(numpy.where(yes > 0.5, yes, 1 - yes), 5), said["yes_probability"])
    compare(name, "kind", numpy.round(found["kind"].max(1), 5), said["kind_probability"])
    names = json.loads(exported.metadata["classes"])
    if [names["kind"][i] for i in found["kind"].argmax(1)] != said["kind_label"]:
        sys.exit(f"{name}: other classes")


OUTPUTS_APART = {"outputs": None}


def main():
    torch.manual_seed(1)
    os.environ["GRADUS_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for nets, check in ((NUMBERS, numbers), (TEXT, text), (TEXTS, texts), (OUTPUTS_APART, outputs)):
            for name in nets:
                if not sys.argv[1:] or name in sys.argv[1:]:
                    check(name, numpy.random.default_rng(1))
                    print(f"{name:12} {', '.join(worst[name])}", flush=True)


main()

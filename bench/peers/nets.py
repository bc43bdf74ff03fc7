"""Whole training updates of six nets, ours and PyTorch's, in turns, with one thread and with all; data in memory on both sides.

Each side's figure is the fastest of many windows of a few milliseconds. PyTorch is given its default form, its fused optimizer, and
for the convolutional nets their channels-last order. At last an epoch as users write it: MNIST, shuffled, with a DataLoader, against
`gradus train`; that needs MNIST (GRADUS_DATA)."""
import gzip, os, subprocess, sys, tempfile, time
import numpy, torch
from torch import nn

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 6
NAMES = sys.argv[2:] or ["mlp-adam", "mlp-sgd", "cnn-adam", "lstm-adam", "transformer-adamw", "resnet20-sgd"]
WINDOW, VISIT, BATCH = 0.004, 0.15, 64
STEPS, SEQUENCES, SYMBOLS = 64, 12, 65  # of the nets of text, as in bench/nets.c


def mlp(width):
    return nn.Sequential(nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 10))


def cnn():
    return nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(16, 32, 5, padding=2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(1568, 10))


def convolution(channels, filters, size, stride):
    return nn.Sequential(nn.Conv2d(channels, filters, size, stride, size // 2, bias=False), nn.BatchNorm2d(filters))


class Residual(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.body = nn.Sequential(convolution(channels, filters, 3, stride), nn.ReLU(), convolution(filters, filters, 3, 1))
        self.shortcut = convolution(channels, filters, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        return nn.functional.relu(self.body(x) + self.shortcut(x))


def resnet20():
    widths = [16] * 4 + [32] * 3 + [64] * 3
    blocks = [Residual(before, width, 1 if before == width else 2) for before, width in zip(widths, widths[1:])]
    return nn.Sequential(convolution(3, 16, 3, 1), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.lstm, self.head = nn.Embedding(SYMBOLS, 64), nn.LSTM(64, 128, batch_first=True), nn.Linear(128, SYMBOLS)

    def forward(self, symbols):
        return self.head(self.lstm(self.embedding(symbols))[0]).flatten(0, 1)


class Block(nn.Module):
    def __init__(self, width=128, heads=4):
        super().__init__()
        self.heads, self.before, self.behind = heads, nn.LayerNorm(width), nn.LayerNorm(width)
        self.enter, self.leave = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.body = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        count, steps, width = x.shape
        parts = self.enter(self.before(x)).view(count, steps, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=True)
        x = x + self.leave(seen.transpose(1, 2).reshape(count, steps, width))
        return x + self.body(self.behind(x))


class Transformer(nn.Module):
    def __init__(self, width=128):
        super().__init__()
        self.embedding, self.position = nn.Embedding(SYMBOLS, width), nn.Parameter(torch.randn(STEPS, width))
        self.blocks = nn.Sequential(*(Block(width) for _ in range(4)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, SYMBOLS)

    def forward(self, symbols):
        return self.head(self.norm(self.blocks(self.embedding(symbols) + self.position))).flatten(0, 1)


def adam(model, **options):
    return torch.optim.Adam(model.parameters(), lr=1e-3, **options)


def adamw(model, **options):
    return torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1, **options)


def sgd(model, **options):
    return torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, **options)


class Ours:
    def __init__(self, name, threads):
        self.process = subprocess.Popen(["build/bench/nets", "serve", name, str(threads)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def visit(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Theirs:
    def __init__(self, model, optimizer, shape, order=torch.contiguous_format, batch=BATCH):
        self.model = model.to(memory_format=order)
        self.optimizer = optimizer(self.model)
        batches = torch.randint(SYMBOLS, (8, SEQUENCES, STEPS)) if shape is None else torch.rand(8, batch, *shape)
        self.inputs = [batch.to(memory_format=order) if batch.dim() == 4 else batch for batch in batches]
        self.classes = torch.arange(SEQUENCES * STEPS if shape is None else batch) % 10
        self.loss, self.updates = nn.CrossEntropyLoss(), 0

    def update(self):
        self.optimizer.zero_grad()
        self.loss(self.model(self.inputs[self.updates % 8]), self.classes).backward()
        self.optimizer.step()
        self.updates += 1

    def visit(self):
        best, end = 1e9, time.perf_counter() + VISIT
        while time.perf_counter() < end:
            start, count = time.perf_counter(), 0
            while time.perf_counter() < start + WINDOW:
                self.update()
                count += 1
            best = min(best, (time.perf_counter() - start) / count)
        return 1e3 * best


TEXT = {"lstm-adam": (Lstm, adam), "transformer-adamw": (Transformer, adamw)}


def forms(name):
    if name == "cnn-adam":
        return {"default": Theirs(cnn(), adam, (1, 28, 28)),
                "fused": Theirs(cnn(), lambda m: adam(m, fused=True), (1, 28, 28)),
                "channels_last": Theirs(cnn(), adam, (1, 28, 28), torch.channels_last)}
    if name == "resnet20-sgd":
        orders = {"default": torch.contiguous_format, "channels_last": torch.channels_last}
        return {form: Theirs(resnet20(), sgd, (3, 32, 32), order, 128) for form, order in orders.items()}
    if name in TEXT:
        net, rule = TEXT[name]
        return {"default": Theirs(net(), rule, None), "fused": Theirs(net(), lambda m: rule(m, fused=True), None)}
    width, rule = (256, adam) if name == "mlp-adam" else (128, sgd)
    return {"default": Theirs(mlp(width), rule, (784,)),
            "fused": Theirs(mlp(width), lambda m: rule(m, fused=True), (784,))}


def compare(name, threads):
    torch.set_num_threads(threads)
    ours, theirs, best = Ours(name, threads), forms(name), {}
    for _ in range(ROUNDS):
        for form, side in {**theirs, "ours": ours}.items():
            best[form] = min(best.get(form, 1e9), side.visit())
    ours.close()
    print(f"{name:17} {threads} thread{'s' if threads > 1 else ' '} {best['ours']:8.3f} ms an update", end="")
    for form in theirs:
        print(f"   {best[form] / best['ours']:5.2f} times PyTorch {form} ({best[form]:.3f})", end="")
    print(flush=True)


# ---- an epoch as users write it ----

class Mnist(torch.utils.data.Dataset):
    def __init__(self, folder):
        read = lambda name, skip: numpy.frombuffer(gzip.open(f"{folder}/mnist/{name}").read()[skip:], numpy.uint8)
        self.images = torch.tensor(read("train-images-idx3-ubyte.gz", 16)).reshape(-1, 784)
        self.labels = torch.tensor(read("train-labels-idx1-ubyte.gz", 8)).long()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.images[index].float() / 255, self.labels[index]


def their_epoch(data):
    model = mlp(256)
    optimizer, loss, start = adam(model), nn.CrossEntropyLoss(), time.perf_counter()
    for inputs, classes in torch.utils.data.DataLoader(data, batch_size=BATCH, shuffle=True):
        optimizer.zero_grad()
        loss(model(inputs), classes).backward()
        optimizer.step()
    return time.perf_counter() - start


def our_epoch(threads, folder):
    command = ["build/gradus", "train", "data=mnist", "model=dense(256) > relu > dense(10)", "optimizer=adam", "lr=0.001",
               "validation=none", "epochs=2", "--threads", str(threads), "--out", folder, "--overwrite", "--quiet"]
    subprocess.run(command, check=True)
    with open(f"{folder}/mnist/timing.csv") as file:
        speeds = [float(line.split(",")[2]) for line in file.read().split("\n")[1:] if line]
    return 60000 / max(speeds)


def compare_epochs(threads):
    torch.set_num_threads(threads)
    data, ours, theirs = Mnist(os.environ["GRADUS_DATA"].split(":")[0]), 1e9, 1e9
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(max(1, ROUNDS // 3)):
            theirs, ours = min(theirs, their_epoch(data)), min(ours, our_epoch(threads, folder))
    print(f"an epoch          {threads} thread{'s' if threads > 1 else ' '} {ours:8.3f} s              {theirs / ours:5.2f} times PyTorch with "
          f"its DataLoader ({theirs:.3f})", flush=True)


for threads in sorted({1, os.cpu_count()}):
    for name in NAMES:
        compare(name, threads)
    if not sys.argv[2:] and os.environ.get("GRADUS_DATA"):
        compare_epochs(threads)

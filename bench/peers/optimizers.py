"""The update of given gradients, ours (build/libgradus.so) and PyTorch's, on the same tensors, in turns, with one thread and with all.

One tensor of many millions of values, and 2000 tensors of 256. Each figure is the fastest of all rounds; PyTorch is given every form
that it has for processors (fused, foreach, loop), and what is said is how many times ours the time of the best one is. AdamW behind
the clipping of the gradient's norm ends with gradients that are zero on both sides."""
import ctypes as c
import os, sys, time
import torch

sys.path.insert(0, "examples")
from gradus import Error, Parameter, Step, Units, f64, i32, load, ptr, struct, text, u64

MILLIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 64
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 9
SMALL, MANY, WINDOW, ZERO = 256, 2000, 0.02, 1
Context = struct("Context", allocate=ptr, release=ptr, parallel=ptr, sum=ptr, read=ptr, user=ptr, threads=i32, isa=i32,
                 gemm=ptr, reserved=u64 * 2)
Optimizer = struct("Optimizer", rule=text, gradient=text, average=text, groups=text, state=text, units=Units, seed=u64,
                   context=ptr, reserved=u64 * 4)

lib = load("build/libgradus.so")
for name, result, arguments in (("context_create", ptr, (ptr, ptr)), ("context_destroy", None, (ptr,)),
                                ("optimizer_create", ptr, (ptr, ptr)), ("optimizer_destroy", None, (ptr,)),
                                ("optimizer_add", i32, (ptr, ptr, ptr)), ("optimizer_step", i32, (ptr, ptr, ptr))):
    function = getattr(lib, "gradus_" + name)
    function.restype, function.argtypes = result, arguments

RULES = {"adamw": ("adamw(weight_decay=0.01)", lambda p, **form: torch.optim.AdamW(p, lr=1e-3, **form)),
         "sgd momentum": ("sgd(momentum=0.9)", lambda p, **form: torch.optim.SGD(p, lr=1e-3, momentum=0.9, **form)),
         "adagrad": ("adagrad", lambda p, **form: torch.optim.Adagrad(p, lr=1e-3, **form)),
         "rmsprop": ("rmsprop", lambda p, **form: torch.optim.RMSprop(p, lr=1e-3, **form))}
FORMS = {"fused": {"fused": True}, "foreach": {"foreach": True}, "loop": {"foreach": False}}


class Ours:
    def __init__(self, rule, threads, tensors, clip):
        error = Error()
        self.context = lib.gradus_context_create(c.byref(Context(threads=threads)), c.byref(error))
        config = Optimizer(rule=rule.encode(), gradient=b"clip_norm(1)" if clip else None, context=self.context)
        self.optimizer = lib.gradus_optimizer_create(c.byref(config), c.byref(error))
        for i, tensor in enumerate(tensors):
            lib.gradus_optimizer_add(self.optimizer,
                                     c.byref(Parameter(name=b"t%d" % i, shape=(tensor.numel(),), values=tensor.data_ptr(),
                                                       gradient=tensor.grad.data_ptr())), c.byref(error))
        if error.status:
            raise SystemExit("optimizers: %s" % error.message.decode())
        self.how, self.error = Step(rate=1e-3, flags=ZERO if clip else 0), error

    def step(self):
        if lib.gradus_optimizer_step(self.optimizer, c.byref(self.how), c.byref(self.error)) != 1:
            raise SystemExit("optimizers: %s" % self.error.message.decode())

    def close(self):
        lib.gradus_optimizer_destroy(self.optimizer)
        lib.gradus_context_destroy(self.context)


def theirs(make, tensors, clip, form):
    optimizer = make(tensors, **form)

    def step():
        if clip:
            torch.nn.utils.clip_grad_norm_(tensors, 1)
        optimizer.step()
        if clip:
            optimizer.zero_grad(set_to_none=False)
    return step


def fastest(step):
    """Of windows of a few milliseconds; what takes longer is done once."""
    start, count = time.perf_counter(), 0
    while count == 0 or time.perf_counter() < start + WINDOW:
        step()
        count += 1
    return (time.perf_counter() - start) / count


def compare(title, rule, threads, sizes, clip=False):
    torch.set_num_threads(threads)
    tensors = [torch.randn(size, requires_grad=True) for size in sizes]
    for tensor in tensors:
        tensor.grad = torch.randn_like(tensor)
    spec, make = RULES[rule]
    ours, best = Ours(spec, threads, tensors, clip), {}
    sides = {"ours": ours.step}
    for name, form in FORMS.items():
        try:  # RMSprop has no fused form
            sides[name] = theirs(make, tensors, clip, form)
        except TypeError:
            pass
    for step in sides.values():
        step()
    for _ in range(ROUNDS):
        for name, step in sides.items():
            best[name] = min(best.get(name, 1e9), fastest(step))
    ours.close()
    print(f"{title:32} {threads} thread{'s' if threads > 1 else ' '} {1e3 * best['ours']:9.3f} ms", end="")
    for name in sides:
        if name != "ours":
            print(f"   {best[name] / best['ours']:6.2f} x {name} ({1e3 * best[name]:.2f})", end="")
    print(flush=True)


torch.manual_seed(1)
for threads in sorted({1, os.cpu_count()}):
    for rule in RULES:
        compare(f"{rule}, {MILLIONS}M values", rule, threads, [MILLIONS << 20])
    compare(f"clip, adamw, zeroing, {MILLIONS}M values", "adamw", threads, [MILLIONS << 20], clip=True)
    for rule in ("adamw", "sgd momentum", "rmsprop"):
        compare(f"{rule}, {MANY} tensors of {SMALL}", rule, threads, MANY * [SMALL])

"""Whether like=torch is PyTorch: schedules, reduction on plateau and update rules of random settings, ours by way of ctypes and
theirs in double precision, number by number. Prints what differs, and how many were compared; the exit status is 1 when any
differs.

tests/rate and tests/optim hold fixed cases of every framework; this looks for the settings that nobody thought of."""
import ctypes as c, os, random, sys, warnings
import numpy, torch

sys.path.insert(0, "examples")
import gradus

warnings.filterwarnings("ignore")  # PyTorch's, of steps in another order
SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 1
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 300
random.seed(SEED)
normal = numpy.random.default_rng(SEED).normal
schedulers, rules = torch.optim.lr_scheduler, torch.optim
compared = different = 0

OptimizerConfig = gradus.struct("OptimizerConfig", rule=c.c_char_p, gradient=c.c_char_p, average=c.c_char_p, groups=c.c_char_p,
                                state=c.c_char_p, units=gradus.Units, seed=c.c_uint64, context=c.c_void_p,
                                reserved=c.c_uint64 * 4)
lib = gradus.load(os.environ.get("GRADUS_LIBRARY", "build/libgradus.so"))
for name, result, arguments in [
        ("schedule_create", c.c_void_p, [c.c_char_p, c.c_void_p, c.c_void_p, c.c_void_p]),
        ("schedule_at", c.c_double, [c.c_void_p, c.c_double]), ("schedule_destroy", None, [c.c_void_p]),
        ("policy_rate", c.c_double, [c.c_void_p]), ("optimizer_create", c.c_void_p, [c.c_void_p, c.c_void_p]),
        ("optimizer_add", c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]),
        ("optimizer_step", c.c_int, [c.c_void_p, c.c_void_p, c.c_void_p]), ("optimizer_destroy", None, [c.c_void_p])]:
    function = getattr(lib, "gradus_" + name)
    function.restype, function.argtypes = result, arguments

any_of, whole = random.choice, random.randint


def number(low, high, digits=3):
    return round(random.uniform(low, high), digits)


def spec(name, **arguments):
    words = {True: "true", False: "false"}
    return "%s(%s, like=torch)" % (name, ", ".join(
        "%s=%s" % (key, words[value] if isinstance(value, bool) else value) for key, value in arguments.items()))


def judge(text, ours, theirs, far):
    """Both are lists of numbers, or an error; `far` says of two numbers whether they differ."""
    global compared, different
    compared += 1
    refused = isinstance(ours, Exception), isinstance(theirs, Exception)
    where = None if any(refused) else next((i for i, pair in enumerate(zip(ours, theirs)) if far(*pair)), None)
    if refused[0] == refused[1] and where is None:
        return
    different += 1
    print(text, "ours", ours if where is None else ours[where], "theirs", theirs if where is None else theirs[where],
          "" if where is None else "at %d" % where)


def tried(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return error


def check(error):
    if error.status:
        raise gradus.GradusError(error.message.decode())


# ---- schedules ----

def our_rates(text, base, updates):
    error, units = gradus.Error(), gradus.Units(total=updates, base=base)
    schedule = lib.gradus_schedule_create(text.encode(), c.byref(units), None, c.byref(error))
    check(error)
    rates = [base * lib.gradus_schedule_at(schedule, i) for i in range(updates)]
    lib.gradus_schedule_destroy(schedule)
    return rates


def a_rate(base):
    return rules.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base, momentum=0.9)


def their_rates(make, base, updates):
    optimizer, rates = a_rate(base), []
    scheduler = make(optimizer)
    for _ in range(updates):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def some_schedules(base, updates):
    steps, gamma, low = whole(1, 30), number(0.05, 1.2), base * any_of([0, 0.1, 0.01, 2])
    yield spec("step", step_size=steps, gamma=gamma), lambda o: schedulers.StepLR(o, steps, gamma)
    milestones = sorted(random.sample(range(1, 50), whole(1, 5)))
    yield spec("multistep", milestones=milestones, gamma=gamma), lambda o: schedulers.MultiStepLR(o, milestones, gamma)
    share = number(0.01, 1)
    yield spec("constant", factor=share, total_iters=steps), lambda o: schedulers.ConstantLR(o, share, steps)
    end = number(0, 1)
    yield (spec("linear", start_factor=share, end_factor=end, total_iters=steps),
           lambda o: schedulers.LinearLR(o, share, end, steps))
    yield spec("exponential", gamma=gamma), lambda o: schedulers.ExponentialLR(o, gamma)
    power = number(0.3, 3)
    yield spec("polynomial", total_iters=steps, power=power), lambda o: schedulers.PolynomialLR(o, steps, power)
    longer = steps + 1  # PyTorch divides by zero at T_max=1
    yield spec("cosine", T_max=longer, eta_min=low), lambda o: schedulers.CosineAnnealingLR(o, longer, low)
    times = any_of([1, 1, 2, 3])
    yield (spec("cosine_restarts", T_0=steps, T_mult=times, eta_min=low),
           lambda o: schedulers.CosineAnnealingWarmRestarts(o, steps, times, low))
    high, down, decay = base * number(1, 20), whole(1, 30), number(0.9, 1)
    mode = any_of(["triangular", "triangular2", "exp_range"])
    yield (spec("cyclic", base_lr=base, max_lr=high, step_size_up=steps, step_size_down=down, mode=mode, gamma=decay),
           lambda o: schedulers.CyclicLR(o, base, high, steps, down, mode, decay, cycle_momentum=False))
    cycle = dict(total_steps=max(updates, 2) + whole(0, 10), pct_start=number(0.05, 0.9, 2), three_phase=any_of([True, False]),
                 anneal_strategy=any_of(["cos", "linear"]), div_factor=number(1, 50), final_div_factor=number(1, 1e4))
    yield spec("onecycle", max_lr=base, **cycle), lambda o: schedulers.OneCycleLR(o, base, cycle_momentum=False, **cycle)


def compare_schedules():
    base, updates = 10**random.uniform(-4, 0), whole(1, 60)
    for text, make in some_schedules(base, updates):
        judge("%s, rate %r:" % (text, base), tried(our_rates, text, base, updates), tried(their_rates, make, base, updates),
              lambda a, b: abs(a - b) > 1e-9 * max(abs(a), abs(b)) + 1e-12 * base)


# ---- reduction on plateau ----

def compare_plateaus():
    base = 10**random.uniform(-3, 0)
    given = dict(mode=any_of(["min", "max"]), factor=number(0.05, 0.95), patience=whole(0, 4), cooldown=whole(0, 4),
                 threshold=any_of([0, 1e-4, 0.05, 0.3]), threshold_mode=any_of(["rel", "abs"]),
                 min_lr=base * any_of([0, 0.01, 0.3]), eps=any_of([1e-8, base * 0.05, 0]))
    policy = gradus.Policy(lib, base, None, spec("plateau", **given))
    optimizer, metric, ours, theirs = a_rate(base), random.uniform(0.5, 2) * any_of([1, 1, -1]), [], []
    scheduler = schedulers.ReduceLROnPlateau(optimizer, **given)
    for _ in range(40):
        metric += random.uniform(-0.1, 0.08) + any_of([0, 0, 0, 0.2, -0.2])
        seen = any_of([metric] * 9 + [float("nan")])
        scheduler.step(seen)
        lib.gradus_policy_observe(policy.handle, b"val_loss", seen)
        ours.append(lib.gradus_policy_rate(policy.handle))
        theirs.append(optimizer.param_groups[0]["lr"])
    judge(spec("plateau", **given), ours, theirs, lambda a, b: abs(a - b) > 1e-9 * b + 1e-15)


# ---- update rules ----

def our_values(rule, gradient, begin, gradients, rate):
    error, values = gradus.Error(), [array.copy() for array in begin]
    latest = [numpy.zeros_like(array) for array in values]
    config = OptimizerConfig(rule=rule.encode(), gradient=gradient and gradient.encode())
    optimizer = lib.gradus_optimizer_create(c.byref(config), c.byref(error))
    check(error)
    for i, (array, its) in enumerate(zip(values, latest)):
        shape = (c.c_int64 * 8)(*array.shape)
        parameter = gradus.Parameter(name=b"t%d" % i, shape=shape, values=array.ctypes.data, gradient=its.ctypes.data)
        lib.gradus_optimizer_add(optimizer, c.byref(parameter), c.byref(error))
    for update in gradients:
        for its, given in zip(latest, update):
            its[...] = given
        lib.gradus_optimizer_step(optimizer, c.byref(gradus.Step(rate=rate)), c.byref(error))
    check(error)
    lib.gradus_optimizer_destroy(optimizer)
    return values


def their_values(make, clip, begin, gradients):
    tensors = [torch.nn.Parameter(torch.tensor(array, dtype=torch.float64)) for array in begin]
    optimizer = make(tensors)
    for update in gradients:
        for tensor, given in zip(tensors, update):
            tensor.grad = torch.tensor(given, dtype=torch.float64)
        clip(tensors)
        optimizer.step()
    return [tensor.detach().numpy() for tensor in tensors]


def some_rule():
    """Its name here, its class there, what both call alike, and what has other names or forms here."""
    decay, betas, eps = any_of([0, 0.01, 0.1]), (number(0, 0.95), number(0.8, 0.999, 4)), 10.0**any_of([-8, -6, -4, -2])
    shared = dict(weight_decay=decay, maximize=any_of([False, False, True]))
    adam = dict(betas=betas, eps=eps, **shared)
    decoupled = any_of([True, False])
    nesterov, centered, amsgrad = any_of([True, False]), any_of([True, False]), any_of([True, False])
    return any_of([
        ("sgd", rules.SGD, dict(momentum=any_of([0.5, 0.9]), dampening=0 if nesterov else any_of([0, 0.1, 0.9]),
                                nesterov=nesterov, **shared)),
        ("sgd", rules.SGD, shared),
        ("adam", rules.Adam, dict(amsgrad=amsgrad, **adam)), ("adamw", rules.AdamW, dict(amsgrad=amsgrad, **adam)),
        ("adamax", rules.Adamax, adam), ("radam", rules.RAdam, dict(decoupled_weight_decay=decoupled, **adam)),
        ("nadam", rules.NAdam, dict(momentum_decay=any_of([0.004, 0.1]), decoupled_weight_decay=decoupled, **adam)),
        ("adagrad", rules.Adagrad, dict(lr_decay=any_of([0, 0.1]), initial_accumulator_value=any_of([0, 0.5]), eps=eps,
                                        **shared)),
        ("adadelta", rules.Adadelta, dict(rho=number(0.5, 0.99), eps=eps, **shared)),
        ("rmsprop", rules.RMSprop, dict(alpha=number(0.5, 0.999), eps=eps, momentum=any_of([0, 0.9]), centered=centered,
                                        **shared)),
        ("asgd", rules.ASGD, dict(lambd=any_of([1e-4, 0.1]), alpha=any_of([0.75, 0.5]), t0=any_of([1000000, 3]), **shared)),
        ("rprop", rules.Rprop, dict(etas=any_of([(0.5, 1.2), (0.3, 1.5)]), step_sizes=any_of([(1e-6, 50), (1e-3, 0.1)]),
                                    maximize=shared["maximize"]))])


def in_our_words(given):
    pairs = {"betas": ("beta1", "beta2"), "etas": ("eta1", "eta2"), "step_sizes": ("step_size1", "step_size2")}
    words = {}
    for key, value in given.items():
        words.update(zip(pairs[key], value) if key in pairs else [(key, value)])
    return words


def compare_rules():
    name, make, given = some_rule()
    shapes = any_of([[(7,)], [(5, 3), (5,)], [(4, 3, 3, 3), (1,), (17,)]])
    updates, size, rate = whole(1, 25), 10**random.uniform(-3, 1), 10**random.uniform(-4, -1)
    begin = [normal(size=shape).astype(numpy.float32) for shape in shapes]
    gradients = [[(normal(size=shape) * size).astype(numpy.float32) for shape in shapes] for _ in range(updates)]
    limit = number(0.1, 3) * size
    by_norm, by_value = torch.nn.utils.clip_grad_norm_, torch.nn.utils.clip_grad_value_
    clip, gradient = any_of([
        (lambda tensors: None, None),
        (lambda tensors: by_norm(tensors, limit), spec("clip_norm", max_norm=limit)),
        (lambda tensors: by_norm(tensors, limit, float("inf")), spec("clip_norm", max_norm=limit, norm_type="inf")),
        (lambda tensors: by_value(tensors, limit), spec("clip_value", clip_value=limit))])
    text = spec(name, **in_our_words(given))
    ours = tried(our_values, text, gradient, begin, gradients, rate)
    theirs = tried(their_values, lambda tensors: make(tensors, lr=rate, **given), clip, begin, gradients)

    def far(a, b):  # of float32 values that are rounded each update, beside the way that they have come
        start = begin[[array is a for array in ours].index(True)]
        return numpy.abs(a - b).max() > 1.5e-7 * updates * numpy.abs(start).max() + 1e-3 * numpy.abs(b - start).max()

    judge("%s, %s, rate %r, %d updates:" % (text, gradient, rate, updates), ours, theirs, far)


for _ in range(ROUNDS):
    compare_schedules()
    for _ in range(4):
        compare_plateaus()
        compare_rules()
print("%d compared with PyTorch %s, %d different" % (compared, torch.__version__, different))
sys.exit(different > 0)

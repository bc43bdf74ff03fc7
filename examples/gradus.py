"""Gradus from Python, with nothing but ctypes: handles are void*, structs hold fixed-width members only, sizes never change
within an ABI. Run as a program it compares every struct with the C header and trains a model of three numbers.

    GRADUS_LIBRARY=build/libgradus.so python3 examples/gradus.py
"""
import ctypes as c

GRADUS_ABI = 1
APPLY, SKIP, ROLL_BACK, STOP = 1, 2, 3, 4
f64, i32, i64, u32, u64, text, ptr = c.c_double, c.c_int32, c.c_int64, c.c_uint32, c.c_uint64, c.c_char_p, c.c_void_p


def struct(title, /, **fields):
    return type(title, (c.Structure,), {"_fields_": list(fields.items())})


Error = struct("Error", status=i32, code=i32, line=i32, column=i32, offset=i32, length=i32, source=i32, reserved=i32,
               message=c.c_char * 240, near=c.c_char * 48)
Units = struct("Units", total=f64, total_unit=i32, reserved0=i32, updates_per_epoch=f64, samples_per_update=f64,
               tokens_per_update=f64, base=f64, samples_per_epoch=f64, reserved=u64 * 2)
Scheduled = struct("Scheduled", name=text, base=f64, schedule=text)
PolicyConfig = struct("PolicyConfig", base=f64, minimum=f64, maximum=f64, schedule=text, feedback=text,
                      scheduled=c.POINTER(Scheduled), units=Units, snapshots=i32, reserved0=i32, log=ptr, log_user=ptr,
                      context=ptr, measures=ptr, reserved=u64 * 3)
Decision = struct("Decision", action=i32, reason=i32, update=i64, rate=f64, schedule=f64, feedback=f64, keep=i32,
                  restore=i32, skips=i32, rollbacks=i32, last=i32, reserved0=i32, gradient_scale=f64, reserved=u64 * 3)
Parameter = struct("Parameter", name=text, group=text, shape=i64 * 8, values=ptr, gradient=ptr, master=ptr,
                   values_type=i32, gradient_type=i32, rounding=i32, place=i32, outputs_last=i32,
                   reserved0=i32, reserved=u64 * 3)
Step = struct("Step", rate=f64, gradient_scale=f64, gradient_norm=f64, loss=f64, flags=u32, reserved0=u32,
              reserved=u64 * 4)


class GradusError(Exception):
    pass


def load(path):
    lib = c.CDLL(path)
    if lib.gradus_abi() != GRADUS_ABI:
        raise ImportError("libgradus has ABI %d, this binding is for %d" % (lib.gradus_abi(), GRADUS_ABI))

    def function(name, result, *arguments):
        getattr(lib, name).restype, getattr(lib, name).argtypes = result, arguments

    function("gradus_policy_create", ptr, c.POINTER(PolicyConfig), c.POINTER(Error))
    function("gradus_policy_observe", c.c_bool, ptr, text, f64)
    function("gradus_policy_decide", c.c_int, ptr, c.POINTER(Decision))
    function("gradus_policy_finished", c.c_bool, ptr)
    function("gradus_policy_applied", None, ptr, ptr)
    function("gradus_policy_explain", c.c_size_t, ptr, c.c_char_p, c.c_size_t)
    function("gradus_policy_destroy", None, ptr)
    return lib


class Policy:
    def __init__(self, lib, base, schedule=None, feedback=None, total=0):
        error = Error()
        self.lib, self.handle = lib, None
        self.handle = lib.gradus_policy_create(PolicyConfig(base=base, schedule=schedule and schedule.encode(),
                                                            feedback=feedback and feedback.encode(),
                                                            units=Units(total=total)), error)
        if not self.handle:
            raise GradusError("%s (column %d)" % (error.message.decode(), error.column))

    def judge(self, **measures):
        for name, value in measures.items():
            self.lib.gradus_policy_observe(self.handle, name.encode(), value)
        decision = Decision()
        self.lib.gradus_policy_decide(self.handle, decision)
        return decision

    def applied(self):
        self.lib.gradus_policy_applied(self.handle, None)

    def finished(self):
        return self.lib.gradus_policy_finished(self.handle)

    def explain(self):
        words = c.create_string_buffer(256)
        self.lib.gradus_policy_explain(self.handle, words, len(words))
        return words.value.decode()

    def __del__(self):
        if self.handle:
            self.lib.gradus_policy_destroy(self.handle)


# ---- the layout of every struct, as the C compiler has it ----

def layout_differences(compiler, include):
    import os, subprocess, tempfile
    structs = {"gradus_error": Error, "gradus_units": Units, "gradus_scheduled": Scheduled,
               "gradus_policy_config": PolicyConfig, "gradus_decision": Decision, "gradus_parameter": Parameter,
               "gradus_step": Step}
    lines = ['#include <stddef.h>', '#include <stdio.h>', '#include "gradus/gradus.h"', 'int main(void) {']
    for name, mine in structs.items():
        lines.append('printf("%s %%zu\\n", sizeof(%s));' % (name, name))
        lines += ['printf("%s.%s %%zu\\n", offsetof(%s, %s));' % (name, f, name, f) for f, _ in mine._fields_]
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "layout.c"), os.path.join(folder, "layout")
        with open(source, "w") as file:
            file.write("\n".join(lines + ["return 0; }"]))
        subprocess.run([compiler, "-std=c11", "-I", include, "-o", program, source], check=True)
        output = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    wrong = []
    for what, theirs in (line.split() for line in output.splitlines()):
        name, _, field = what.partition(".")
        ours = getattr(structs[name], field).offset if field else c.sizeof(structs[name])
        if ours != int(theirs):
            wrong.append("%s is at %s in C, at %d here" % (what, theirs, ours))
    return wrong


# ---- a model of three numbers, trained by hand ----

def train(lib):
    policy = Policy(lib, 0.5, "warmup(10%) > cosine", "guard > plateau(loss, patience=20)", total=100)
    weights, target = [0.0, 0.0, 0.0], [1.0, -2.0, 3.0]
    attempts = 0
    while not policy.finished():
        gradient = [w - t for w, t in zip(weights, target)]
        loss = sum(g * g for g in gradient) / 2
        attempts += 1
        decision = policy.judge(loss=float("nan") if attempts == 50 else loss)
        if decision.action == APPLY:
            weights = [w - decision.rate * g for w, g in zip(weights, gradient)]
            policy.applied()
        else:
            print(policy.explain())
    print("loss %.3g after %d attempts; %s" % (loss, attempts, policy.explain()))
    return loss < 1e-6 and attempts == 101


def main():
    import os, sys
    here = os.path.dirname(os.path.abspath(__file__))
    lib = load(os.environ.get("GRADUS_LIBRARY", os.path.join(here, "..", "build", "libgradus.so")))
    wrong = layout_differences(os.environ.get("CC", "cc"), os.path.join(here, "..", "include"))
    print("\n".join(wrong) or "every struct is where C has it")
    try:
        Policy(lib, 0.1, "warmup(5%) > cosin", total=10)
    except GradusError as mistake:
        print("a mistake is an exception:", mistake)
    else:
        wrong.append("a mistake was accepted")
    sys.exit(1 if wrong or not train(lib) else 0)


if __name__ == "__main__":
    main()

/* onecycle: one rise to the peak and one fall far below where it began, over the whole phase: super-convergence (Smith, Topin 2018,
 * arXiv 1708.07120). The momentum that others move along with the rate is a schedule of its own here. */
#include "rate.h"

enum {
    LENGTH,
    RISE,
    START,
    FINAL,
    SHAPE,
    THREE_PHASE,
    HIGH, /* ours */
    ANNEAL,
    RELATIVE,
    RETURNS,
    INCLUSIVE,
    TURN,
    WHOLE,
    UP,
    DOWN,
    UP_STAIRS,
    DOWN_STAIRS,
    TAIL_RATE,
    TAIL_EVERY,
    STEPS_PER_EPOCH
};
enum { COSINE, LINEAR }; /* as the words of `shape`, and of `anneal` */

/* ---- parts of the phase ---- */

typedef struct piece {
    double end, from, to;
} piece;

/* Where others put the end of a part: at an update of its own (`late` 1 or 2), or at a whole number of updates. */
static double part_end(const gradus_call *call, double end, double late)
{
    if (call->number[INCLUSIVE] != 0) return end - late * call->update;
    return call->number[WHOLE] != 0 && call->update > 0 ? floor(end / call->update) * call->update : end;
}

static int32_t parts_of(const gradus_call *call, double length, piece parts[3])
{
    const double *of = call->number;
    double scale = of[RELATIVE] != 0 ? of[HIGH] : 1, start = of[START] * scale;
    double final = of[RETURNS] != 0 ? start : of[RELATIVE] != 0 ? of[FINAL] * start : of[FINAL];
    int32_t count = 0;
    parts[count++] = (piece){part_end(call, of[RISE] * length, 1), start, of[HIGH]};
    if (of[THREE_PHASE] != 0) {
        double back = 2 * of[RISE]; /* beyond the phase PyTorch is on its way still when that ends */
        double turn = call->counts[TURN] ? of[TURN] : of[INCLUSIVE] != 0 ? back : fmin(back, 1);
        parts[count++] = (piece){part_end(call, turn * length, 2), of[HIGH], start};
    }
    parts[count] = (piece){part_end(call, length, 1), parts[count - 1].to, final};
    return count + 1;
}

static double along(const gradus_call *call, const piece *part, double p)
{
    double shape = call->counts[ANNEAL] ? call->number[ANNEAL] : call->number[SHAPE];
    if (shape == LINEAR) return rate_between(part->from, part->to, p);
    return rate_between(part->to, part->from, 0.5 + 0.5 * cos(rate_pi * p));
}

/* ---- DeepSpeed's: a triangle of given lengths, in stairs if asked for, then a fall as 1 / t ---- */

static double stairs(double share, double count) { return count > 0 ? floor(share * count) / count : share; }

static double triangle(const gradus_call *call, double t)
{
    const double *of = call->number;
    double up = of[UP], down = call->counts[DOWN] ? of[DOWN] : up, past = t - up - down;
    if (past > 0) {
        double periods = of[TAIL_EVERY] > 0 ? past / of[TAIL_EVERY] : 0;
        return of[START] / (1 + of[TAIL_RATE] * periods);
    }
    double last = call->counts[DOWN_STAIRS] ? of[DOWN_STAIRS] : of[UP_STAIRS];
    double height = t <= up ? stairs(t / up, of[UP_STAIRS]) : stairs(-past / down, last);
    return rate_between(of[START], of[HIGH], height);
}

/* ---- ---- */

static double factor(const gradus_call *call, double t, double length)
{
    piece parts[3];
    double begin = 0;
    if (call->counts[UP]) return triangle(call, t);
    int32_t i = 0, last = parts_of(call, length, parts) - 1;
    for (; i < last && t > parts[i].end; i++) begin = parts[i].end;
    double span = parts[i].end - begin, p = span > 0 || span < 0 ? (t - begin) / span : 1;
    bool open = call->number[INCLUSIVE] != 0; /* PyTorch's goes on past its end, and so back up */
    return along(call, &parts[i], open ? p : fmin(p, 1));
}

static bool prepare(const gradus_call *call, gradus_preparation *preparation, const void **made)
{
    (void)made;
    bool known = call->counts[UP] || isfinite(preparation->length);
    return known || gradus_rate_needs_length(call, preparation);
}

static const gradus_argument arguments[] = {
    {.name = "length",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_OPTIONAL,
     .help = "how long it lasts; without it what is left of the run",
     .also = "total_steps, transition_steps"},
    {.name = "rise",
     .kind = GRADUS_SHARE,
     .initial = "30%",
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "share of the phase until the peak",
     .search = "uniform(0.1, 0.5)",
     .also = "pct_start"},
    {.name = "start",
     .kind = GRADUS_SHARE,
     .initial = "4%",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the start",
     .search = "choice(1%, 4%, 10%)",
     .also = "div, initial"},
    {.name = "final",
     .kind = GRADUS_SHARE,
     .initial = "1e-4",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the end",
     .search = "loguniform(1e-6, 1e-2)",
     .also = "div_final, to, end, eta_min, min_lr"},
    {.name = "shape",
     .kind = GRADUS_WORD,
     .initial = "cosine",
     .words = "cosine|linear",
     .flags = GRADUS_NAMED,
     .help = "form of the way up and down",
     .search = "choice(cosine, linear)",
     .also = "strategy, interpolate_type"},
    {.name = "three_phase",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED,
     .help = "back to the start in as much time as the rise took, and only then to the end"},
    {.name = "high",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the top; for values other than the rate, which may also go down first"},
    {.name = "anneal",
     .kind = GRADUS_WORD,
     .words = "cos|linear",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "the shape in PyTorch's words"},
    {.name = "relative",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "the start is a share of the peak and the end a share of the start"},
    {.name = "returns",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "the end is the start again"},
    {.name = "inclusive",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "the last update of each part stands at its end already"},
    {.name = "turn",
     .kind = GRADUS_SHARE,
     .high = 1,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "share of the phase after which three_phase is back at the start"},
    {.name = "whole",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "parts end at whole updates"},
    {.name = "up",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "length of the rise, in place of a share"},
    {.name = "down",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "length of the fall; without it that of the rise"},
    {.name = "up_stairs",
     .kind = GRADUS_INTEGER,
     .initial = "0",
     .high = 1e9,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "stairs of the rise; 0: none"},
    {.name = "down_stairs",
     .kind = GRADUS_INTEGER,
     .high = 1e9,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "stairs of the fall; without it those of the rise"},
    {.name = "tail_rate",
     .kind = GRADUS_NUMBER,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "after the cycle the start value is divided by 1 + this for each tail_every"},
    {.name = "tail_every",
     .kind = GRADUS_LENGTH,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "period of that; 0: the start value stays"},
    {.name = "steps_per_epoch",
     .kind = GRADUS_NUMBER,
     .low = 1,
     .high = 1e15,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "updates of an epoch, where the length is a number of epochs"},
    {0}};

static const gradus_like like[] = {
    {"torch", "OneCycleLR",
     "max_lr=high absolute, total_steps=length, epochs=length, steps_per_epoch=steps_per_epoch, pct_start=rise, "
     "anneal_strategy=anneal, div_factor=start inverse, "
     "final_div_factor=final inverse, three_phase=three_phase",
     "relative=true, inclusive=true, past=error"},
    {"torch", "OneCycleLR.momentum",
     "total_steps=length, epochs=length, steps_per_epoch=steps_per_epoch, pct_start=rise, "
     "anneal_strategy=anneal, three_phase=three_phase, max_momentum=start, "
     "base_momentum=high",
     "start=0.95, high=0.85, returns=true, inclusive=true, past=error"},
    {"optax", "cosine_onecycle_schedule",
     "transition_steps=length, peak_value=high absolute, pct_start=rise, div_factor=start inverse, "
     "final_div_factor=final inverse",
     "relative=true, whole=true"},
    {"optax", "linear_onecycle_schedule",
     "transition_steps=length, peak_value=high absolute, pct_start=rise, pct_final=turn, div_factor=start inverse, "
     "final_div_factor=final inverse",
     "three_phase=true, shape=linear, turn=0.85, relative=true, whole=true"},
    {"deepspeed", "OneCycle",
     "cycle_min_lr=start absolute, cycle_max_lr=high absolute, cycle_first_step_size=up, cycle_second_step_size=down, "
     "cycle_first_stair_count=up_stairs, cycle_second_stair_count=down_stairs, decay_lr_rate=tail_rate, "
     "decay_step_size=tail_every",
     "up=2000"},
    {0}};

static const char momentum_remedy[] = "momentum has a schedule of its own: "
                                      "momentum=onecycle(base_momentum=0.85, max_momentum=0.95, like=torch)";
static const gradus_refusal refuses[] = {{"max", "the peak is the run's lr=%s"},
                                         {"max_lr", "the peak is the run's lr=%s"},
                                         {"cycle_momentum", momentum_remedy},
                                         {"base_momentum", momentum_remedy},
                                         {"max_momentum", momentum_remedy},
                                         {"steps_per_epoch", "lengths have units: total_steps=30ep"},
                                         {0}};

const gradus_schedule_row gradus_schedule_onecycle = {
    .member = {.name = "onecycle",
               .summary = "one rise to the peak, one long fall far below the start",
               .formula =
                   "from start to 1 until rise * length, then to final; three_phase: back to start until "
                   "2 rise * length, then to final; cosine: a + (b - a) (1 - cos(pi p)) / 2, linear: a + (b - a) p",
               .paper = "Smith, Topin 2018, arXiv 1708.07120",
               .also = "one_cycle, 1cycle, super_convergence, superconvergence, OneCycle, OneCycleLR, fit_one_cycle, "
                       "linear_onecycle_schedule, cosine_onecycle_schedule",
               .arguments = arguments,
               .like = like,
               .refuses = refuses,
               .example = "onecycle(rise=30%, start=4%, final=1e-4)",
               .notes = "PyTorch ends every part one update early, and takes one update more than total_steps, at a "
                        "rate that is back up the curve;\n"
                        "the next one raises. Here a run that is longer is refused when it begins.\n"
                        "Optax has two forms with the same names: like=optax is the cosine, "
                        "like=optax.linear_onecycle_schedule the lines.\n"
                        "What PyTorch does to the momentum meanwhile is momentum=onecycle(base_momentum=0.85, "
                        "max_momentum=0.95, like=torch)."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS,
    .factor = factor,
    .prepare = prepare};

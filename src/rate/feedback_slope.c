/* slope: lowers the rate when the loss does not fall any more as far as chance lets one see: a least-squares line through a window
 * of raw losses, and the error of its slope. dlib's idea, with its error rates under control. */
#include "better.h"
#include "trend.h"
#include <stddef.h>
#include <string.h>

enum { WINDOW, METRIC, CONFIDENCE, FACTOR, MIN_DELTA, MODE, COOLDOWN, FLOOR, TEST, UNTIL };
enum { WINDOWS, DLIB };

/* ---- growing windows ----
 *
 * What is controlled: a fall of the rate while the loss truly falls, by `visible` standard errors of its slope in the first window
 * at this rate and by as much in each that follows, or faster (a steady fall is; so is anything above the logarithm of time). Over
 * a whole stay at a rate that happens with a probability of 1 - confidence at most. It is spent so that window k, from 1, may be
 * wrong with (1 - confidence) / (k (k + 1)), half of that at each of its two looks:
 *
 *   at its end       slope below low_k: the rate falls; clearly falling: the next window begins; else it goes on
 *   half as long on  slope below high_k: the rate falls; else the next window begins
 *
 * Windows do not overlap, and each is `growth` times as long as the one before, so that the looks are few and a slow fall shows in
 * the end. Losses go with their neighbours; so a window is told by the means of FIRST batches, between which that is nearly gone, and
 * the error of the slope comes from how these lie about their line, with FIRST - 2 degrees of freedom. That needs no model of the
 * noise; for noise of a known correlation r between neighbours it comes to the factor sqrt((1 + r) / (1 - r)). */
enum { FIRST = 16, ALL = 24 };
static const double growth = 1.3, visible = 2.2, clear = 2.5;
static const double highest_low = 1.5,
                    highest_high = 2.2; /* a slope beyond these is a fall, whatever could be afforded */

typedef struct sums {
    double n, y, xy, yy, offset; /* of y - offset at x = 0, 1, ... n - 1 */
} sums;

typedef struct slope_state {
    rate_held held;
    int64_t cooling;          /* looks that do not count any more */
    int64_t windows;          /* that have ended at this rate */
    int64_t length, in_batch; /* of a batch of this window; looks that are in the one at hand */
    int64_t batches;          /* before it */
    double sum;               /* of the one at hand */
    double means[ALL];
    /* dlib: losses in the ring behind, where the next goes, see dlib_look; of the whole ring, when it is full */
    int64_t kept, next, credit;
    sums all;
} slope_state;

/* clang-format off */
#define PIECE(piece, type) {.name = #piece, .kind = type, .offset = offsetof(slope_state, piece)}
static const gradus_field fields[] = {
    RATE_HELD_FIELDS(slope_state, held), PIECE(cooling, GRADUS_INT64), PIECE(windows, GRADUS_INT64),
    PIECE(length, GRADUS_INT64), PIECE(in_batch, GRADUS_INT64), PIECE(batches, GRADUS_INT64), PIECE(sum, GRADUS_DOUBLE),
    {.name = "means", .kind = GRADUS_DOUBLE, .offset = offsetof(slope_state, means), .length_argument = -ALL},
    PIECE(all.n, GRADUS_DOUBLE), PIECE(all.y, GRADUS_DOUBLE), PIECE(all.xy, GRADUS_DOUBLE), PIECE(all.yy, GRADUS_DOUBLE),
    PIECE(all.offset, GRADUS_DOUBLE), PIECE(kept, GRADUS_INT64), PIECE(next, GRADUS_INT64), PIECE(credit, GRADUS_INT64),
    {.name = "losses", .kind = GRADUS_DOUBLE, .length_argument = WINDOW + 1}, {0}};
#undef PIECE
/* clang-format on */

static int64_t losses_kept(const gradus_call *call, const gradus_field *field)
{
    (void)field;
    return (int)call->number[TEST] == DLIB ? (int64_t)call->number[WINDOW] : 0;
}

/* Lowers the rate; past `until` the run ends. */
static void lower(const gradus_call *call, gradus_verdict *verdict, const char *rule, double value, double seen,
                  double limit, double looks)
{
    if (!gradus_rate_lower(verdict, call->number[FACTOR], call->number[FLOOR], 0)) return;
    bool ends = verdict->factor < call->number[UNTIL];
    verdict->reason = ends ? GRADUS_REASON_RATE_AT_MINIMUM : GRADUS_REASON_PLATEAU;
    if (ends) verdict->action = GRADUS_STOP;
    verdict->rule = rule;
    gradus_rate_see(verdict, 0, call->text[METRIC], value);
    gradus_rate_see(verdict, 1, (int)call->number[TEST] == DLIB ? "probability" : "t", seen);
    gradus_rate_see(verdict, 2, "limit", limit);
    gradus_rate_see(verdict, 3, "window", looks);
}

static double mean_of(const slope_state *state)
{
    double sum = 0;
    for (int64_t i = 0; i < state->batches; i++) sum += state->means[i];
    return sum / (double)state->batches;
}

/* How far the loss has fallen, in standard errors of that; less what a fall must have at least. */
static double fall_of(const gradus_call *call, const slope_state *state, bool rises, int64_t without)
{
    rate_line line = gradus_rate_fit_line(state->means, state->batches, without);
    double fall = (rises ? line.slope : -line.slope) - call->number[MIN_DELTA] * fabs(mean_of(state)) / FIRST;
    if (line.error > 0) return fall / line.error;
    return fall > 0 ? INFINITY : fall < 0 ? -INFINITY : 0;
}

/* A burst of high losses bends the line: it must be flat with the batch that lies worst and without it. */
static double robust_fall_of(const gradus_call *call, const slope_state *state, bool rises)
{
    int64_t worst = gradus_rate_farthest(state->means, state->batches, rises ? -1 : 1);
    return fmax(fall_of(call, state, rises, -1), fall_of(call, state, rises, worst));
}

static void begin_window(slope_state *state, int64_t windows)
{
    state->windows = windows;
    state->in_batch = state->batches = 0;
    state->sum = 0;
}

/* After FIRST batches, and after ALL. */
static void judge(const gradus_call *call, slope_state *state, gradus_verdict *verdict)
{
    bool first = state->batches == FIRST, rises = gradus_rate_rises(call->text[METRIC], call->number[MODE]);
    double k = (double)state->windows + 1, half = (1 - call->number[CONFIDENCE]) / (k * (k + 1)) / 2;
    double truly = visible * pow(growth, (k - 1) / 2), longer = (double)state->batches / FIRST;
    double limit = gradus_rate_slope_below(half, truly * pow(longer, 1.5), (double)state->batches - 2);
    double fall = robust_fall_of(call, state, rises);
    limit = fmin(limit, first ? highest_low : highest_high);
    if (fall < limit) {
        lower(call, verdict,
              rises ? "mean {1=}: in {4} looks a rise of {2} standard errors, {3} is the least"
                    : "mean {1=}: in {4} looks a fall of {2} standard errors, {3} is the least",
              mean_of(state), fall, limit, (double)(state->batches * state->length));
        state->cooling = (int64_t)call->number[COOLDOWN];
        begin_window(state, 0);
    } else if (!first || fall > clear) {
        begin_window(state, state->windows + 1);
    }
}

static void window_look(const gradus_call *call, slope_state *state, double value, gradus_verdict *verdict)
{
    if (state->batches + state->in_batch == 0)
        state->length = (int64_t)ceil(call->number[WINDOW] * pow(growth, (double)state->windows) / FIRST);
    state->sum += value;
    if (++state->in_batch < state->length) return;
    state->means[state->batches++] = state->sum / (double)state->length;
    state->sum = 0;
    state->in_batch = 0;
    if (state->batches == FIRST || state->batches == ALL) judge(call, state, verdict);
}

/* ---- like dlib ----
 *
 * From dlib's trainer (dlib/dnn/trainer.h) and running_gradient.h: of the last `window` losses the longest suffix is sought in which
 * they fall with a probability below `confidence`, as a line through it and a normal error of its slope have it; the rate is lowered
 * when that suffix is all of them, also without the tenth of them that is highest. So only the line through all of them decides. */
enum { CREDIT = 200, DROPPED = 400, DROPPED_OF_MODEL = 100 };
static const double discarded = 0.1;

static void add_one(sums *to, double value)
{
    double left = value - to->offset;
    to->y += left, to->xy += to->n * left, to->yy += left * left;
    to->n++;
}

/* The oldest leaves, and every other one is one place nearer to the beginning. */
static void slide(sums *all, double oldest, double newest)
{
    double left = oldest - all->offset;
    all->n--, all->y -= left, all->yy -= left * left;
    all->xy -= all->y;
    add_one(all, newest);
}

/* The probability that the slope is below 0, normal about the one found. */
static double falls_with(const sums *all)
{
    double n = all->n, xx = (n * n * n - n) / 12, xy = all->xy - (n - 1) / 2 * all->y, slope = xy / xx;
    double rest = fmax(0, all->yy - all->y * all->y / n - slope * xy), error = sqrt(rest / (n - 2) / xx);
    if (error > 0) return 0.5 * erfc(slope / error / sqrt(2));
    return slope < 0 ? 1 : slope > 0 ? 0 : 0.5;
}

/* The bits of a number, so that greater numbers have greater bits. */
static uint64_t ordered_bits(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* The value at `rank` of the sorted losses, without sorting them: the highest bits of it, then the next. */
static double value_at(const double *losses, int64_t count, int64_t rank)
{
    enum { BITS = 11, BINS = 1 << BITS };
    uint64_t found = 0, known = 0;
    for (int shift = 64 - BITS, alone = 0; !alone; shift = shift > BITS ? shift - BITS : 0) {
        int32_t bins[BINS] = {0}, bin = 0;
        for (int64_t i = 0; i < count; i++) {
            uint64_t bits = ordered_bits(losses[i]);
            bins[bits >> shift & (BINS - 1)] += (bits & known) == found;
        }
        for (; rank >= bins[bin]; bin++) rank -= bins[bin];
        found |= (uint64_t)bin << shift;
        known |= (uint64_t)(BINS - 1) << shift;
        alone = bins[bin] == 1 || shift == 0;
    }
    int64_t i = 0;
    while ((ordered_bits(losses[i]) & known) != found) i++;
    return losses[i];
}

static double falls_without_highest(const double *losses, int64_t count, int64_t next)
{
    sums kept = {.offset = losses[next]};
    double highest = value_at(losses, count, llround((double)(count - 1) * (1 - discarded)));
    for (int64_t i = 0; i < count; i++) {
        const double *at = &losses[(next + i) % count];
        if (*at <= highest) add_one(&kept, *at);
    }
    return falls_with(&kept);
}

/* Takes a loss in. Sums of a full ring slide, and are added up anew once it has been filled anew, before rounding counts. */
static void keep(slope_state *state, double *losses, int64_t size, double value)
{
    double oldest = losses[state->next];
    bool filled = state->kept == size - 1;
    losses[state->next] = value;
    state->next = (state->next + 1) % size;
    if (state->kept < size) state->kept++;
    if (state->kept < size) return;
    if (!filled && state->next > 0) {
        slide(&state->all, oldest, value);
        return;
    }
    state->all = (sums){.offset = losses[state->next]};
    for (int64_t i = 0; i < size; i++) add_one(&state->all, losses[(state->next + i) % size]);
}

/* Losses are tested when the credit, 200 for each, exceeds the window; measures of the model at every look. */
static void dlib_look(const gradus_call *call, slope_state *state, const char *metric, double value,
                      gradus_verdict *verdict)
{
    double *losses = (double *)(state + 1), confidence = call->number[CONFIDENCE];
    int64_t size = (int64_t)call->number[WINDOW];
    bool of_gradient = gradus_rate_is_of_gradient(metric), rises = gradus_rate_rises(metric, call->number[MODE]);
    keep(state, losses, size, rises ? -value : value);
    state->credit += CREDIT;
    if (of_gradient && state->credit <= size) return;
    state->credit = 0;
    if (state->kept < size || !(falls_with(&state->all) < confidence)) return;
    double falls = falls_without_highest(losses, size, state->next);
    if (!(falls < confidence)) return;
    lower(call, verdict, "{1=} is better with a probability of {2} in {4} looks, less than {3}", value, falls,
          confidence, (double)size);
    state->kept -= (of_gradient ? DROPPED : DROPPED_OF_MODEL) + size / 10;
    if (state->kept < 0) state->kept = 0;
}

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    slope_state *state = memory;
    double time;
    if (!gradus_rate_hold(&state->held, metric, &value, &time, now)) return;
    if (state->cooling > 0)
        state->cooling--;
    else if ((int)call->number[TEST] == DLIB)
        dlib_look(call, state, metric, value, verdict);
    else
        window_look(call, state, value, verdict);
}

static const gradus_argument arguments[] = {
    {.name = "window",
     .kind = GRADUS_INTEGER,
     .initial = "2000",
     .low = FIRST,
     .high = 10000000,
     .help = "looks in the first window",
     .search = "int(500, 5000)"},
    RATE_METRIC_ROW("loss", "the measure to watch, raw: its noise is measured, so do not smooth it"),
    {.name = "confidence",
     .kind = GRADUS_SHARE,
     .initial = "95%",
     .low = 0.5,
     .high = 1,
     .open = "()",
     .flags = GRADUS_NAMED,
     .help = "how sure it is, over all windows at a rate, not to lower it while the measure still gets better"},
    RATE_FACTOR_ROW,
    {.name = "min_delta",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "getting better by less than this share of the measure in a window is none",
     .also = "threshold, tolerance"},
    RATE_MODE_ROW,
    RATE_WHOLE_ROW("cooldown", "0", 0, "looks after a reduction that do not count"),
    RATE_FLOOR_ROW("0"),
    {.name = "test",
     .kind = GRADUS_WORD,
     .initial = "windows",
     .words = "windows|dlib",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "dlib: one sliding window, looked at every few updates; confidence is then the probability of a fall that "
             "counts as one"},
    {.name = "until",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = 1,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "the run ends when the factor falls below this"},
    {0}};

static const gradus_like like[] = {{"dlib", "dnn_trainer",
                                    "iterations_without_progress_threshold=window, learning_rate_shrink_factor=factor, "
                                    "min_learning_rate=until absolute, probability_of_decrease=confidence",
                                    "test=dlib, confidence=51%, until=1e-5 absolute"},
                                   {0}};

static const char notes[] =
    "A false alarm is a fall of the rate while the loss still falls. Of a loss that falls by 2.2 standard errors of "
    "its slope in the first window and by as much in each that follows (as the logarithm of time does), or faster, "
    "at most 5 % of stays at a rate end in one, all windows together, whether or not neighbouring losses go "
    "together. A slower fall is a plateau to it: a longer window sees more. Windows do not overlap, and each is 1.3 "
    "times as long as the one before; one that leaves a doubt goes on for half its length. A plateau is found within "
    "one and a half windows of those in hand, on average; bench/slope measures all this. After a reduction it begins "
    "anew with a first window.\n"
    "like=dlib lowers the rate when the probability of a fall in the last 2000 losses (500 is usual for a measure of "
    "the model) is below 51 %, with and without the tenth of them that is highest. That is the toss of a coin, "
    "tossed again at every look: a loss that falls by 2.2 standard errors a window is cut short in nine runs of ten.";

const gradus_feedback_row gradus_feedback_slope = {
    .member = {.name = "slope",
               .summary = "lowers the rate when a line through the losses does not fall any more",
               .formula = "x factor when -slope / se(slope) of the losses of a window is below its limit",
               .paper = "King 2018, Automatic Learning Rate Scheduling That Really Works, "
                        "blog.dlib.net/2018/02/automatic-learning-rate-scheduling-that.html",
               .also = "auto_shrink, learning_rate_shrink, trend",
               .arguments = arguments,
               .like = like,
               .notes = notes,
               .example = "slope(60, factor=0.5)"},
    .abi = GRADUS_ABI,
    .state_size = sizeof(slope_state),
    .fields = fields,
    .observe = observe,
    .length = losses_kept};

/* like= where the golden vectors have no case: rates of the packages themselves, in double precision. DeepSpeed 0.19.8 (its schedulers
 * stepped after every update), pytorch_optimizer 4.1.0, transformers 5.23.0, timm 1.0.31; llm.c by its formula. */
#include "check.h"
#include "gradus/gradus.h"

enum { POINTS = 14 };
typedef struct like_case {
    const char *spec;
    struct {
        int update;
        double rate; /* of a base of 0.1 */
    } points[POINTS + 1];
} like_case;

static const like_case cases[] = {
    {"cosine(total_num_steps=40, warmup_num_steps=10, like=deepspeed)",
     {{0, 0},
      {1, 0},
      {2, 0.030102999566398114},
      {5, 0.06989700043360186},
      {9, 0.09542425094393248},
      {10, 0.09999999999999999},
      {11, 0.09972612215893684},
      {20, 0.0750025},
      {39, 0.0002838778410631769},
      {40, 1e-05},
      {45, 1e-05}}},
    {"cosine(total_num_steps=40, warmup_num_steps=10, warmup_type=linear, warmup_min_ratio=0.1, cos_min_ratio=0.2, "
     "like=deepspeed)",
     {{0, 0},
      {1, 0.010000000000000002},
      {2, 0.019000000000000003},
      {5, 0.04600000000000001},
      {9, 0.08200000000000002},
      {10, 0.09100000000000001},
      {11, 0.09978087581473094},
      {20, 0.08000000000000002},
      {39, 0.02021912418526907},
      {40, 0.020000000000000004},
      {45, 0.020000000000000004}}},
    {"cosine(total_num_steps=12, warmup_num_steps=1, warmup_type=linear, like=deepspeed)",
     {{0, 0},
      {1, 0},
      {2, 0.05},
      {3, 0.09755307053217621},
      {4, 0.0904518046337755},
      {11, 0.0024569294678237993},
      {12, 1e-05},
      {13, 1e-05}}},
    {"cosine(t_max=30, max_lr=0.1, min_lr=0.01, init_lr=0.02, warmup_steps=5, like=pytorch_optimizer)",
     {{0, 0.02},
      {1, 0.036000000000000004},
      {4, 0.084},
      {5, 0.1},
      {6, 0.09964516155915151},
      {20, 0.04109423525312737},
      {30, 0.01},
      {35, 0.01859423525312736}}},
    {"cosine_restarts(first_cycle_steps=12, cycle_mult=1.5, max_lr=0.1, min_lr=0.001, warmup_steps=3, gamma=0.8, "
     "like=pytorch_optimizer)",
     {{0, 0.001},
      {1, 0.034},
      {3, 0.1},
      {4, 0.09701478472890247},
      {11, 0.003985215271097539},
      {12, 0.001},
      {13, 0.027333333333333338},
      {15, 0.08000000000000002},
      {27, 0.0021477982116709458},
      {28, 0.001},
      {31, 0.06400000000000002},
      {60, 0.04384838020778235},
      {61, 0.04174959402665423},
      {150, 0.024826000000000008}}},
    {"cosine_restarts(first_cycle_steps=20, cycle_mult=0.5, max_lr=0.1, warmup_steps=2, like=pytorch_optimizer)",
     {{0, 1e-06},
      {1, 0.0500005},
      {3, 0.0992403952467339},
      {4, 0.09698466119298503},
      {11, 0.0500005},
      {12, 0.04131817794074232},
      {13, 0.03289966384378824},
      {15, 0.017861440909477878},
      {27, 0.03718641882907697},
      {28, 0.022500750000000014},
      {31, 1e-06},
      {60, 0.017434422005000005},
      {61, 0.03486784401000001},
      {150, 0.0007395441470717305}}},
    {"cosine(num_warmup_steps=5, num_training_steps=30, min_lr=0.01, warmup_lr_rate=0.25, like=hf)",
     {{0, 0.025},
      {1, 0.043750000000000004},
      {3, 0.08125},
      {4, 0.1},
      {5, 0.09964516155915151},
      {6, 0.09858624225078841},
      {29, 0.01},
      {30, 0.010354838440848495},
      {40, 0.0465678408436424}}},
    {"cosine(num_warmup_steps=5, num_training_steps=30, min_lr_rate=0.1, warmup_lr_rate=none, like=hf)",
     {{0, 0.020000000000000004},
      {1, 0.04000000000000001},
      {3, 0.08000000000000002},
      {4, 0.1},
      {5, 0.09964516155915151},
      {6, 0.09858624225078841},
      {29, 0.010000000000000002},
      {30, 0.010354838440848496},
      {40, 0.0465678408436424}}},
    {"cosine(num_warmup_steps=1, num_training_steps=11, min_lr_rate=0.1, warmup_lr_rate=0.3, like=hf)",
     {{0, 0.03}, {1, 0.09779754323328192}, {2, 0.09140576474687263}, {10, 0.010000000000000002}}},
    {"cosine(num_warmup_steps=4, num_training_steps=24, num_cycles=1.5, like=hf)",
     {{0, 0},
      {3, 0.07500000000000001},
      {4, 0.1},
      {10, 0.0024471741852423235},
      {17, 0.0993844170297569},
      {24, 0},
      {30, 0.09755282581475767}}},
    {"cosine(t_initial=20, warmup_t=4, warmup_lr_init=0.01, noise_range_t=[3, 12], noise_pct=0.05, noise_std=0.5, "
     "noise_seed=123, like=timm)",
     {{0, 0.01},
      {2, 0.05500000000000001},
      {3, 0.07982681158432892},
      {4, 0.09125507912341138},
      {7, 0.0758339099197717},
      {11, 0.04230505290461613},
      {12, 0.03454915028125263},
      {19, 0.0006155829702431171},
      {20, 0}}},
    {"cosine_restarts(t_initial=10, cycle_mul=1.5, cycle_decay=0.5, cycle_limit=3, k_decay=2, warmup_t=2, "
     "warmup_prefix=true, noise_range_t=0, noise_pct=0.1, like=timm)",
     {{0, 0},
      {1, 0.053717245920439034},
      {2, 0.10589450259406201},
      {5, 0.08944047306389821},
      {11, 0.008204697724372382},
      {13, 0.04530682500340489},
      {26, 0.001996808494835926},
      {28, 0.02414768991714538},
      {40, 0.01818128036767087},
      {49, 0.00012681100888431795},
      {50, 0},
      {60, 0}}},
    {"cosine(warmup_iterations=7, train_num_batches=40, final_learning_rate_frac=0.1, like=llmc)",
     {{0, 0.014285714285714287},
      {1, 0.028571428571428574},
      {6, 0.1},
      {7, 0.1},
      {8, 0.09979623651578881},
      {20, 0.06971805834928396},
      {39, 0.010203763484211195},
      {40, 0.010000000000000002}}},
    {"cosine(train_num_batches=40, like=llmc)",
     {{0, 0.1}, {1, 0.0998458666866564}, {20, 0.05}, {39, 0.0001541333133436018}, {40, 0}}},
};

static void test_rates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gradus_error error = {0};
        gradus_schedule *schedule = gradus_schedule_create(cases[i].spec, &(gradus_units){.base = 0.1}, NULL, &error);
        if (!schedule) fail_msg("%s: %s", cases[i].spec, error.message);
        for (int p = 0; p == 0 || cases[i].points[p].update > 0; p++) {
            int update = cases[i].points[p].update;
            double rate = 0.1 * gradus_schedule_at(schedule, update), expected = cases[i].points[p].rate;
            if (!check_is_close(rate, expected, 1e-12, 1e-16))
                fail_msg("%s: update %d: %.17g, expected %.17g", cases[i].spec, update, rate, expected);
        }
        gradus_schedule_destroy(schedule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

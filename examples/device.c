/* Tensors in a device's memory, which the library never touches: it counts, clips and works out the numbers of each update, the caller
 * launches the kernels. Here the device is a function that works on memory of its own. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COUNT = 3, UPDATES = 300, CONSTANTS = 8 };

typedef struct device_tensor {
    const char *name;
    float values[COUNT], gradient[COUNT];
} device_tensor;

static double device_gradient(device_tensor *t)
{
    double loss = 0;
    for (int i = 0; i < COUNT; i++) {
        t->gradient[i] = t->values[i] - (float)(i + 1);
        loss += 0.5 * t->gradient[i] * t->gradient[i];
    }
    return loss;
}

static double device_norm(const device_tensor *t)
{
    double sum = 0;
    for (int i = 0; i < COUNT; i++) sum += t->gradient[i] * t->gradient[i];
    return sqrt(sum);
}

/* The kernel that the caller would launch: x <- x - step scale g, the plain sgd of the library. */
static void launch(device_tensor *t, float scale, float step)
{
    for (int i = 0; i < COUNT; i++) t->values[i] -= step * (scale * t->gradient[i]);
}

static int32_t place_of(const gradus_optimizer *optimizer, const char *name)
{
    const char *here;
    for (int32_t i = 0; (here = gradus_optimizer_constant_name(optimizer, i)); i++)
        if (!strcmp(here, name)) return i;
    return -1;
}

int main(void)
{
    device_tensor t = {.name = "w"};
    gradus_error error = {0};
    double loss = 0;
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){.base = 0.1, .schedule = "warmup(5%) > cosine(to=10%)", .units = {.total = UPDATES}},
        &error);
    gradus_optimizer *rule =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .gradient = "clip_norm(1)"}, &error);
    gradus_optimizer_add(
        rule,
        &(gradus_parameter){
            .name = t.name, .shape = {COUNT}, .place = GRADUS_ELSEWHERE, .values = t.values, .gradient = t.gradient},
        &error);
    const int32_t scale = place_of(rule, "scale"), step = place_of(rule, "step");
    while (!gradus_policy_finished(policy) && !error.status) {
        gradus_decision decision;
        double exact[CONSTANTS];
        loss = device_gradient(&t);
        gradus_policy_observe(policy, "loss", loss);
        if (gradus_policy_decide(policy, &decision) != GRADUS_APPLY) continue;
        gradus_optimizer_step(rule, &(gradus_step){.rate = decision.rate, .gradient_norm = device_norm(&t)}, &error);
        if (gradus_optimizer_constants(rule, 0, exact, CONSTANTS) > step && scale >= 0 && step >= 0)
            launch(&t, (float)exact[scale], (float)exact[step]);
        gradus_policy_applied(policy, NULL);
    }
    printf("loss %.3g after %d updates %s\n", loss, UPDATES, error.message);
    gradus_optimizer_destroy(rule);
    gradus_policy_destroy(policy);
    return error.status || loss > 1e-3;
}

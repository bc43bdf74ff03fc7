/* What the tests of policies share: one made or the reason why not, and loops that apply what is decided. */
#ifndef GRADUS_TESTS_RATE_POLICIES_H
#define GRADUS_TESTS_RATE_POLICIES_H
#include "check.h"
#include "gradus/base.h"

static inline gradus_policy *make(const gradus_policy_config *config)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(config, &error);
    if (!policy) fail_msg("%s > %s: %s", config->schedule, config->feedback, error.message);
    return policy;
}

static inline gradus_decision step(gradus_policy *policy)
{
    gradus_decision decision;
    if (gradus_policy_decide(policy, &decision) == GRADUS_APPLY) gradus_policy_applied(policy, NULL);
    return decision;
}

static inline void step_to(gradus_policy *policy, int64_t update)
{
    while (step(policy).update < update - 1) {
    }
}

#endif

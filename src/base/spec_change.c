/* Changes from outside: paths into a text, such as warmup.length=10%, put into its tree before it is bound.
 * So far none is understood, and each is refused. */
#include "spec_bind.h"

bool gradus_bind_changes(gradus_binder *b, const gradus_spec_config *config, const gradus_family *family,
                         tree_node **root)
{
    (void)family, (void)root;
    if (!config->changes || !config->changes[0]) return true;
    gradus_fail(b->error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED, "changes are not understood yet");
    return false;
}

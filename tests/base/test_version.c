/* The library that is linked says the version and the ABI of the header it is used with. */
#include "check.h"
#include "gradus/gradus.h"

static void test_library_and_header_agree(void **state)
{
    (void)state;
    assert_int_equal(gradus_version(), GRADUS_VERSION);
    assert_int_equal(gradus_abi(), GRADUS_ABI);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_library_and_header_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SHA-256 against the examples of FIPS 180-4 and its supplements, and fed in pieces of every length. */
#include "../../src/data/sha256.h"
#include "check.h"

static void check_sum(const void *bytes, size_t size, const char *expected)
{
    gradus_sha256 sum;
    char text[GRADUS_SHA256_TEXT];
    gradus_sha256_begin(&sum);
    gradus_sha256_add(&sum, bytes, size);
    gradus_sha256_end(&sum, text);
    assert_string_equal(text, expected);
}

static void test_examples(void **state)
{
    (void)state;
    check_sum("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_sum("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_sum("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check_sum("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
              "nopqrstu",
              112, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    check_sum(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

/* Each length around the places where a block is full or the length no longer fits, whole and in two pieces. */
static void test_pieces(void **state)
{
    (void)state;
    unsigned char bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 37 + 11);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        gradus_sha256 whole, pieces;
        char expected[GRADUS_SHA256_TEXT], text[GRADUS_SHA256_TEXT];
        gradus_sha256_begin(&whole);
        gradus_sha256_add(&whole, bytes, size);
        gradus_sha256_end(&whole, expected);
        for (size_t cut = 0; cut <= size; cut += 7) {
            gradus_sha256_begin(&pieces);
            gradus_sha256_add(&pieces, bytes, cut);
            gradus_sha256_add(&pieces, bytes + cut, size - cut);
            gradus_sha256_end(&pieces, text);
            assert_string_equal(text, expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples), cmocka_unit_test(test_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

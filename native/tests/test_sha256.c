/* SHA-256 against its published vectors. */
#include "harness.h"
#include "sha256.h"

#include <string.h>

static void digest_of(const char *text, size_t repeat, char hex[65])
{
    ds4_sha256 hash;
    uint8_t digest[32];
    ds4_sha256_init(&hash);
    for (size_t i = 0; i < repeat; i++)
        ds4_sha256_add(&hash, text, strlen(text));
    ds4_sha256_finish(&hash, digest);
    ds4_sha256_hex(digest, hex);
}

static void SHA256_reproduces_its_published_vectors(void)
{
    char hex[65];
    digest_of("", 1, hex);
    REQUIRE(strcmp(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") == 0);
    digest_of("abc", 1, hex);
    REQUIRE(strcmp(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") == 0);
    digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, hex);
    REQUIRE(strcmp(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1") == 0);
    digest_of("aaaaaaaaaa", 100000, hex);
    REQUIRE(strcmp(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0") == 0);
}

const test sha256_tests[] = {TEST(SHA256_reproduces_its_published_vectors), {NULL, NULL}};

/* sha256.h: SHA-256 (FIPS 180-4), incremental. */
#ifndef DS4_SHA256_H
#define DS4_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct ds4_sha256 {
    uint32_t state[8];
    uint64_t length;   /* bytes so far */
    uint8_t block[64]; /* the open block: length % 64 bytes of it are filled */
} ds4_sha256;

void ds4_sha256_init(ds4_sha256 *hash);
void ds4_sha256_add(ds4_sha256 *hash, const void *data, size_t size);
void ds4_sha256_finish(ds4_sha256 *hash, uint8_t digest[32]);

/* Lower-case hexadecimal digits of a digest, NUL-terminated. */
void ds4_sha256_hex(const uint8_t digest[32], char text[65]);

#endif

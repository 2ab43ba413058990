/* fingerprint.c: the identity of a model file.
 *
 * DESIGN   Header and tensor table tell apart everything but files whose weights alone differ; the sampled blocks tell
 *          those apart. The file size is in it as 8 little-endian bytes, between the
 *          two. The first block starts where the data start, the last one ends where they end.
 */
#include "fingerprint.h"
#include "sha256.h"

enum { SAMPLES = 64, SAMPLE_BYTES = 4096 };

void ds4_fingerprint(const ds4_gguf *gguf, char text[65])
{
    ds4_sha256 hash;
    uint8_t digest[32];
    const uint8_t *data = gguf->file.data + gguf->data_start;
    uint64_t size = gguf->file.size - gguf->data_start;

    ds4_sha256_init(&hash);
    ds4_sha256_add(&hash, gguf->file.data, (size_t)gguf->data_start);
    ds4_sha256_add(&hash, &gguf->file.size, sizeof gguf->file.size);
    if (size <= SAMPLES * SAMPLE_BYTES)
        ds4_sha256_add(&hash, data, (size_t)size);
    else
        for (uint64_t i = 0; i < SAMPLES; i++)
            ds4_sha256_add(&hash, data + (size - SAMPLE_BYTES) * i / (SAMPLES - 1), SAMPLE_BYTES);
    ds4_sha256_finish(&hash, digest);
    ds4_sha256_hex(digest, text);
}

/* checksum.h: a 64-bit checksum of streams, faster than memory is copied. */
#ifndef DS4_CHECKSUM_H
#define DS4_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { DS4_CHECKSUM_LANES = 4, DS4_CHECKSUM_BLOCK = 8 * DS4_CHECKSUM_LANES };

typedef struct ds4_checksum {
    uint64_t lane[DS4_CHECKSUM_LANES];
    uint64_t length;
    uint8_t tail[DS4_CHECKSUM_BLOCK]; /* the last length % 32 bytes */
} ds4_checksum;

void ds4_checksum_begin(ds4_checksum *checksum);

/* Pieces of any size: only their concatenation counts. */
void ds4_checksum_add(ds4_checksum *checksum, const void *data, size_t size);

uint64_t ds4_checksum_end(ds4_checksum *checksum);

#endif

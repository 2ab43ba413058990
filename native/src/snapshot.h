/* snapshot.h: the stream format of checkpoints.
 *
 * All numbers little-endian; rows in the order of their positions, values as the mode keeps them (F32, or F16). Nothing of
 * the layout depends on a backend, on how rows lie in memory, or on what was evaluated together.
 *
 *   header    128 bytes, below
 *   sections  each { u32 kind; u32 index; u64 payload bytes }, payload, u64 checksum of the two
 *
 *   logits       [vocabulary] F32
 *   windows      per layer: the raw rows of the last min(position, window) positions
 *   open rows    per compressed layer, kv then score: the open window's positions, for ratio 4 also the window before;
 *                for ratio 4 then the same of the indexer
 *   page of 4    (index i) per layer of ratio 4: attention rows 256·i …, then the indexer's
 *   page of 128  (index i) per layer of ratio 128: rows 256·i …
 *
 * Position 0 has no sections. A stream with a base leaves out the rows that the base has: its first page section begins
 * with the row after them. Which sections there are, and their sizes, follow from the model's shape, position and base; what a
 * stream says about them is only compared.
 */
#ifndef DS4_SNAPSHOT_H
#define DS4_SNAPSHOT_H

#include "checkpoint.h"

#include <string.h>

enum {
    DS4_SNAPSHOT_CHUNK = 256 << 10, /* bytes summed and transferred at once, so that the second finds them in the cache */
    DS4_SNAPSHOT_VERSION = 1,
    DS4_SNAPSHOT_HEADER = 128,
    DS4_SNAPSHOT_SECTION_HEADER = 16,
    DS4_SNAPSHOT_CHECKSUM = 8,

    /* Offsets in the header. */
    DS4_SNAPSHOT_AT_MAGIC = 0,        /* "DS4STATE" */
    DS4_SNAPSHOT_AT_VERSION = 8,      /* u32 */
    DS4_SNAPSHOT_AT_MODE = 12,        /* u32, ds4_mode */
    DS4_SNAPSHOT_AT_POSITION = 16,    /* u64, tokens */
    DS4_SNAPSHOT_AT_BASE = 24,        /* u64, tokens of the base; 0 = none */
    DS4_SNAPSHOT_AT_BASE_LOGITS = 32, /* u64, checksum of the base's logits: tells bases of one length apart */
    DS4_SNAPSHOT_AT_BYTES = 40,       /* u64, of the whole stream */
    DS4_SNAPSHOT_AT_FINGERPRINT = 48, /* 64 hexadecimal digits, of the model */
    DS4_SNAPSHOT_AT_RESERVED = 112,   /* u64, 0 */
    DS4_SNAPSHOT_AT_CHECKSUM = 120    /* u64, of the 120 bytes before */
};

typedef enum ds4_section_kind {
    DS4_SECTION_LOGITS = 1,
    DS4_SECTION_WINDOWS = 2,
    DS4_SECTION_OPEN_ROWS = 3,
    DS4_SECTION_PAGE_OVERLAPPING = 4,
    DS4_SECTION_PAGE_LONG = 5
} ds4_section_kind;

static const char ds4_snapshot_magic[8] = {'D', 'S', '4', 'S', 'T', 'A', 'T', 'E'};

/* Numbers as they stand in a stream. The engine runs on little-endian machines only (gguf.c), so they stand as they are. */
static inline void ds4_put_u32(uint8_t *place, uint32_t value)
{
    memcpy(place, &value, sizeof value);
}

static inline void ds4_put_u64(uint8_t *place, uint64_t value)
{
    memcpy(place, &value, sizeof value);
}

static inline uint32_t ds4_get_u32(const uint8_t *place)
{
    uint32_t value;
    memcpy(&value, place, sizeof value);
    return value;
}

static inline uint64_t ds4_get_u64(const uint8_t *place)
{
    uint64_t value;
    memcpy(&value, place, sizeof value);
    return value;
}

uint64_t ds4_snapshot_checksum(const void *data, size_t size);

/* What tells two checkpoints of one position apart: the checksum of their logits. 0 at position 0. */
uint64_t ds4_snapshot_identity(const ds4_checkpoint *checkpoint);

#endif

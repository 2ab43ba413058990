/* checksum.c: four multiplying lanes over 8-byte words.
 *
 * PURPOSE  To notice damage to a stream, not to withstand an attacker.
 *
 * DESIGN   Each step of a lane (xor, rotate, multiply by an odd number) is a bijection, so any change within one word
 *          changes the lane for good; the four lanes hide the latency of the multiplication. The rotation brings high bits
 *          down again: without it two flips of the highest bit would cancel. The length goes in last, so that zeros cut
 *          off or added are seen.
 */
#include "checksum.h"

#include <string.h>

static const uint64_t prime = 0x9e3779b185ebca87u;

static inline uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static inline uint64_t step(uint64_t lane, uint64_t word)
{
    return rotate(lane ^ word, 29) * prime;
}

void ds4_checksum_begin(ds4_checksum *checksum)
{
    memset(checksum, 0, sizeof *checksum);
    for (uint64_t i = 0; i < DS4_CHECKSUM_LANES; i++)
        checksum->lane[i] = prime * (i + 1);
}

static void add_blocks(ds4_checksum *checksum, const uint8_t *data, size_t blocks)
{
    uint64_t a = checksum->lane[0], b = checksum->lane[1], c = checksum->lane[2], d = checksum->lane[3];
    for (; blocks > 0; blocks--, data += DS4_CHECKSUM_BLOCK) {
        uint64_t word[DS4_CHECKSUM_LANES];
        memcpy(word, data, sizeof word);
        a = step(a, word[0]);
        b = step(b, word[1]);
        c = step(c, word[2]);
        d = step(d, word[3]);
    }
    checksum->lane[0] = a, checksum->lane[1] = b, checksum->lane[2] = c, checksum->lane[3] = d;
}

void ds4_checksum_add(ds4_checksum *checksum, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t waiting = (size_t)(checksum->length % DS4_CHECKSUM_BLOCK);
    checksum->length += size;
    if (waiting > 0) {
        size_t taken = DS4_CHECKSUM_BLOCK - waiting < size ? DS4_CHECKSUM_BLOCK - waiting : size;
        memcpy(checksum->tail + waiting, bytes, taken);
        bytes += taken, size -= taken;
        if (waiting + taken < DS4_CHECKSUM_BLOCK)
            return;
        add_blocks(checksum, checksum->tail, 1);
    }
    add_blocks(checksum, bytes, size / DS4_CHECKSUM_BLOCK);
    if (size % DS4_CHECKSUM_BLOCK > 0)
        memcpy(checksum->tail, bytes + size - size % DS4_CHECKSUM_BLOCK, size % DS4_CHECKSUM_BLOCK);
}

uint64_t ds4_checksum_end(ds4_checksum *checksum)
{
    size_t waiting = (size_t)(checksum->length % DS4_CHECKSUM_BLOCK);
    uint64_t sum = checksum->length;
    if (waiting > 0) {
        memset(checksum->tail + waiting, 0, DS4_CHECKSUM_BLOCK - waiting);
        add_blocks(checksum, checksum->tail, 1);
    }
    for (int i = 0; i < DS4_CHECKSUM_LANES; i++)
        sum = step(sum, checksum->lane[i] ^ checksum->lane[i] >> 32);
    return sum ^ sum >> 29;
}

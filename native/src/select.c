/* select.c: top-k selection.
 *
 * DESIGN   Rows are selected by radix: a score becomes an unsigned key of the same order, four histograms of one byte
 *          each find the k-th largest key, and one pass collects everything above it and the first ones equal to it.
 *          No sorting, no scratch memory, and ties go to the lowest index by construction.
 */
#include "select.h"

#include <stdbool.h>
#include <string.h>

/* Order-preserving: a < b gives key(a) < key(b); both zeros are one key; NaN is below everything. */
static uint32_t key_of(float score)
{
    uint32_t bits;
    if (score != score)
        return 0;
    score += 0.0f; /* -0 becomes +0 */
    memcpy(&bits, &score, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

void ds4_select_experts(const float *scores, uint32_t count, uint32_t k, uint32_t *chosen)
{
    for (uint32_t n = 0; n < k; n++) {
        uint32_t best = count, best_key = 0;
        for (uint32_t i = 0; i < count; i++) {
            bool taken = false;
            for (uint32_t j = 0; j < n; j++)
                taken |= chosen[j] == i;
            uint32_t key = key_of(scores[i]);
            if (!taken && (best == count || key > best_key))
                best = i, best_key = key;
        }
        chosen[n] = best;
    }
}

/* The k-th largest key, and in `equal` how many keys equal to it belong to the selection. */
static uint32_t threshold(const float *scores, uint32_t count, uint32_t k, uint32_t *equal)
{
    uint32_t prefix = 0, mask = 0, wanted = k;
    for (int shift = 24; shift >= 0; shift -= 8) {
        uint32_t histogram[256] = {0};
        for (uint32_t i = 0; i < count; i++) {
            uint32_t key = key_of(scores[i]);
            if ((key & mask) == prefix)
                histogram[key >> shift & 255]++;
        }
        uint32_t digit = 255;
        while (histogram[digit] < wanted)
            wanted -= histogram[digit--];
        prefix |= digit << shift;
        mask |= 255u << shift;
    }
    *equal = wanted;
    return prefix;
}

void ds4_select_rows(const float *scores, uint32_t count, uint32_t k, uint32_t *chosen)
{
    if (k == 0)
        return;
    uint32_t equal, limit = threshold(scores, count, k, &equal);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t key = key_of(scores[i]);
        if (key > limit)
            *chosen++ = i;
        else if (key == limit && equal > 0) {
            equal--;
            *chosen++ = i;
        }
    }
}

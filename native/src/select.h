/* select.h: the best k of n by score; equal scores go to the lowest index, on every backend. */
#ifndef DS4_SELECT_H
#define DS4_SELECT_H

#include <stdint.h>

/* Writes the indices of the `k` largest of `count` scores (k <= count), best first. Meant for a handful of experts.
 * NaN counts as the smallest value, so the indices are valid whatever the scores. */
void ds4_select_experts(const float *scores, uint32_t count, uint32_t k, uint32_t *chosen);

/* Writes the indices of the `k` largest of `count` scores (k <= count) in ascending order, in linear time. */
void ds4_select_rows(const float *scores, uint32_t count, uint32_t k, uint32_t *chosen);

#endif

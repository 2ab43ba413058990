/* integers.h: the few things that sizes and counts need everywhere. */
#ifndef DS4_INTEGERS_H
#define DS4_INTEGERS_H

#include <stdint.h>

static inline uint64_t ds4_larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline uint64_t ds4_smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The smaller of two counts. */
static inline uint32_t ds4_least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How many parts of `b` cover `a`. */
static inline uint32_t ds4_divide_up(uint64_t a, uint32_t b)
{
    return (uint32_t)(a / b + (a % b != 0));
}

#endif

/* samples.c: median and range. */
#include "samples.h"

#include <stdlib.h>
#include <string.h>

void add_sample(samples *s, double value)
{
    if (s->count < MAX_SAMPLES)
        s->values[s->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median_of(const samples *s)
{
    double sorted[MAX_SAMPLES];
    if (s->count == 0)
        return 0;
    memcpy(sorted, s->values, s->count * sizeof sorted[0]);
    qsort(sorted, s->count, sizeof sorted[0], compare);
    return (sorted[(s->count - 1) / 2] + sorted[s->count / 2]) / 2;
}

double smallest_of(const samples *s)
{
    double result = s->count > 0 ? s->values[0] : 0;
    for (uint32_t i = 1; i < s->count; i++)
        result = s->values[i] < result ? s->values[i] : result;
    return result;
}

double largest_of(const samples *s)
{
    double result = s->count > 0 ? s->values[0] : 0;
    for (uint32_t i = 1; i < s->count; i++)
        result = s->values[i] > result ? s->values[i] : result;
    return result;
}

/* samples.h: repeated measurements of one quantity.
 *
 * A virtual machine's speed swings by half within minutes, so a single figure says little and a mean is drawn by outliers.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdint.h>

enum { MAX_SAMPLES = 1000 };

typedef struct samples {
    double values[MAX_SAMPLES];
    uint32_t count;
} samples;

/* Ignored once MAX_SAMPLES are there. */
void add_sample(samples *s, double value);

/* 0 when there is none. Of an even number, the median is the mean of the two in the middle. */
double median_of(const samples *s);
double smallest_of(const samples *s);
double largest_of(const samples *s);

#endif

/* rows.h: what the rows of the goal table share. */
#ifndef ROWS_H
#define ROWS_H

#include "stand.h"

typedef struct options {
    const char *q2, *q4, *deep, *scratch;
    uint32_t runs, prompts, long_prompt, threads;
} options;

/* Median and range of the samples, each times `scale`. */
void print_row(const char *what, const samples *s, double scale, const char *unit, const char *goal);

/* A session filled to twice the long prompt: its memory, checkpoints and snapshots. False after saying why. */
bool state_rows(const options *o, const stand *s);

#endif

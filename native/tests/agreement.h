/* agreement.h: how far logits are from those that they should be, and the golden data that they are compared with. */
#ifndef AGREEMENT_H
#define AGREEMENT_H

#include "ds4.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GOLDEN_TOKENS = 300, GOLDEN_VOCABULARY = 320 };

/* The golden prompt; false after reporting a failure. */
bool load_golden_tokens(int32_t tokens[GOLDEN_TOKENS]);

/* A row of logits after each golden token, by the name of its file; to be freed; NULL after reporting a failure. */
float *load_golden_logits(const char *name);

/* The token ids of a text file, `most` of them at most; returns their number. */
size_t read_tokens(const char *path, int32_t *tokens, size_t most);

/* Norm of the difference over the norm of what is expected. */
double relative_error(const float *found, const float *expected, size_t count);

/* The largest relative error of `rows` rows; NaN when one is. */
double largest_error(const float *found, const float *expected, size_t rows, size_t vocabulary);

int32_t best_token(const float *logits, size_t vocabulary);

/* What rows have in common with those that are expected. */
typedef struct agreement {
    double equal;      /* share of rows with the same best token */
    double error;      /* median of the relative errors */
    double divergence; /* mean Kullback-Leibler divergence, in nats */
} agreement;

/* `rows` is at most GOLDEN_TOKENS. */
agreement agreement_of(const float *found, const float *expected, size_t rows, size_t vocabulary);

#endif

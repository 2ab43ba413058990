#include "agreement.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

size_t read_tokens(const char *path, int32_t *tokens, size_t most)
{
    FILE *file = fopen(path, "r");
    size_t count = 0;
    while (file != NULL && count < most && fscanf(file, "%d", &tokens[count]) == 1)
        count++;
    if (file != NULL)
        (void)fclose(file);
    return count;
}

bool load_golden_tokens(int32_t tokens[GOLDEN_TOKENS])
{
    size_t count = read_tokens(golden_path("ids.txt"), tokens, GOLDEN_TOKENS);
    if (count != GOLDEN_TOKENS)
        report_failure("ids.txt", 0, "has %zu of %d token ids", count, GOLDEN_TOKENS);
    return count == GOLDEN_TOKENS;
}

float *load_golden_logits(const char *name)
{
    size_t size;
    uint8_t *data = read_whole_file(golden_path(name), &size);
    if (data != NULL && size != GOLDEN_TOKENS * GOLDEN_VOCABULARY * sizeof(float)) {
        report_failure(name, 0, "has %zu bytes", size);
        free(data);
        return NULL;
    }
    return (float *)(void *)data;
}

double relative_error(const float *found, const float *expected, size_t count)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)found[i] - expected[i];
        difference += d * d;
        norm += (double)expected[i] * expected[i];
    }
    return sqrt(difference / norm);
}

double largest_error(const float *found, const float *expected, size_t rows, size_t vocabulary)
{
    double largest = 0;
    for (size_t row = 0; row < rows; row++) {
        double error = relative_error(found + row * vocabulary, expected + row * vocabulary, vocabulary);
        if (!(error <= largest)) /* NaN is the largest */
            largest = error;
    }
    return largest;
}

int32_t best_token(const float *logits, size_t vocabulary)
{
    size_t best = 0;
    for (size_t i = 1; i < vocabulary; i++)
        best = logits[i] > logits[best] ? i : best;
    return (int32_t)best;
}

static double log_sum(const float *logits, size_t vocabulary)
{
    double largest = logits[best_token(logits, vocabulary)], sum = 0;
    for (size_t i = 0; i < vocabulary; i++)
        sum += exp(logits[i] - largest);
    return largest + log(sum);
}

static double divergence(const float *found, const float *expected, size_t vocabulary)
{
    double found_sum = log_sum(found, vocabulary), expected_sum = log_sum(expected, vocabulary), kl = 0;
    for (size_t i = 0; i < vocabulary; i++) {
        double p = expected[i] - expected_sum;
        kl += exp(p) * (p - (found[i] - found_sum));
    }
    return kl;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

agreement agreement_of(const float *found, const float *expected, size_t rows, size_t vocabulary)
{
    double errors[GOLDEN_TOKENS];
    agreement agreed = {0};
    size_t equal = 0;
    for (size_t row = 0; row < rows; row++) {
        const float *x = found + row * vocabulary, *y = expected + row * vocabulary;
        errors[row] = relative_error(x, y, vocabulary);
        agreed.divergence += divergence(x, y, vocabulary) / (double)rows;
        equal += best_token(x, vocabulary) == best_token(y, vocabulary);
    }
    qsort(errors, rows, sizeof errors[0], compare_doubles);
    agreed.equal = (double)equal / (double)rows;
    agreed.error = errors[rows / 2];
    return agreed;
}

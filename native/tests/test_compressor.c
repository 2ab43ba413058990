/* Pooling of compressed rows, against the definition in double precision. */
#include "compressor.h"
#include "harness.h"

#include <math.h>

enum { DIM = 128, POSITIONS = 512 };

/* Projections of POSITIONS positions, twice DIM wide as the overlapping kind needs. */
static float values[POSITIONS][2 * DIM], scores[POSITIONS][2 * DIM];

static void fill_projections(void)
{
    random_source random = {5};
    for (int p = 0; p < POSITIONS; p++)
        for (int j = 0; j < 2 * DIM; j++) {
            values[p][j] = random_float(&random);
            scores[p][j] = 4 * random_float(&random);
        }
}

static ds4_projection projection_at(const void *context, uint64_t position)
{
    (void)context;
    return (ds4_projection){values[position], scores[position]};
}

static double pooled_value(uint32_t ratio, int row, int j)
{
    double total = 0, sum = 0;
    bool overlaps = ratio == 4;
    for (int p = (row - (overlaps ? 1 : 0)) * (int)ratio; p < (row + 1) * (int)ratio; p++) {
        int half = overlaps && p >= row * (int)ratio ? DIM : 0;
        if (p < 0)
            continue;
        double weight = exp(scores[p][half + j]);
        total += weight;
        sum += weight * values[p][half + j];
    }
    return sum / total;
}

static void check_row(uint32_t ratio, uint32_t row, uint32_t entries)
{
    ds4_pooled pooled;
    float out[DIM];
    fill_projections();
    ds4_collect_pooled(ratio, DIM, row, projection_at, NULL, &pooled);
    REQUIRE(pooled.count == entries);
    ds4_pool_rows(&pooled, DIM, out);
    for (int j = 0; j < DIM; j++)
        REQUIRE_NEAR(out[j], pooled_value(ratio, (int)row, j), 1e-6);
}

static void A_long_row_is_pooled_from_its_128_tokens(void)
{
    check_row(DS4_RATIO_LONG, 0, 128);
    check_row(DS4_RATIO_LONG, 2, 128);
}

static void The_first_overlapping_row_is_pooled_from_its_own_four_tokens(void)
{
    check_row(DS4_RATIO_OVERLAPPING, 0, 4);
}

static void An_overlapping_row_takes_first_halves_of_the_previous_window_and_second_halves_of_its_own(void)
{
    check_row(DS4_RATIO_OVERLAPPING, 1, 8);
    check_row(DS4_RATIO_OVERLAPPING, 77, 8);
}

static void Pooling_survives_scores_that_overflow_an_exponential(void)
{
    float value[64], low[64], high[64], out[64];
    ds4_pooled pooled = {.values = {value, value}, .scores = {low, high}, .count = 2};
    for (int j = 0; j < 64; j++)
        value[j] = (float)j, low[j] = -1000, high[j] = 1000;
    ds4_pool_rows(&pooled, 64, out);
    for (int j = 0; j < 64; j++)
        REQUIRE_NEAR(out[j], j, 0);
}

const test compressor_tests[] = {
    TEST(A_long_row_is_pooled_from_its_128_tokens),
    TEST(The_first_overlapping_row_is_pooled_from_its_own_four_tokens),
    TEST(An_overlapping_row_takes_first_halves_of_the_previous_window_and_second_halves_of_its_own),
    TEST(Pooling_survives_scores_that_overflow_an_exponential),
    {NULL, NULL},
};

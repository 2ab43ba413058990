/* Top-k selection. */
#include "harness.h"
#include "select.h"

#include <math.h>
#include <string.h>

static void Experts_are_chosen_best_first(void)
{
    const float scores[] = {0.1f, 0.9f, -3, 0.5f, 0.7f};
    uint32_t chosen[3];
    ds4_select_experts(scores, 5, 3, chosen);
    REQUIRE(chosen[0] == 1 && chosen[1] == 4 && chosen[2] == 3);
}

static void Equal_experts_are_chosen_by_the_lowest_index(void)
{
    const float scores[] = {0.5f, 0.7f, 0.7f, 0.5f, 0.7f, 0.5f};
    uint32_t chosen[4];
    ds4_select_experts(scores, 6, 4, chosen);
    REQUIRE(chosen[0] == 1 && chosen[1] == 2 && chosen[2] == 4 && chosen[3] == 0);
}

static void Experts_are_distinct_whatever_the_scores(void)
{
    const float scores[] = {NAN, -INFINITY, NAN, NAN};
    uint32_t chosen[4];
    ds4_select_experts(scores, 4, 4, chosen);
    REQUIRE(chosen[0] == 1 && chosen[1] == 0 && chosen[2] == 2 && chosen[3] == 3);
}

static void Rows_are_selected_in_ascending_order(void)
{
    const float scores[] = {3, -1, 7, 0.5f, 2, -8};
    uint32_t chosen[3];
    ds4_select_rows(scores, 6, 3, chosen);
    REQUIRE(chosen[0] == 0 && chosen[1] == 2 && chosen[2] == 4);
}

static void Equal_rows_are_selected_by_the_lowest_index(void)
{
    const float scores[] = {0, 1, 0, -0.0f, 0, 1};
    uint32_t chosen[4];
    ds4_select_rows(scores, 6, 4, chosen);
    REQUIRE(chosen[0] == 0 && chosen[1] == 1 && chosen[2] == 2 && chosen[3] == 5);
    const float zeros[] = {-0.0f, 0, -0.0f, 0};
    ds4_select_rows(zeros, 4, 2, chosen);
    REQUIRE(chosen[0] == 0 && chosen[1] == 1);
}

/* Counts, for every row, the rows that come before it in the order of selection. */
static bool belongs(const float *scores, uint32_t count, uint32_t k, uint32_t row)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < count; i++)
        before += scores[i] > scores[row] || (scores[i] == scores[row] && i < row);
    return before < k;
}

static void Rows_selected_from_random_scores_are_the_best_ones(void)
{
    random_source random = {99};
    float scores[300];
    uint32_t chosen[300];
    for (int round = 0; round < 200; round++) {
        uint32_t count = 1 + random_bits(&random) % 300, k = random_bits(&random) % (count + 1), place = 0;
        for (uint32_t i = 0; i < count; i++) /* coarse, so that ties are common */
            scores[i] = (float)((int)(random_bits(&random) % 17) - 8) * (round % 2 ? 0.1f : 1e20f);
        memset(chosen, 0xff, sizeof chosen);
        ds4_select_rows(scores, count, k, chosen);
        for (uint32_t i = 0; i < count; i++)
            if (belongs(scores, count, k, i))
                REQUIRE(chosen[place++] == i);
        REQUIRE(place == k && (k == 300 || chosen[k] == UINT32_MAX));
    }
}

const test select_tests[] = {
    TEST(Experts_are_chosen_best_first),
    TEST(Equal_experts_are_chosen_by_the_lowest_index),
    TEST(Experts_are_distinct_whatever_the_scores),
    TEST(Rows_are_selected_in_ascending_order),
    TEST(Equal_rows_are_selected_by_the_lowest_index),
    TEST(Rows_selected_from_random_scores_are_the_best_ones),
    {NULL, NULL},
};

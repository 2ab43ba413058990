/* Kernels by themselves, with inputs that no model of the tests gives them. */
#include "../../metal/arguments.h"
#include "gpu_sim.h"
#include "harness.h"
#include "select.h"

#include <math.h>
#include <string.h>

enum { ROWS = 40, TOP_K = 33, EXPERTS = 40, USED = 6 };

/* A device, and as many buffers as a test asks for. */
typedef struct bench {
    ds4_gpu *gpu;
    ds4_gpu_memory memory[8];
    int taken;
} bench;

static void *take(bench *b, uint64_t bytes, uint64_t *address)
{
    ds4_gpu_memory *memory = &b->memory[b->taken++];
    if (ds4_gpu_allocate(b->gpu, bytes, memory, NULL) != DS4_OK)
        return NULL;
    *address = memory->address;
    return memory->host;
}

static void close_bench(bench *b)
{
    while (b->taken > 0)
        ds4_gpu_release(b->gpu, &b->memory[--b->taken]);
    ds4_gpu_close(b->gpu);
}

static bool run_kernel(bench *b, const char *name, const void *arguments, uint32_t bytes, uint32_t threads, uint32_t shared)
{
    const ds4_gpu_pipeline *pipeline;
    if (ds4_gpu_find_pipeline(b->gpu, name, &pipeline, NULL) != DS4_OK)
        return false;
    ds4_gpu_dispatch(b->gpu, pipeline, arguments, bytes, (ds4_gpu_grid){1, 1, 1}, threads, (shared + 15) / 16 * 16);
    return ds4_gpu_finish(b->gpu, NULL) == DS4_OK;
}

/* Of 40 scores, nine are no numbers: two of them must be chosen too, the lowest rows. */
static void Rows_whose_scores_are_no_numbers_are_chosen_last_as_on_the_CPU(void)
{
    bench b = {.taken = 0};
    uint32_t expected[TOP_K];
    ds4_gpu_index arguments = {.step = {.ratio = 4}, .heads = 1, .top_k = TOP_K, .most_rows = ROWS};
    REQUIRE(ds4_gpu_open(&b.gpu, NULL) == DS4_OK);
    ds4_gpu_row *row = take(&b, sizeof *row, &arguments.step.rows);
    float *scores = take(&b, ROWS * sizeof *scores, &arguments.scores);
    uint32_t *selected = take(&b, TOP_K * sizeof *selected, &arguments.selected);
    *row = (ds4_gpu_row){4 * ROWS - 1, 0, 0};
    for (uint32_t i = 0; i < ROWS; i++)
        scores[i] = i % 5 == 3 || i == 20 ? NAN : i % 7 == 0 ? -INFINITY : (float)(i % 11) - 5;
    ds4_select_rows(scores, ROWS, TOP_K, expected);
    REQUIRE(run_kernel(&b, "index_select", &arguments, sizeof arguments, 256, (256 + 16 + 2) * sizeof(uint32_t)));
    REQUIRE(memcmp(selected, expected, sizeof expected) == 0);
    close_bench(&b);
}

static void Experts_whose_scores_are_no_numbers_are_chosen_last_as_on_the_CPU(void)
{
    bench b = {.taken = 0};
    uint32_t expected[USED];
    float affinity[EXPERTS];
    ds4_gpu_route arguments = {.experts = EXPERTS, .used = USED, .scale = 1};
    REQUIRE(ds4_gpu_open(&b.gpu, NULL) == DS4_OK);
    float *router = take(&b, EXPERTS * sizeof *router, &arguments.router);
    uint32_t *chosen = take(&b, USED * sizeof *chosen, &arguments.chosen);
    (void)take(&b, USED * sizeof(float), &arguments.weight);
    for (uint32_t i = 0; i < EXPERTS; i++)
        affinity[i] = router[i] = i == 5 || i == 17 || i == 33 || i == 38 ? 25 : NAN; /* only four are numbers, all alike */
    ds4_select_experts(affinity, EXPERTS, USED, expected);
    REQUIRE(run_kernel(&b, "route", &arguments, sizeof arguments, 32, (EXPERTS + 2 * DS4_GPU_MAX_EXPERTS_USED) * sizeof(uint32_t)));
    REQUIRE(memcmp(chosen, expected, sizeof expected) == 0);
    close_bench(&b);
}

const test metal_kernels_tests[] = {
    TEST(Rows_whose_scores_are_no_numbers_are_chosen_last_as_on_the_CPU),
    TEST(Experts_whose_scores_are_no_numbers_are_chosen_last_as_on_the_CPU),
    {NULL, NULL},
};

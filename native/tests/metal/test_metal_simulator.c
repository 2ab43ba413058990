/* The simulator: what is right runs as on a device, what Metal forbids is told by name. */
#include "faults.h"
#include "gpu_sim.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

enum { VALUES = 256, MODEL_BYTES = 4096 };

/* A device with a buffer of 0, 1, 2 … and a page of wrapped memory. */
typedef struct stage {
    ds4_gpu *gpu;
    ds4_gpu_memory values, model;
    void *page;
} stage;

static float *values_of(stage *s)
{
    return s->values.host;
}

static bool open_stage(stage *s)
{
    memset(s, 0, sizeof *s);
    s->page = aligned_alloc(MODEL_BYTES, MODEL_BYTES);
    memset(s->page, 1, MODEL_BYTES);
    if (ds4_gpu_open(&s->gpu, NULL) != DS4_OK || ds4_gpu_allocate(s->gpu, VALUES * sizeof(float), &s->values, NULL) != DS4_OK ||
        ds4_gpu_wrap(s->gpu, s->page, MODEL_BYTES, &s->model, NULL) != DS4_OK)
        return false;
    for (int i = 0; i < VALUES; i++)
        values_of(s)[i] = (float)i;
    ds4_gpu_sim_clear_counts();
    return true;
}

static void close_stage(stage *s)
{
    ds4_gpu_release(s->gpu, &s->values);
    ds4_gpu_release(s->gpu, &s->model);
    ds4_gpu_close(s->gpu);
    free(s->page);
}

static void dispatch(stage *s, const char *kernel, uint32_t groups, uint32_t threads, uint32_t shared)
{
    const ds4_gpu_pipeline *pipeline;
    fault_arguments arguments = {s->values.address, s->model.address, VALUES, 0};
    if (ds4_gpu_find_pipeline(s->gpu, kernel, &pipeline, NULL) == DS4_OK)
        ds4_gpu_dispatch(s->gpu, pipeline, &arguments, sizeof arguments, (ds4_gpu_grid){groups, 1, 1}, threads, shared);
    else
        report_failure(__FILE__, __LINE__, "there is no kernel %s", kernel);
}

/* The kernel must be stopped with a sentence that names it and has these words; the device goes on afterwards. */
static void expect_fault(const char *kernel, uint32_t groups, uint32_t threads, uint32_t shared, const char *words)
{
    stage s;
    ds4_error error = {""};
    REQUIRE(open_stage(&s));
    dispatch(&s, kernel, groups, threads, shared);
    REQUIRE_MESSAGE(ds4_gpu_finish(s.gpu, &error) == DS4_IO, "%s was not stopped", kernel);
    REQUIRE_MESSAGE(strstr(error.message, words) != NULL && strstr(error.message, kernel) == error.message, "it says: %s", error.message);
    dispatch(&s, "fault_none", 1, 64, 256);
    REQUIRE(ds4_gpu_finish(s.gpu, &error) == DS4_OK);
    close_stage(&s);
}

static void A_kernel_with_barriers_and_sums_gives_what_it_should(void)
{
    stage s;
    REQUIRE(open_stage(&s));
    dispatch(&s, "fault_none", 1, 64, 256);
    REQUIRE(ds4_gpu_finish(s.gpu, NULL) == DS4_OK);
    for (int i = 0; i < 64; i++)
        REQUIRE(values_of(&s)[i] == (i < 32 ? 496 : 1520));
    ds4_gpu_counts counts = ds4_gpu_sim_counts("fault_none");
    REQUIRE(counts.dispatches == 1 && counts.threads == 64 && counts.read_bytes == 256 && counts.written_bytes == 256);
    close_stage(&s);
}

static void Reads_are_counted_once_per_dispatch_and_once_per_threadgroup(void)
{
    stage s;
    REQUIRE(open_stage(&s));
    ds4_gpu_sim_mark_rows(values_of(&s) + 32, 64);
    dispatch(&s, "fault_copy_twice", 2, 32, 0);
    ds4_gpu_barrier(s.gpu);
    dispatch(&s, "fault_copy_twice", 1, 32, 0);
    REQUIRE(ds4_gpu_finish(s.gpu, NULL) == DS4_OK);
    ds4_gpu_counts counts = ds4_gpu_sim_counts("fault_copy_twice");
    /* Three threadgroups read the first 48 numbers, of which 16 are rows, and 32 of the model. */
    REQUIRE(counts.rows.bytes == 2 * 64 && counts.rows.group_bytes == 3 * 64);
    REQUIRE(counts.others.bytes == 2 * 128 && counts.others.group_bytes == 3 * 128);
    REQUIRE(counts.weights.bytes == 2 * 128 && counts.weights.group_bytes == 3 * 128);
    REQUIRE(counts.read_bytes == 3 * 2 * 32 * 4);
    close_stage(&s);
}

static void A_product_of_matrices_is_exact(void)
{
    stage s;
    REQUIRE(open_stage(&s));
    dispatch(&s, "fault_matrix", 1, 32, 0);
    REQUIRE(ds4_gpu_finish(s.gpu, NULL) == DS4_OK);
    for (int row = 0; row < 8; row++)
        for (int column = 0; column < 8; column++) {
            float expected = 0.5f;
            for (int k = 0; k < 8; k++)
                expected += (float)(8 * row + k) * (float)(64 + 8 * column + k);
            REQUIRE_NEAR(values_of(&s)[128 + 8 * row + column], expected, 0);
        }
    close_stage(&s);
}

static void Reading_beyond_a_buffer_is_found(void)
{
    expect_fault("fault_reads_beyond", 1, 32, 0, "reads 4 bytes");
}

static void Writing_beyond_a_buffer_is_found(void)
{
    expect_fault("fault_writes_beyond", 1, 32, 0, "writes 4 bytes");
}

static void Writing_to_the_model_is_found(void)
{
    expect_fault("fault_writes_model", 1, 32, 0, "writes to the model");
}

static void A_misaligned_load_is_found(void)
{
    expect_fault("fault_misaligned", 1, 32, 0, "offset 2 of the model's file, which is not aligned");
}

static void Leaving_threadgroup_memory_is_found(void)
{
    expect_fault("fault_shared_beyond", 1, 64, 256, "outside of all buffers");
}

static void Leaving_an_array_of_a_thread_is_found(void)
{
    expect_fault("fault_leaves_array", 1, 32, 0, "thread 16: leaves an array");
}

/* A kernel of one threadgroup that copies so many values, in the ways that a compiler would like to make a copy of bytes. */
static void expect_copy(const char *kernel, int values)
{
    stage s;
    REQUIRE(open_stage(&s));
    dispatch(&s, kernel, 1, 32, 0);
    REQUIRE(ds4_gpu_finish(s.gpu, NULL) == DS4_OK);
    for (int i = 0; i < values; i++)
        REQUIRE(values_of(&s)[128 + i] == (float)i);
    ds4_gpu_counts counts = ds4_gpu_sim_counts(kernel);
    REQUIRE_MESSAGE(counts.read_bytes == values * sizeof(float) && counts.written_bytes == counts.read_bytes, "%s: %llu bytes read, %llu written",
                    kernel, (unsigned long long)counts.read_bytes, (unsigned long long)counts.written_bytes);
    close_stage(&s);
}

static void Copies_of_arrays_and_vectors_are_seen(void)
{
    expect_copy("fault_copy", 32);
    expect_copy("fault_copy_vectors", 128);
}

static void Reading_threadgroup_memory_that_nobody_wrote_is_found(void)
{
    expect_fault("fault_unwritten", 1, 32, 256, "nobody has written");
}

static void Races_in_threadgroup_memory_are_found(void)
{
    expect_fault("fault_shared_race", 1, 32, 256, "threadgroup memory");
    expect_fault("fault_shared_overwritten", 1, 64, 256, "without a barrier");
    expect_fault("fault_simdgroups_without_barrier", 1, 64, 256, "threadgroup memory");
}

static void Races_in_device_memory_are_found(void)
{
    expect_fault("fault_device_race", 1, 32, 0, "which another thread writes");
    expect_fault("fault_device_read_race", 2, 64, 0, "which another thread");
}

static void Barriers_that_not_all_threads_reach_are_found(void)
{
    expect_fault("fault_divergent_barrier", 1, 64, 0, "barrier that not all threads reach");
}

static void Operations_that_not_all_lanes_reach_are_found(void)
{
    expect_fault("fault_partial_sum", 1, 32, 0, "sum that not all lanes reach");
    expect_fault("fault_mixed_operations", 1, 32, 0, "while another lane is in a");
    expect_fault("fault_partial_load", 1, 32, 0, "the same matrix loads");
}

static void Dispatches_without_a_barrier_between_must_not_meet(void)
{
    stage s;
    ds4_error error;
    REQUIRE(open_stage(&s));
    dispatch(&s, "fault_double", 1, 64, 0);
    ds4_gpu_barrier(s.gpu);
    dispatch(&s, "fault_double", 1, 64, 0);
    REQUIRE(ds4_gpu_finish(s.gpu, &error) == DS4_OK && values_of(&s)[7] == 28);
    dispatch(&s, "fault_double", 1, 64, 0);
    dispatch(&s, "fault_double", 1, 64, 0);
    REQUIRE(ds4_gpu_finish(s.gpu, &error) == DS4_IO);
    REQUIRE_MESSAGE(strstr(error.message, "another thread") != NULL, "it says: %s", error.message);
    close_stage(&s);
}

static void A_dispatch_that_the_device_would_refuse_is_refused(void)
{
    static const struct {
        uint32_t bytes, groups, threads, shared;
    } wrong[] = {{16, 1, 32, 0}, {24, 0, 32, 0}, {24, 1, 33, 0}, {24, 1, 2048, 0}, {24, 1, 32, 40000}, {24, 1, 32, 8}};
    stage s;
    const ds4_gpu_pipeline *pipeline;
    ds4_error error;
    fault_arguments arguments = {0, 0, 0, 0};
    REQUIRE(open_stage(&s));
    REQUIRE(ds4_gpu_find_pipeline(s.gpu, "no_such_kernel", &pipeline, &error) == DS4_NOT_FOUND);
    REQUIRE(ds4_gpu_find_pipeline(s.gpu, "fault_none", &pipeline, &error) == DS4_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ds4_gpu_dispatch(s.gpu, pipeline, &arguments, wrong[i].bytes, (ds4_gpu_grid){wrong[i].groups, 1, 1}, wrong[i].threads, wrong[i].shared);
        REQUIRE_MESSAGE(ds4_gpu_finish(s.gpu, &error) == DS4_IO, "case %zu was accepted", i);
    }
    close_stage(&s);
}

const test metal_simulator_tests[] = {
    TEST(A_kernel_with_barriers_and_sums_gives_what_it_should),
    TEST(Reads_are_counted_once_per_dispatch_and_once_per_threadgroup),
    TEST(A_product_of_matrices_is_exact),
    TEST(Copies_of_arrays_and_vectors_are_seen),
    TEST(Reading_beyond_a_buffer_is_found),
    TEST(Writing_beyond_a_buffer_is_found),
    TEST(Writing_to_the_model_is_found),
    TEST(A_misaligned_load_is_found),
    TEST(Leaving_threadgroup_memory_is_found),
    TEST(Leaving_an_array_of_a_thread_is_found),
    TEST(Reading_threadgroup_memory_that_nobody_wrote_is_found),
    TEST(Races_in_threadgroup_memory_are_found),
    TEST(Races_in_device_memory_are_found),
    TEST(Barriers_that_not_all_threads_reach_are_found),
    TEST(Operations_that_not_all_lanes_reach_are_found),
    TEST(Dispatches_without_a_barrier_between_must_not_meet),
    TEST(A_dispatch_that_the_device_would_refuse_is_refused),
    {NULL, NULL},
};

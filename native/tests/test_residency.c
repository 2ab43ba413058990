/* The model file in memory. */
#include "engine.h"
#include "harness.h"

#include <string.h>

typedef struct steps {
    uint64_t done, total, count;
} steps;

static void watch(void *user, uint64_t done, uint64_t total)
{
    steps *s = user;
    s->count++;
    s->done = done > s->done ? done : 0;
    s->total = total;
}

static void A_warmed_model_is_in_memory_as_a_whole(void)
{
    ds4_model *model = open_engine(golden_path("tiny.gguf"), 1);
    ds4_model_info info;
    ds4_residency residency;
    ds4_error error;
    steps seen = {0, 0, 0};
    REQUIRE(model != NULL);
    ds4_model_get_info(model, &info);
    REQUIRE(ds4_model_warm(model, watch, &seen, NULL, &error) == DS4_OK);
    REQUIRE(seen.count > 0 && seen.done == info.file_bytes && seen.total == info.file_bytes);
    REQUIRE(ds4_model_get_residency(model, &residency, &error) == DS4_OK);
    REQUIRE(residency.mapped_bytes == info.file_bytes && residency.resident_bytes == info.file_bytes);
    ds4_model_close(model);
}

static void Warming_can_be_cancelled(void)
{
    ds4_model *model = open_engine(golden_path("tiny.gguf"), 1);
    volatile int32_t cancel = 1;
    ds4_error error;
    REQUIRE(model != NULL);
    REQUIRE(ds4_model_warm(model, NULL, NULL, &cancel, &error) == DS4_CANCELLED);
    REQUIRE(strcmp(error.message, "cancelled after 0 of 12536320 bytes") == 0);
    ds4_model_close(model);
}

static void Residency_wants_a_model(void)
{
    ds4_residency residency;
    REQUIRE(ds4_model_warm(NULL, NULL, NULL, NULL, NULL) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_model_get_residency(NULL, &residency, NULL) == DS4_INVALID_ARGUMENT);
}

const test residency_tests[] = {
    TEST(A_warmed_model_is_in_memory_as_a_whole),
    TEST(Warming_can_be_cancelled),
    TEST(Residency_wants_a_model),
    {NULL, NULL},
};

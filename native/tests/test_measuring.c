/* What the benchmarks measure with. */
#include "bandwidth.h"
#include "harness.h"
#include "int8_peak.h"
#include "model_writer.h"
#include "samples.h"
#include "work.h"

#include <stdlib.h>

static void The_median_ignores_outliers(void)
{
    samples s = {.count = 0};
    REQUIRE(median_of(&s) == 0 && smallest_of(&s) == 0 && largest_of(&s) == 0);
    const double values[] = {3, 1000, 1, 2, 4};
    for (int i = 0; i < 5; i++)
        add_sample(&s, values[i]);
    REQUIRE(median_of(&s) == 3 && smallest_of(&s) == 1 && largest_of(&s) == 1000);
    add_sample(&s, 3.5);
    REQUIRE(median_of(&s) == 3.25);
}

static void The_meters_of_the_machine_read_something_plausible(void)
{
    ds4_pool *pool;
    ds4_error error;
    REQUIRE(ds4_pool_create(2, &pool, &error) == DS4_OK);
    bandwidth_meter *meter = open_bandwidth_meter(pool);
    REQUIRE(meter != NULL);
    double bandwidth = read_bandwidth(meter), peak = measure_int8_peak(pool);
    close_bandwidth_meter(meter);
    ds4_pool_free(pool);
    REQUIRE_MESSAGE(bandwidth > 1e7 && bandwidth < 1e13, "%g bytes/s", bandwidth);
    REQUIRE_MESSAGE(peak > 1e6 && peak < 1e15, "%g multiply-adds/s with %s", peak, int8_instruction());
}

static bool read_shape(const model_config *config, ds4_shape *shape)
{
    ds4_gguf gguf;
    ds4_error error;
    size_t size;
    model_file *file = describe_model(config, 1);
    for (size_t i = 0; i < file->tensor_count; i++)
        free(file->tensors[i].data);
    file->tensor_count = 0;
    uint8_t *bytes = model_bytes(file, &size);
    bool good = ds4_gguf_parse((ds4_bytes){bytes, size}, &gguf, &error) == DS4_OK;
    if (good) {
        good = ds4_shape_read(&gguf, shape, &error) == DS4_OK;
        ds4_gguf_free(&gguf);
    }
    free(bytes);
    free_model_file(file);
    return good;
}

/* 13.27 billion weights are active per token of Flash, the indexer's included. */
static void The_work_of_a_token_is_the_active_weights(void)
{
    ds4_shape shape;
    model_config config = flash_config(43);
    REQUIRE(read_shape(&config, &shape));
    REQUIRE_NEAR(weight_products(&shape, 10000, 1), 13.27e9, 0.01e9);
    /* Position 2051 is the first that sees 513 compressed rows. */
    REQUIRE(weight_products(&shape, 2050, 1) < weight_products(&shape, 2051, 1));
    REQUIRE_NEAR(weight_products(&shape, 2050, 2) + weight_products(&shape, 0, 1),
                 weight_products(&shape, 2051, 1) + weight_products(&shape, 0, 2), 1e3);
}

const test measuring_tests[] = {
    TEST(The_median_ignores_outliers),
    TEST(The_meters_of_the_machine_read_something_plausible),
    TEST(The_work_of_a_token_is_the_active_weights),
    {NULL, NULL},
};

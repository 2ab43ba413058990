/* How fast memory is read: the measure itself. */
#include "gpu_sim.h"
#include "harness.h"
#include "metal/read_speed.h"

#include <string.h>

static void Memory_is_read_whole_whatever_its_size(void)
{
    static const uint64_t sizes[] = {16, 48, 4 << 20, (4 << 20) + 32};
    ds4_gpu *gpu;
    ds4_error error;
    REQUIRE(ds4_gpu_open(&gpu, &error) == DS4_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        double speed = 0;
        ds4_gpu_sim_clear_counts();
        REQUIRE(measure_read_speed(gpu, sizes[i], &speed, &error) == DS4_OK && speed > 0);
        ds4_gpu_counts counts = ds4_gpu_sim_counts("read_memory");
        REQUIRE_MESSAGE(counts.dispatches == 5, "%d passes", (int)counts.dispatches);
    }
    ds4_gpu_close(gpu);
    REQUIRE(ds4_gpu_sim_buffers() == 0);
}

static void Memory_that_the_device_refuses_is_told_and_nothing_is_left(void)
{
    ds4_gpu *gpu;
    ds4_error error;
    double speed;
    REQUIRE(ds4_gpu_open(&gpu, &error) == DS4_OK);
    for (uint32_t granted = 0; granted < 2; granted++) {
        ds4_gpu_sim_refuse_after(granted);
        REQUIRE(measure_read_speed(gpu, 1 << 16, &speed, &error) == DS4_OUT_OF_MEMORY && ds4_gpu_sim_buffers() == 0);
    }
    ds4_gpu_sim_refuse_after(UINT32_MAX);
    ds4_gpu_sim_fail("read_memory");
    REQUIRE(measure_read_speed(gpu, 1 << 16, &speed, &error) == DS4_IO && ds4_gpu_sim_buffers() == 0);
    REQUIRE_MESSAGE(strstr(error.message, "read_memory") != NULL, "it says: %s", error.message);
    ds4_gpu_close(gpu);
}

const test metal_speed_tests[] = {
    TEST(Memory_is_read_whole_whatever_its_size),
    TEST(Memory_that_the_device_refuses_is_told_and_nothing_is_left),
    {NULL, NULL},
};

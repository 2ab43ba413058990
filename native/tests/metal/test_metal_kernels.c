/* The list of kernels. */
#include "gpu_sim.h"
#include "harness.h"

#include <string.h>

static void Every_kernel_is_one_that_the_backend_asks_for(void)
{
    for (unsigned i = 0; ds4_gpu_sim_kernel(i) != NULL; i++)
        REQUIRE(strlen(ds4_gpu_sim_kernel(i)) > 0);
}

const test metal_kernels_tests[] = {
    TEST(Every_kernel_is_one_that_the_backend_asks_for),
    {NULL, NULL},
};

/* SwiGLU with its clamps, and the router's score. */
#include "activation.h"
#include "harness.h"

#include <math.h>

static double silu(double x)
{
    return x / (1 + exp(-x));
}

static void The_router_score_is_the_square_root_of_softplus(void)
{
    static const double cases[][2] = {{-30, 3.05902321e-07}, {-5, 0.0819472299}, {-1, 0.559697854}, {0, 0.832554611}, {0.5, 0.986953385},
                                      {1, 1.1459763},        {3, 1.74602043},    {10, 3.16228484},  {25, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        REQUIRE_NEAR(ds4_router_score((float)cases[i][0]), cases[i][1], 2e-7 * cases[i][1] + 1e-14);
}

static void SwiGLU_clamps_the_gate_from_above_only(void)
{
    REQUIRE_NEAR(ds4_swiglu(25, 1, 10), silu(10), 1e-5);
    REQUIRE_NEAR(ds4_swiglu(10.5f, 1, 10), silu(10), 1e-5);
    REQUIRE_NEAR(ds4_swiglu(-25, 1, 10), silu(-25), 1e-15);
    REQUIRE_NEAR(ds4_swiglu(-11, 1, 10), silu(-11), 1e-9);
}

static void SwiGLU_clamps_up_on_both_sides(void)
{
    REQUIRE_NEAR(ds4_swiglu(2, 11, 10), silu(2) * 10, 1e-5);
    REQUIRE_NEAR(ds4_swiglu(2, -11, 10), silu(2) * -10, 1e-5);
    REQUIRE_NEAR(ds4_swiglu(2, 9.5f, 10), silu(2) * 9.5, 1e-5);
    REQUIRE_NEAR(ds4_swiglu(300, -300, 10), silu(10) * -10, 1e-4);
}

static void SwiGLU_without_a_limit_clamps_nothing(void)
{
    REQUIRE_NEAR(ds4_swiglu(25, -300, 0), silu(25) * -300, 1e-2);
}

const test activation_tests[] = {
    TEST(The_router_score_is_the_square_root_of_softplus),
    TEST(SwiGLU_clamps_the_gate_from_above_only),
    TEST(SwiGLU_clamps_up_on_both_sides),
    TEST(SwiGLU_without_a_limit_clamps_nothing),
    {NULL, NULL},
};

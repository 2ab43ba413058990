/* The processors of this machine. */
#include "harness.h"
#include "topology.h"

static void Every_usable_processor_is_listed_once_and_cores_come_first(void)
{
    ds4_topology topology;
    ds4_topology_read(&topology);
    REQUIRE(topology.core_count >= 1 && topology.core_count <= topology.cpu_count && topology.cpu_count <= DS4_MAX_CPUS);
    REQUIRE(topology.share >= 1 && topology.share <= topology.cpu_count);
    for (uint32_t i = 0; i < topology.cpu_count; i++)
        for (uint32_t j = 0; j < i; j++)
            REQUIRE(topology.cpus[i] != topology.cpus[j]);
}

static void There_are_no_more_threads_than_cores_or_than_the_control_group_grants(void)
{
    ds4_topology topology = {.cpu_count = 16, .core_count = 8, .share = 16};
    REQUIRE(ds4_topology_threads(&topology) == 8);
    topology.share = 3;
    REQUIRE(ds4_topology_threads(&topology) == 3);
}

const test topology_tests[] = {
    TEST(Every_usable_processor_is_listed_once_and_cores_come_first),
    TEST(There_are_no_more_threads_than_cores_or_than_the_control_group_grants),
    {NULL, NULL},
};

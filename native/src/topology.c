/* topology.c: the processors this process may use.
 *
 * DESIGN   Linux tells siblings and limits in small text files. macOS neither tells nor pins: there a thread says by its
 *          quality of service that it belongs on the fast cores.
 */
#if defined(__linux__)
#define _GNU_SOURCE /* sched_getaffinity, pthread_setaffinity_np */
#endif
#include "topology.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

uint32_t ds4_topology_threads(const ds4_topology *topology)
{
    return topology->core_count < topology->share ? topology->core_count : topology->share;
}

#if defined(__linux__)

/* The first number in a file of the system; -1 when there is none. */
static long first_number(const char *path)
{
    long number = -1;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    if (fscanf(file, "%ld", &number) != 1)
        number = -1;
    fclose(file);
    return number;
}

/* The lowest processor of the core that `cpu` belongs to. */
static uint32_t core_of(uint32_t cpu)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", cpu);
    long first = first_number(path);
    return first >= 0 ? (uint32_t)first : cpu;
}

static bool is_among(const uint32_t *cores, uint32_t count, uint32_t core)
{
    for (uint32_t i = 0; i < count; i++)
        if (cores[i] == core)
            return true;
    return false;
}

/* The control group's limit, rounded up to whole processors; `all` when it sets none. */
static uint32_t granted_share(uint32_t all)
{
    long quota, period;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    bool limited = file != NULL && fscanf(file, "%ld %ld", &quota, &period) == 2 && quota > 0 && period > 0;
    if (file != NULL)
        fclose(file);
    long share = limited ? (quota + period - 1) / period : (long)all;
    return share < 1 ? 1 : share < (long)all ? (uint32_t)share : all;
}

void ds4_topology_read(ds4_topology *topology)
{
    cpu_set_t usable;
    uint32_t cores[DS4_MAX_CPUS], siblings[DS4_MAX_CPUS], sibling_count = 0;
    memset(topology, 0, sizeof *topology);
    if (sched_getaffinity(0, sizeof usable, &usable) != 0) {
        CPU_ZERO(&usable);
        CPU_SET(0, &usable);
    }
    for (uint32_t cpu = 0; cpu < DS4_MAX_CPUS && cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &usable))
            continue;
        uint32_t core = core_of(cpu);
        if (is_among(cores, topology->core_count, core)) {
            siblings[sibling_count++] = cpu;
            continue;
        }
        cores[topology->core_count] = core;
        topology->cpus[topology->core_count++] = cpu;
    }
    memcpy(topology->cpus + topology->core_count, siblings, sibling_count * sizeof *siblings);
    topology->cpu_count = topology->core_count + sibling_count;
    topology->share = granted_share(topology->cpu_count);
}

void ds4_pin_thread(uint32_t cpu)
{
    cpu_set_t one;
    if (cpu >= CPU_SETSIZE)
        return;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    (void)pthread_setaffinity_np(pthread_self(), sizeof one, &one); /* unpinned works as well, only slower */
}

#else

#if defined(__APPLE__)
#include <pthread/qos.h>
#include <sys/sysctl.h>
#endif

static uint32_t physical_cores(uint32_t all)
{
#if defined(__APPLE__)
    int32_t cores = 0;
    size_t size = sizeof cores;
    if (sysctlbyname("hw.physicalcpu", &cores, &size, NULL, 0) == 0 && cores > 0)
        return (uint32_t)cores;
#endif
    return all;
}

void ds4_topology_read(ds4_topology *topology)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    memset(topology, 0, sizeof *topology);
    topology->cpu_count = online < 1 ? 1 : online < DS4_MAX_CPUS ? (uint32_t)online : DS4_MAX_CPUS;
    for (uint32_t cpu = 0; cpu < topology->cpu_count; cpu++)
        topology->cpus[cpu] = cpu;
    topology->core_count = physical_cores(topology->cpu_count);
    topology->share = topology->cpu_count;
}

void ds4_pin_thread(uint32_t cpu)
{
    (void)cpu;
#if defined(__APPLE__)
    (void)pthread_set_qos_class_self_np(QOS_CLASS_USER_INITIATED, 0);
#endif
}

#endif

/* topology.h: the processors this process may use. */
#ifndef DS4_TOPOLOGY_H
#define DS4_TOPOLOGY_H

#include <stdint.h>

enum { DS4_MAX_CPUS = 1024 };

typedef struct ds4_topology {
    uint32_t cpus[DS4_MAX_CPUS]; /* numbers of the usable ones: one of every core first, then their siblings */
    uint32_t cpu_count;
    uint32_t core_count; /* of different cores; the first so many of `cpus` */
    uint32_t share;      /* processors' worth of time that the control group grants; cpu_count when it sets no limit */
} ds4_topology;

/* Never fails: what the system does not tell is taken as one processor, or as no siblings. */
void ds4_topology_read(ds4_topology *topology);

/* Threads worth having: two of one core share its arithmetic and its path to memory, so there is one per core. */
uint32_t ds4_topology_threads(const ds4_topology *topology);

/* Ties the calling thread to a processor, where the system can. */
void ds4_pin_thread(uint32_t cpu);

#endif

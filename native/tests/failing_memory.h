/* failing_memory.h: controls the allocator that tests link instead of src/memory.c. */
#ifndef FAILING_MEMORY_H
#define FAILING_MEMORY_H

#include <stdint.h>

/* Makes the n-th allocation from now fail (1 = the next one); 0 = none. */
void fail_allocation(uint64_t n);

/* Allocations so far, and bytes asked for by them. */
uint64_t allocation_count(void);
uint64_t allocated_bytes(void);

#endif

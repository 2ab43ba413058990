/* failing_memory.c: an allocator that counts, and fails on demand.
 *
 * Memory is filled with a pattern, so that nothing can rely on zeros.
 */
#include "failing_memory.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static uint64_t count, bytes, failing;

void fail_allocation(uint64_t n)
{
    failing = n == 0 ? 0 : count + n;
}

uint64_t allocation_count(void)
{
    return count;
}

uint64_t allocated_bytes(void)
{
    return bytes;
}

void *ds4_allocate(uint64_t size)
{
    void *memory = NULL;
    count++;
    if (count == failing || size > UINT32_MAX || posix_memalign(&memory, 64, size == 0 ? 1 : (size_t)size) != 0)
        return NULL;
    bytes += size;
    memset(memory, 0xa5, (size_t)size);
    return memory;
}

void ds4_release(void *memory)
{
    free(memory);
}

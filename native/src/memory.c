/* memory.c: allocation on cache-line boundaries. */
#include "memory.h"

#include <stdlib.h>

enum { CACHE_LINE = 64 };

void *ds4_allocate(uint64_t bytes)
{
    void *memory = NULL;
    if (bytes > SIZE_MAX - CACHE_LINE)
        return NULL;
    if (posix_memalign(&memory, CACHE_LINE, bytes == 0 ? 1 : (size_t)bytes) != 0)
        return NULL;
    return memory;
}

void ds4_release(void *memory)
{
    free(memory);
}

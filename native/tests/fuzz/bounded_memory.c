/* bounded_memory.c: the allocator of the fuzzers, which refuses what no test input is worth.
 *
 * A file may ask for far more memory than it has bytes (wide buffers, long contexts), which is no fault; here it ends in
 * the engine's own out-of-memory paths instead of the fuzzer's limit.
 */
#include "memory.h"

#include <stdlib.h>

enum { MOST_BYTES = 64 << 20 };

void *ds4_allocate(uint64_t bytes)
{
    void *memory = NULL;
    return bytes > MOST_BYTES || posix_memalign(&memory, 64, bytes == 0 ? 1 : (size_t)bytes) != 0 ? NULL : memory;
}

void ds4_release(void *memory)
{
    free(memory);
}

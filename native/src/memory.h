/* memory.h: every allocation of the engine goes through these two functions.
 *
 * The tests link another memory.c that can fail on demand, which is how every out-of-memory path is walked.
 */
#ifndef DS4_MEMORY_H
#define DS4_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* `bytes` uninitialised bytes aligned to a cache line, or NULL. A size that no address space holds gives NULL too. */
void *ds4_allocate(uint64_t bytes);

/* NULL is allowed. */
void ds4_release(void *memory);

#endif

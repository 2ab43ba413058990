/* buffer.h: memory shared by reference count, pooled by size. */
#ifndef DS4_BUFFER_H
#define DS4_BUFFER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ds4_buffer_pool;

/* Where the memory of buffers comes from when a device must see it: `take` gives memory, its address there and a handle for
 * `give`, or NULL when there is none. Any thread may call them. */
typedef struct ds4_buffer_source {
    void *context;
    void *(*take)(void *context, uint64_t bytes, uint64_t *address, void **handle);
    void (*give)(void *context, void *memory, void *handle);
} ds4_buffer_source;

typedef struct ds4_buffer {
    struct ds4_buffer_pool *pool;
    struct ds4_buffer *next; /* in the list of free ones */
    uint64_t address; /* of `data`, on the device of the pool's source; 0 without one */
    void *handle;     /* of that source */
    atomic_uint holders;
    uint32_t filled; /* of a page: rows that belong to some holder; who appends after exactly these need not copy (pages.c) */
    _Alignas(64) uint8_t data[];
} ds4_buffer;

/* Buffers of one size. Any thread may take and release them. */
typedef struct ds4_buffer_pool {
    pthread_mutex_t lock;
    bool open;
    uint64_t size; /* of `data` */
    const ds4_buffer_source *source; /* NULL: ordinary memory */
    ds4_buffer *free;
    uint32_t free_count;
    uint64_t count; /* that exist, free ones included */
} ds4_buffer_pool;

/* `source` may be NULL, or outlives the pool. False when the system has no lock left. */
bool ds4_buffer_pool_open(ds4_buffer_pool *pool, uint64_t size, const ds4_buffer_source *source);

/* Every buffer must have been released. A zeroed pool is allowed. */
void ds4_buffer_pool_close(ds4_buffer_pool *pool);

/* Bytes of one buffer as it is allocated, and of all that exist. */
uint64_t ds4_buffer_bytes(const ds4_buffer_pool *pool);
uint64_t ds4_buffer_pool_bytes(ds4_buffer_pool *pool);

/* An uninitialised buffer with one holder, or NULL when there is no memory. */
ds4_buffer *ds4_buffer_take(ds4_buffer_pool *pool);

ds4_buffer *ds4_buffer_retain(ds4_buffer *buffer);
void ds4_buffer_release(ds4_buffer *buffer); /* NULL is allowed */

/* True when the caller is the only holder. Only a holder can add another, so the answer stays true. */
static inline bool ds4_buffer_is_sole(ds4_buffer *buffer)
{
    return atomic_load_explicit(&buffer->holders, memory_order_acquire) == 1;
}

#endif

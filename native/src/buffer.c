/* buffer.c: pools of reference-counted buffers.
 *
 * PURPOSE  The state of a sequence comes in a few large sizes that are taken and released all the time: a page for every
 *          1024 tokens, a copy of the windows for every checkpoint. Memory fresh from the system costs a page fault per
 *          4 KB at its first use, more than the copy into it; a released buffer has that behind it.
 *
 * DESIGN   A pool keeps a few released buffers, the last one first (it is the warmest), and gives the rest back to the
 *          system: one long session must not hold its gigabytes after its end.
 *          Threads: the list has a lock, held for a few instructions; the count of holders is atomic.
 */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise */
#endif

#include "buffer.h"
#include "memory.h"

#include <string.h>
#include <sys/mman.h>

enum { KEPT_FREE = 4, HUGE_PAGE = 2 << 20 };

/* Asks for huge pages inside large buffers: they are filled soon, and a fault per 2 MB instead of per 4 KB makes loading a
 * snapshot half as fast again. Advice only; what cannot be had is not missed. */
static void advise(void *memory, uint64_t bytes)
{
#ifdef MADV_HUGEPAGE
    uintptr_t first = ((uintptr_t)memory + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE,
              end = ((uintptr_t)memory + bytes) / HUGE_PAGE * HUGE_PAGE;
    if (end > first)
        (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
    (void)memory, (void)bytes;
#endif
}

static ds4_buffer *allocate(const ds4_buffer_pool *pool)
{
    uint64_t bytes = ds4_buffer_bytes(pool), address = 0;
    void *handle = NULL;
    ds4_buffer *buffer =
        pool->source == NULL ? ds4_allocate(bytes) : pool->source->take(pool->source->context, bytes, &address, &handle);
    if (buffer == NULL)
        return NULL;
    advise(buffer, bytes);
    buffer->address = address == 0 ? 0 : address + sizeof *buffer;
    buffer->handle = handle;
    return buffer;
}

static void deallocate(const ds4_buffer_pool *pool, ds4_buffer *buffer)
{
    if (pool->source == NULL)
        ds4_release(buffer);
    else
        pool->source->give(pool->source->context, buffer, buffer->handle);
}

bool ds4_buffer_pool_open(ds4_buffer_pool *pool, uint64_t size, const ds4_buffer_source *source)
{
    memset(pool, 0, sizeof *pool);
    pool->size = size;
    pool->source = source;
    pool->open = pthread_mutex_init(&pool->lock, NULL) == 0;
    return pool->open;
}

void ds4_buffer_pool_close(ds4_buffer_pool *pool)
{
    if (!pool->open)
        return;
    while (pool->free != NULL) {
        ds4_buffer *next = pool->free->next;
        deallocate(pool, pool->free);
        pool->free = next;
    }
    pthread_mutex_destroy(&pool->lock);
    pool->open = false;
}

uint64_t ds4_buffer_bytes(const ds4_buffer_pool *pool)
{
    return sizeof(ds4_buffer) + pool->size;
}

uint64_t ds4_buffer_pool_bytes(ds4_buffer_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    uint64_t count = pool->count;
    pthread_mutex_unlock(&pool->lock);
    return count * ds4_buffer_bytes(pool);
}

static ds4_buffer *take_free(ds4_buffer_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    ds4_buffer *buffer = pool->free;
    if (buffer != NULL) {
        pool->free = buffer->next;
        pool->free_count--;
    } else {
        pool->count++; /* the one that is about to be allocated */
    }
    pthread_mutex_unlock(&pool->lock);
    return buffer;
}

static void forget_one(ds4_buffer_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->count--;
    pthread_mutex_unlock(&pool->lock);
}

ds4_buffer *ds4_buffer_take(ds4_buffer_pool *pool)
{
    ds4_buffer *buffer = take_free(pool);
    if (buffer == NULL) {
        buffer = allocate(pool);
        if (buffer == NULL) {
            forget_one(pool);
            return NULL;
        }
    }
    buffer->pool = pool;
    buffer->next = NULL;
    buffer->filled = 0;
    atomic_init(&buffer->holders, 1);
    return buffer;
}

ds4_buffer *ds4_buffer_retain(ds4_buffer *buffer)
{
    atomic_fetch_add_explicit(&buffer->holders, 1, memory_order_relaxed);
    return buffer;
}

/* Puts it into the list of free ones unless that is full. */
static bool keep(ds4_buffer_pool *pool, ds4_buffer *buffer)
{
    pthread_mutex_lock(&pool->lock);
    bool kept = pool->free_count < KEPT_FREE;
    if (kept) {
        buffer->next = pool->free;
        pool->free = buffer;
        pool->free_count++;
    } else {
        pool->count--;
    }
    pthread_mutex_unlock(&pool->lock);
    return kept;
}

void ds4_buffer_release(ds4_buffer *buffer)
{
    if (buffer == NULL || atomic_fetch_sub_explicit(&buffer->holders, 1, memory_order_acq_rel) != 1)
        return;
    if (!keep(buffer->pool, buffer))
        deallocate(buffer->pool, buffer);
}

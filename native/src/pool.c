/* pool.c: a fork-join pool.
 *
 * DESIGN   A run publishes the task and raises `generation`; workers take items from one atomic counter, so fast and slow
 *          cores share the work as they can, and report back through `working`. A decode step consists of hundreds of
 *          runs of some ten microseconds, so both sides spin briefly before they sleep on a condition variable.
 *          Workers block all signals: those belong to the host. They are tied to one processor each, cores before siblings, so
 *          that no two share a core while another is idle; the caller's thread is not ours to tie, and takes the core that is left. With
 *          more threads than processors nothing is tied.
 */
#include "pool.h"
#include "memory.h"
#include "topology.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

enum { SPINS = 4000 };

typedef struct worker {
    ds4_pool *pool;
    uint32_t index;
    uint32_t cpu;
    bool is_pinned;
    pthread_t thread;
} worker;

struct ds4_pool {
    uint32_t threads;
    uint32_t started; /* workers that exist: threads − 1, less while creation fails */
    worker *workers;

    /* The current run, written before `generation` is raised. */
    ds4_task task;
    void *context;
    uint32_t items;
    atomic_uint next;

    atomic_uint generation;
    atomic_uint working; /* workers that have not finished this generation */
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* generation or stopping changed */
    pthread_cond_t done; /* working reached 0 */
};

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void take_items(ds4_pool *pool, uint32_t index)
{
    uint32_t item;
    while ((item = atomic_fetch_add(&pool->next, 1)) < pool->items)
        pool->task(pool->context, item, index);
}

/* False when the pool stops. */
static bool await_generation(ds4_pool *pool, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool->generation) != seen)
            return true;
        pause_briefly();
    }
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->generation) == seen && !atomic_load(&pool->stopping))
        pthread_cond_wait(&pool->wake, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    return atomic_load(&pool->generation) != seen;
}

static void *work(void *argument)
{
    worker *self = argument;
    ds4_pool *pool = self->pool;
    if (self->is_pinned)
        ds4_pin_thread(self->cpu);
    for (unsigned seen = 0; await_generation(pool, seen); seen++) {
        take_items(pool, self->index);
        if (atomic_fetch_sub(&pool->working, 1) == 1) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->lock);
        }
    }
    return NULL;
}

static void await_workers(ds4_pool *pool)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool->working) == 0)
            return;
        pause_briefly();
    }
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->working) != 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void ds4_pool_run(ds4_pool *pool, uint32_t items, ds4_task task, void *context)
{
    if (items <= 1 || pool->threads == 1) {
        for (uint32_t item = 0; item < items; item++)
            task(context, item, 0);
        return;
    }
    pool->task = task;
    pool->context = context;
    pool->items = items;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->working, pool->threads - 1);
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->generation, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    take_items(pool, 0);
    await_workers(pool);
}

uint32_t ds4_pool_threads(const ds4_pool *pool)
{
    return pool->threads;
}

/* Starts the workers with all signals blocked. Returns the error number of the first that could not be started. */
static int start_workers(ds4_pool *pool)
{
    ds4_topology topology;
    sigset_t all, previous;
    int failure = 0;
    ds4_topology_read(&topology);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    while (failure == 0 && pool->started < pool->threads - 1) {
        worker *next = &pool->workers[pool->started];
        *next = (worker){.pool = pool, .index = pool->started + 1};
        next->is_pinned = pool->threads <= topology.cpu_count;
        next->cpu = topology.cpus[next->is_pinned ? next->index : 0];
        failure = pthread_create(&next->thread, NULL, work, next);
        if (failure == 0)
            pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    return failure;
}

ds4_status ds4_pool_create(uint32_t threads, ds4_pool **result, ds4_error *error)
{
    ds4_pool *pool = ds4_allocate(sizeof *pool);
    worker *workers = ds4_allocate((threads - 1) * sizeof *workers);
    if (pool == NULL || workers == NULL) {
        ds4_release(pool);
        ds4_release(workers);
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for a pool of %u threads", threads);
    }
    memset(pool, 0, sizeof *pool);
    pool->threads = threads;
    pool->workers = workers;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    int failure = start_workers(pool);
    if (failure != 0) {
        ds4_pool_free(pool);
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "cannot start %u threads: %s; ask for fewer", threads, strerror(failure));
    }
    *result = pool;
    return DS4_OK;
}

void ds4_pool_free(ds4_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stopping, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    ds4_release(pool->workers);
    ds4_release(pool);
}

/* pool.h: the threads of a model. */
#ifndef DS4_POOL_H
#define DS4_POOL_H

#include "error.h"

typedef struct ds4_pool ds4_pool;

/* Works on one item. `worker` is 0 … threads − 1 and tells scratch memory apart. */
typedef void (*ds4_task)(void *context, uint32_t item, uint32_t worker);

/* `threads` counts the calling thread, which works too. */
ds4_status ds4_pool_create(uint32_t threads, ds4_pool **pool, ds4_error *error);
void ds4_pool_free(ds4_pool *pool); /* NULL is allowed */
uint32_t ds4_pool_threads(const ds4_pool *pool);

/* Runs task(context, 0 … items − 1, …), in any order, and returns when all are done. One caller at a time. */
void ds4_pool_run(ds4_pool *pool, uint32_t items, ds4_task task, void *context);

#endif

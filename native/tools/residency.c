/* residency.c: a reading of every page of a mapped model. */
#include "residency.h"
#include "model.h"

enum { TOUCH_BYTES = 4 << 20, PAGE = 4096 };

typedef struct touch {
    const ds4_mapping *mapping;
    _Atomic uint64_t sum; /* keeps the reads from being left out */
} touch;

static void touch_block(void *context, uint32_t block, uint32_t worker)
{
    touch *t = context;
    uint64_t first = (uint64_t)block * TOUCH_BYTES, sum = 0;
    (void)worker;
    for (uint64_t at = first; at < first + TOUCH_BYTES && at < t->mapping->size; at += PAGE)
        sum += t->mapping->data[at];
    t->sum += sum;
}

void touch_weights(const ds4_model *model, ds4_pool *pool)
{
    touch t = {.mapping = &model->mapping};
    ds4_pool_run(pool, (uint32_t)((model->mapping.size + TOUCH_BYTES - 1) / TOUCH_BYTES), touch_block, &t);
}

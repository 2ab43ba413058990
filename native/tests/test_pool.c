/* The thread pool. */
#include "harness.h"
#include "pool.h"

#include <stdatomic.h>
#include <time.h>

enum { ITEMS = 1000 };

static atomic_int visits[ITEMS];

static void visit(void *context, uint32_t item, uint32_t worker)
{
    (void)worker;
    atomic_fetch_add(&visits[item], *(const int *)context);
}

static void Every_item_runs_once_with_any_number_of_threads(void)
{
    for (uint32_t threads = 1; threads <= 5; threads++) {
        ds4_pool *pool;
        int one = 1;
        REQUIRE(ds4_pool_create(threads, &pool, NULL) == DS4_OK);
        for (uint32_t items = 0; items <= ITEMS; items += 125) {
            for (int i = 0; i < ITEMS; i++)
                atomic_store(&visits[i], 0);
            ds4_pool_run(pool, items, visit, &one);
            for (uint32_t i = 0; i < ITEMS; i++)
                REQUIRE(atomic_load(&visits[i]) == (i < items));
        }
        ds4_pool_free(pool);
    }
}

static void Workers_that_have_gone_to_sleep_wake_up_again(void)
{
    ds4_pool *pool;
    int one = 1;
    REQUIRE(ds4_pool_create(3, &pool, NULL) == DS4_OK);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < ITEMS; i++)
            atomic_store(&visits[i], 0);
        nanosleep(&(struct timespec){0, 2000000}, NULL);
        ds4_pool_run(pool, 10, visit, &one);
        for (int i = 0; i < 10; i++)
            REQUIRE(atomic_load(&visits[i]) == 1);
    }
    ds4_pool_free(pool);
}

const test pool_tests[] = {
    TEST(Every_item_runs_once_with_any_number_of_threads), TEST(Workers_that_have_gone_to_sleep_wake_up_again), {NULL, NULL}};

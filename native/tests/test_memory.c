/* Memory: what is asked for, and what happens when there is none. */
#include "engine.h"
#include "failing_memory.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

static void Every_failed_allocation_while_opening_is_reported_and_leaks_nothing(void)
{
    model_config config = small_config();
    model_file *file = build_model(&config, 1);
    const char *path = save_model(file, "memory.gguf");
    ds4_model *model = NULL;
    ds4_error error;
    int failures = 0;
    free_model_file(file);
    for (ds4_status status = DS4_OUT_OF_MEMORY; status != DS4_OK && failures < 100; failures += status != DS4_OK) {
        fail_allocation((uint64_t)failures + 1);
        status = ds4_model_open(path, &(ds4_model_options){"cpu", 2}, &model, &error);
        fail_allocation(0);
        REQUIRE(status == DS4_OK || (status == DS4_OUT_OF_MEMORY && strstr(error.message, "no memory") && model == NULL));
    }
    REQUIRE(failures > 8 && model != NULL);
    ds4_model_close(model);
}

static void A_session_that_does_not_fit_is_refused(void)
{
    model_config config = small_config();
    ds4_session *session;
    ds4_error error;
    config.context = 1 << 26;
    config.index_top_k = 1 << 25;
    ds4_model *model = open_small(&config, "long.gguf", 1);
    REQUIRE(model != NULL);
    REQUIRE(ds4_session_create(model, 1 << 26, DS4_MODE_EXACT, &session, &error) == DS4_OUT_OF_MEMORY && session == NULL);
    REQUIRE(strstr(error.message, "smaller context") != NULL);
    ds4_model_close(model);
}

static void The_memory_of_a_session_is_known_exactly_beforehand(void)
{
    static const uint64_t contexts[] = {1, 3, 4, 128, 1000, 1024, 1025, 4096};
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    REQUIRE(model != NULL);
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++)
        for (int mode = DS4_MODE_EXACT; mode <= DS4_MODE_FAST; mode++) {
            uint64_t predicted, before = allocated_bytes();
            REQUIRE(ds4_session_memory(model, contexts[i], (ds4_mode)mode, &predicted, NULL) == DS4_OK && allocated_bytes() == before);
            ds4_session *session = new_session(model, contexts[i], (ds4_mode)mode);
            REQUIRE(session != NULL && allocated_bytes() - before == predicted);
            ds4_session_free(session);
        }
    ds4_model_close(model);
}

static void Rounded_sessions_keep_their_rows_in_half_the_memory(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    uint64_t exact_short, exact_long, rounded_short, rounded_long;
    REQUIRE(model != NULL);
    REQUIRE(ds4_session_memory(model, 1024, DS4_MODE_EXACT, &exact_short, NULL) == DS4_OK);
    REQUIRE(ds4_session_memory(model, 4096, DS4_MODE_EXACT, &exact_long, NULL) == DS4_OK);
    REQUIRE(ds4_session_memory(model, 1024, DS4_MODE_ROUNDED, &rounded_short, NULL) == DS4_OK);
    REQUIRE(ds4_session_memory(model, 4096, DS4_MODE_ROUNDED, &rounded_long, NULL) == DS4_OK);
    double share = (double)(rounded_long - rounded_short) / (double)(exact_long - exact_short);
    REQUIRE_NEAR(share, 0.5, 0.001);
    ds4_model_close(model);
}

static void Evaluation_allocates_nothing(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 2);
    ds4_session *session = new_session(model, 200, DS4_MODE_ROUNDED);
    int32_t tokens[200];
    REQUIRE(session != NULL);
    make_tokens(tokens, 200, config.vocabulary);
    uint64_t before = allocation_count();
    REQUIRE(advance(session, tokens, 0, 150));
    for (size_t t = 150; t < 200; t++)
        REQUIRE(ds4_session_decode(session, tokens[t], NULL) == DS4_OK);
    REQUIRE(allocation_count() == before);
    ds4_session_free(session);
    ds4_model_close(model);
}

const test memory_tests[] = {
    TEST(Every_failed_allocation_while_opening_is_reported_and_leaks_nothing),
    TEST(A_session_that_does_not_fit_is_refused),
    TEST(The_memory_of_a_session_is_known_exactly_beforehand),
    TEST(Rounded_sessions_keep_their_rows_in_half_the_memory),
    TEST(Evaluation_allocates_nothing),
    {NULL, NULL},
};

/* Memory: what is asked for, and what happens when there is none. */
#include "engine.h"
#include "failing_memory.h"
#include "harness.h"
#include "session.h"

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

static void Every_failed_allocation_of_a_session_is_reported_and_leaks_nothing(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_session *session = (ds4_session *)&session;
    ds4_error error;
    REQUIRE(model != NULL);
    for (uint64_t n = 1; n <= 2; n++) {
        fail_allocation(n);
        ds4_status status = ds4_session_create(model, 100, DS4_MODE_EXACT, &session, &error);
        fail_allocation(0);
        REQUIRE(status == DS4_OUT_OF_MEMORY && session == NULL && strstr(error.message, "no memory for a session"));
        REQUIRE(ds4_model_state_bytes(model) == 0);
    }
    ds4_model_close(model);
}

/* Every size is tried on a model of its own, whose pools are empty. */
static void The_memory_of_a_session_is_known_exactly_beforehand(void)
{
    static const uint64_t contexts[] = {1, 3, 4, 128, 1000, 1024, 1025, 4096};
    model_config config = small_config();
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++)
        for (int mode = DS4_MODE_EXACT; mode <= DS4_MODE_FAST; mode++) {
            ds4_model *model = open_small(&config, "small.gguf", 1);
            ds4_memory predicted;
            uint64_t own, shared, before = allocated_bytes();
            REQUIRE(ds4_session_memory(model, contexts[i], (ds4_mode)mode, &predicted, NULL) == DS4_OK && allocated_bytes() == before);
            ds4_session *session = new_session(model, contexts[i], (ds4_mode)mode);
            REQUIRE(session != NULL && allocated_bytes() - before == predicted.fixed);
            ds4_session_bytes(session, &own, &shared);
            REQUIRE(own == predicted.fixed && shared == 0);
            REQUIRE(ds4_session_reserve(session, (uint32_t)contexts[i], NULL) == DS4_OK && allocated_bytes() - before == predicted.full);
            ds4_session_bytes(session, &own, &shared);
            REQUIRE(own == predicted.full && shared == 0);
            ds4_session_free(session);
            ds4_model_close(model);
        }
}

static void Rounded_sessions_keep_their_rows_in_half_the_memory(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_memory exact, rounded;
    REQUIRE(model != NULL);
    REQUIRE(ds4_session_memory(model, 4096, DS4_MODE_EXACT, &exact, NULL) == DS4_OK);
    REQUIRE(ds4_session_memory(model, 4096, DS4_MODE_ROUNDED, &rounded, NULL) == DS4_OK);
    REQUIRE_NEAR((double)(rounded.full - rounded.fixed) / (double)(exact.full - exact.fixed), 0.5, 0.001);
    ds4_model_close(model);
}

/* Shape and context as in the published model; no weights are needed to lay its state out. */
static void Flash_needs_at_most_6900_bytes_per_token_beside_its_fixed_part(void)
{
    ds4_shape shape = {.layers = 43, .head_dim = 512, .window = 128, .vocabulary = 129280};
    static const uint64_t contexts[] = {32768, 131072, 1048576};
    ds4_state_store store;
    for (uint32_t layer = 2; layer < shape.layers; layer++)
        shape.ratio[layer] = layer % 2 == 0 ? DS4_RATIO_OVERLAPPING : DS4_RATIO_LONG;
    REQUIRE(ds4_state_store_open(&store, &shape, sizeof(uint16_t), NULL));
    uint64_t windows = 43 * 128 * 1024, open_rows = 1720320 + 10485760, logits = 129280 * 4;
    for (size_t i = 0; i < 3; i++) {
        ds4_memory memory = ds4_session_estimate(&store, contexts[i]);
        REQUIRE_NEAR(memory.fixed, windows + open_rows + logits, 40000);
        REQUIRE(memory.full - memory.fixed <= 6900 * contexts[i]);
    }
    ds4_state_store_close(&store);
}

static void Evaluation_allocates_only_when_a_page_is_due(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 2);
    ds4_session *session = new_session(model, 1040, DS4_MODE_ROUNDED);
    int32_t tokens[1040];
    REQUIRE(session != NULL);
    make_tokens(tokens, 1040, config.vocabulary);
    for (size_t t = 0; t < 1040; t++) {
        uint64_t before = allocation_count();
        bool is_due = t % 1024 == 3 || t == 127;
        REQUIRE(ds4_session_decode(session, tokens[t], NULL) == DS4_OK);
        REQUIRE_MESSAGE(allocation_count() - before == is_due, "token %zu", t);
    }
    ds4_session_free(session);

    /* The next session finds the pages of the first in the pools. */
    session = new_session(model, 1040, DS4_MODE_ROUNDED);
    uint64_t before = allocation_count();
    REQUIRE(session != NULL && advance(session, tokens, 0, 1040) && allocation_count() == before);
    ds4_session_free(session);
    ds4_model_close(model);
}

static void A_long_session_gives_its_memory_back(void)
{
    model_config config = small_config();
    config.context = 65536;
    config.index_top_k = 16384;
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_session *session = new_session(model, 20000, DS4_MODE_ROUNDED);
    REQUIRE(session != NULL && ds4_session_reserve(session, 20000, NULL) == DS4_OK);
    uint64_t full = ds4_model_state_bytes(model);
    ds4_session_free(session);
    REQUIRE(ds4_model_state_bytes(model) < full / 3);
    ds4_model_close(model);
}

/* What a page that cannot be allocated must leave: the session at its last full tile, as a cancellation would. */
static void No_memory_for_a_page_leaves_a_valid_session_at_the_last_full_tile(void)
{
    enum { TOKENS = 300, TILE = 50 };
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    int32_t tokens[TOKENS];
    ds4_error error;
    make_tokens(tokens, TOKENS, config.vocabulary);
    float *expected = all_logits(model, DS4_MODE_EXACT, tokens, TOKENS, TOKENS);
    REQUIRE(expected != NULL);
    ds4_model_close(model); /* and with it its pooled pages */
    for (uint64_t n = 1; n <= 2; n++) {
        size_t stop = n == 1 ? 0 : 100; /* the page of ratio 4 is due in the first tile, that of ratio 128 in the third */
        model = open_small(&config, "small.gguf", 1);
        ds4_session *session = new_session(model, TOKENS, DS4_MODE_EXACT);
        REQUIRE(session != NULL);
        fail_allocation(n);
        ds4_status status = ds4_session_prefill(session, tokens, TOKENS, &(ds4_prefill_options){.tile = TILE}, &error);
        fail_allocation(0);
        REQUIRE(status == DS4_OUT_OF_MEMORY && strstr(error.message, "50 more tokens at position"));
        REQUIRE(ds4_session_position(session) == stop);
        REQUIRE(stop == 0 || memcmp(ds4_session_logits(session), expected + (stop - 1) * config.vocabulary, 4 * config.vocabulary) == 0);
        REQUIRE(advance(session, tokens, stop, TOKENS - stop));
        REQUIRE(memcmp(ds4_session_logits(session), expected + (TOKENS - 1) * config.vocabulary, 4 * config.vocabulary) == 0);
        ds4_session_free(session);
        ds4_model_close(model);
    }
    free(expected);
}

const test memory_tests[] = {
    TEST(Every_failed_allocation_while_opening_is_reported_and_leaks_nothing),
    TEST(Every_failed_allocation_of_a_session_is_reported_and_leaks_nothing),
    TEST(The_memory_of_a_session_is_known_exactly_beforehand),
    TEST(Rounded_sessions_keep_their_rows_in_half_the_memory),
    TEST(Flash_needs_at_most_6900_bytes_per_token_beside_its_fixed_part),
    TEST(Evaluation_allocates_only_when_a_page_is_due),
    TEST(A_long_session_gives_its_memory_back),
    TEST(No_memory_for_a_page_leaves_a_valid_session_at_the_last_full_tile),
    {NULL, NULL},
};

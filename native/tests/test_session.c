/* Sessions: chunks, threads, wanted rows, cancellation, errors. */
#include "engine.h"
#include "harness.h"
#include "model.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = 300, MAX_VOCABULARY = 64 };

static bool same_logits(const float *a, const float *b, uint32_t vocabulary)
{
    return a != NULL && b != NULL && memcmp(a, b, vocabulary * sizeof *a) == 0;
}

/* ---- chunks and threads ------------------------------------------------------------------------------------- */

static void check_chunks(ds4_mode mode)
{
    static const size_t chunks[] = {3, 127, 129, TOKENS};
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    int32_t tokens[TOKENS];
    REQUIRE(model != NULL);
    make_tokens(tokens, TOKENS, config.vocabulary);
    float *expected = all_logits(model, mode, tokens, TOKENS, 1);
    REQUIRE(expected != NULL);
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        float *found = all_logits(model, mode, tokens, TOKENS, chunks[i]);
        REQUIRE(found != NULL);
        for (int row = 0; row < TOKENS; row++)
            REQUIRE_MESSAGE(same_logits(found + row * config.vocabulary, expected + row * config.vocabulary, config.vocabulary),
                            "chunks of %zu: row %d differs", chunks[i], row);
        free(found);
    }
    free(expected);
    ds4_model_close(model);
}

static void Exact_logits_do_not_depend_on_chunks(void)
{
    check_chunks(DS4_MODE_EXACT);
}

static void Rounded_logits_do_not_depend_on_chunks(void)
{
    check_chunks(DS4_MODE_ROUNDED);
}

static void Fast_logits_do_not_depend_on_chunks(void)
{
    check_chunks(DS4_MODE_FAST);
}

/* A prompt whose length leaves an open window must continue like one that was evaluated token by token. */
static void Both_compressors_continue_from_any_open_window(void)
{
    static const size_t prompts[] = {1, 2, 3, 4, 5, 7, 8, 127, 128, 129, 130, 131, 255, 256, 257};
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    int32_t tokens[TOKENS];
    REQUIRE(model != NULL);
    make_tokens(tokens, TOKENS, config.vocabulary);
    float *expected = all_logits(model, DS4_MODE_EXACT, tokens, TOKENS, 1);
    REQUIRE(expected != NULL);
    for (size_t i = 0; i < sizeof prompts / sizeof prompts[0]; i++) {
        ds4_session *session = new_session(model, TOKENS, DS4_MODE_EXACT);
        REQUIRE(session != NULL && advance(session, tokens, 0, prompts[i]));
        for (size_t t = prompts[i]; t < prompts[i] + 10; t++) {
            REQUIRE(advance(session, tokens, t, 1));
            REQUIRE_MESSAGE(same_logits(ds4_session_logits(session), expected + t * config.vocabulary, config.vocabulary),
                            "prompt of %zu, token %zu", prompts[i], t);
        }
        ds4_session_free(session);
    }
    free(expected);
    ds4_model_close(model);
}

static void Exact_logits_do_not_depend_on_the_number_of_threads(void)
{
    model_config config = small_config();
    int32_t tokens[200];
    float *expected = NULL;
    make_tokens(tokens, 200, config.vocabulary);
    for (uint32_t threads = 1; threads <= 3; threads++) {
        ds4_model *model = open_small(&config, "small.gguf", threads);
        REQUIRE(model != NULL);
        float *found = all_logits(model, DS4_MODE_EXACT, tokens, 200, 150);
        ds4_model_close(model);
        REQUIRE(found != NULL);
        if (expected == NULL) {
            expected = found;
            continue;
        }
        REQUIRE(memcmp(found, expected, 200 * config.vocabulary * sizeof *found) == 0);
        free(found);
    }
    free(expected);
}

static void The_tile_size_changes_nothing_but_the_steps_of_progress(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 2);
    int32_t tokens[100];
    ds4_error error;
    REQUIRE(model != NULL);
    make_tokens(tokens, 100, config.vocabulary);
    ds4_session *whole = new_session(model, 100, DS4_MODE_EXACT), *tiled = new_session(model, 100, DS4_MODE_EXACT);
    REQUIRE(whole != NULL && tiled != NULL && advance(whole, tokens, 0, 100));
    REQUIRE(ds4_session_prefill(tiled, tokens, 100, &(ds4_prefill_options){.tile = 9}, &error) == DS4_OK);
    REQUIRE(same_logits(ds4_session_logits(whole), ds4_session_logits(tiled), config.vocabulary));
    ds4_session_free(whole);
    ds4_session_free(tiled);
    ds4_model_close(model);
}

static void Sessions_of_one_model_do_not_disturb_each_other(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    int32_t tokens[60];
    REQUIRE(model != NULL);
    make_tokens(tokens, 60, config.vocabulary);
    float *expected = all_logits(model, DS4_MODE_EXACT, tokens, 60, 60);
    ds4_session *one = new_session(model, 60, DS4_MODE_EXACT), *other = new_session(model, 60, DS4_MODE_ROUNDED);
    REQUIRE(expected != NULL && one != NULL && other != NULL);
    for (size_t t = 0; t < 60; t++) {
        REQUIRE(advance(one, tokens, t, 1) && advance(other, tokens, 59 - t, 1));
        REQUIRE(same_logits(ds4_session_logits(one), expected + t * config.vocabulary, config.vocabulary));
    }
    ds4_session_free(one);
    ds4_session_free(other);
    free(expected);
    ds4_model_close(model);
}

/* ---- wanted rows -------------------------------------------------------------------------------------------- */

static void Wanted_rows_inside_a_prefill_equal_those_of_decoding(void)
{
    static const uint32_t rows[] = {0, 1, 63, 64, 65, 130, 298, 299};
    enum { ROWS = sizeof rows / sizeof rows[0] };
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 2);
    int32_t tokens[TOKENS];
    float found[ROWS * MAX_VOCABULARY];
    ds4_error error;
    REQUIRE(model != NULL);
    make_tokens(tokens, TOKENS, config.vocabulary);
    float *expected = all_logits(model, DS4_MODE_EXACT, tokens, TOKENS, 1);
    ds4_session *session = new_session(model, TOKENS, DS4_MODE_EXACT);
    REQUIRE(expected != NULL && session != NULL);
    ds4_prefill_options options = {.rows = rows, .row_count = ROWS, .row_logits = found, .tile = 65};
    REQUIRE(ds4_session_prefill(session, tokens, TOKENS, &options, &error) == DS4_OK);
    for (int i = 0; i < ROWS; i++)
        REQUIRE_MESSAGE(same_logits(found + i * config.vocabulary, expected + rows[i] * config.vocabulary, config.vocabulary), "row %u",
                        rows[i]);
    REQUIRE(same_logits(ds4_session_logits(session), expected + 299 * config.vocabulary, config.vocabulary));
    ds4_session_free(session);
    free(expected);
    ds4_model_close(model);
}

/* ---- progress and cancellation ------------------------------------------------------------------------------ */

typedef struct watch {
    uint64_t calls, last_done, total, cancel_at;
    volatile int32_t cancel;
} watch;

static void watch_progress(void *user, uint64_t done, uint64_t total)
{
    watch *w = user;
    w->calls++;
    w->last_done = done;
    w->total = total;
    if (done >= w->cancel_at)
        w->cancel = 1;
}

static void Progress_is_told_after_every_tile(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_session *session = new_session(model, 100, DS4_MODE_EXACT);
    int32_t tokens[100];
    watch w = {.cancel_at = UINT64_MAX};
    REQUIRE(session != NULL);
    make_tokens(tokens, 100, config.vocabulary);
    ds4_prefill_options options = {.tile = 30, .progress = watch_progress, .progress_user = &w};
    REQUIRE(ds4_session_prefill(session, tokens, 100, &options, NULL) == DS4_OK);
    REQUIRE(w.calls == 4 && w.last_done == 100 && w.total == 100);
    ds4_session_free(session);
    ds4_model_close(model);
}

static void Cancelling_leaves_a_valid_session_at_the_last_full_tile(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    int32_t tokens[100];
    watch w = {.cancel_at = 60};
    ds4_error error;
    REQUIRE(model != NULL);
    make_tokens(tokens, 100, config.vocabulary);
    float *expected = all_logits(model, DS4_MODE_EXACT, tokens, 100, 100);
    ds4_session *session = new_session(model, 100, DS4_MODE_EXACT);
    REQUIRE(expected != NULL && session != NULL);
    ds4_prefill_options options = {.tile = 30, .progress = watch_progress, .progress_user = &w, .cancel = &w.cancel};
    REQUIRE(ds4_session_prefill(session, tokens, 100, &options, &error) == DS4_CANCELLED && strstr(error.message, "60 of 100"));
    REQUIRE(ds4_session_position(session) == 60);
    REQUIRE(same_logits(ds4_session_logits(session), expected + 59 * config.vocabulary, config.vocabulary));
    REQUIRE(advance(session, tokens, 60, 40));
    REQUIRE(same_logits(ds4_session_logits(session), expected + 99 * config.vocabulary, config.vocabulary));
    ds4_session_free(session);
    free(expected);
    ds4_model_close(model);
}

static void A_flag_set_before_the_call_cancels_it_before_any_token(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_session *session = new_session(model, 100, DS4_MODE_EXACT);
    int32_t tokens[10];
    volatile int32_t cancel = 1;
    REQUIRE(session != NULL);
    make_tokens(tokens, 10, config.vocabulary);
    REQUIRE(ds4_session_prefill(session, tokens, 10, &(ds4_prefill_options){.cancel = &cancel}, NULL) == DS4_CANCELLED);
    REQUIRE(ds4_session_position(session) == 0 && ds4_session_logits(session) == NULL);
    REQUIRE(advance(session, tokens, 0, 10));
    ds4_session_free(session);
    ds4_model_close(model);
}

static void A_flag_set_during_the_last_tile_comes_too_late(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_session *session = new_session(model, 100, DS4_MODE_EXACT);
    int32_t tokens[60];
    watch w = {.cancel_at = 60};
    REQUIRE(session != NULL);
    make_tokens(tokens, 60, config.vocabulary);
    ds4_prefill_options options = {.tile = 30, .progress = watch_progress, .progress_user = &w, .cancel = &w.cancel};
    REQUIRE(ds4_session_prefill(session, tokens, 60, &options, NULL) == DS4_OK && ds4_session_position(session) == 60);
    ds4_session_free(session);
    ds4_model_close(model);
}

/* ---- busy and poisoned -------------------------------------------------------------------------------------- */

typedef struct intruder {
    ds4_session *session;
    ds4_status status;
} intruder;

static void *decode_elsewhere(void *argument)
{
    intruder *i = argument;
    i->status = ds4_session_decode(i->session, 1, NULL);
    return NULL;
}

/* Runs in the middle of a prefill. */
static void intrude(void *user, uint64_t done, uint64_t total)
{
    pthread_t thread;
    (void)done, (void)total;
    if (pthread_create(&thread, NULL, decode_elsewhere, user) == 0)
        pthread_join(thread, NULL);
}

static void A_second_compute_call_on_the_model_is_busy(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 2);
    ds4_session *session = new_session(model, 100, DS4_MODE_EXACT);
    intruder other = {new_session(model, 100, DS4_MODE_EXACT), DS4_OK};
    int32_t tokens[60];
    REQUIRE(session != NULL && other.session != NULL);
    make_tokens(tokens, 60, config.vocabulary);
    ds4_prefill_options options = {.tile = 30, .progress = intrude, .progress_user = &other};
    REQUIRE(ds4_session_prefill(session, tokens, 60, &options, NULL) == DS4_OK);
    REQUIRE(other.status == DS4_BUSY && ds4_session_position(other.session) == 0);
    REQUIRE(ds4_session_decode(other.session, 1, NULL) == DS4_OK);
    ds4_session_free(session);
    ds4_session_free(other.session);
    ds4_model_close(model);
}

static ds4_status fail_attention(void *backend, const ds4_step *step, ds4_span span, ds4_span part, ds4_error *error)
{
    (void)backend, (void)step, (void)span, (void)part;
    return ds4_fail(error, DS4_IO, "the device is gone");
}

static void An_error_in_a_stage_poisons_the_session_but_not_the_model(void)
{
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 1);
    ds4_session *session = new_session(model, 100, DS4_MODE_EXACT), *other = new_session(model, 100, DS4_MODE_EXACT);
    ds4_error error;
    REQUIRE(session != NULL && other != NULL && ds4_session_decode(session, 1, NULL) == DS4_OK);
    const ds4_backend *healthy = model->forward.backend;
    ds4_backend broken = *healthy;
    broken.attend = fail_attention;
    model->forward.backend = &broken;
    REQUIRE(ds4_session_decode(session, 2, &error) == DS4_IO && strcmp(error.message, "the device is gone") == 0);
    model->forward.backend = healthy;
    REQUIRE(ds4_session_decode(session, 2, &error) == DS4_POISONED && strstr(error.message, "free it"));
    REQUIRE(ds4_session_logits(session) == NULL);
    REQUIRE(ds4_session_decode(other, 2, &error) == DS4_OK);
    ds4_session_free(session);
    ds4_session_free(other);
    ds4_model_close(model);
}

/* ---- hostile weights ---------------------------------------------------------------------------------------- */

/* Flips a bit, but none that makes a small tensor infinite: those are refused when the model is opened. */
static void flip_bit(file_tensor *tensor, random_source *random)
{
    size_t place = random_bits(random) % tensor->size;
    if (tensor->type == DS4_FORMAT_F32 && place % sizeof(float) == 3)
        place--;
    tensor->data[place] ^= (uint8_t)(1u << random_bits(random) % 8);
}

static void Random_bits_in_the_weights_cannot_break_the_engine(void)
{
    model_config config = small_config();
    model_file *file = build_model(&config, 1);
    random_source random = {11};
    int32_t tokens[40];
    make_tokens(tokens, 40, config.vocabulary);
    for (int round = 0; round < 6; round++) {
        for (size_t i = 0; i < file->tensor_count; i++) {
            file_tensor *tensor = &file->tensors[i];
            for (int flips = 0; tensor->type != DS4_FORMAT_I32 && flips < 3; flips++)
                flip_bit(tensor, &random);
        }
        ds4_model *model = open_engine(save_model(file, "flipped.gguf"), 1);
        ds4_session *session = new_session(model, 40, round % 2 ? DS4_MODE_ROUNDED : DS4_MODE_EXACT);
        REQUIRE(session != NULL && advance(session, tokens, 0, 40));
        ds4_session_free(session);
        ds4_model_close(model);
    }
    free_model_file(file);
}

const test session_tests[] = {
    TEST(Exact_logits_do_not_depend_on_chunks),
    TEST(Rounded_logits_do_not_depend_on_chunks),
    TEST(Fast_logits_do_not_depend_on_chunks),
    TEST(Both_compressors_continue_from_any_open_window),
    TEST(Exact_logits_do_not_depend_on_the_number_of_threads),
    TEST(The_tile_size_changes_nothing_but_the_steps_of_progress),
    TEST(Sessions_of_one_model_do_not_disturb_each_other),
    TEST(Wanted_rows_inside_a_prefill_equal_those_of_decoding),
    TEST(Progress_is_told_after_every_tile),
    TEST(Cancelling_leaves_a_valid_session_at_the_last_full_tile),
    TEST(A_flag_set_before_the_call_cancels_it_before_any_token),
    TEST(A_flag_set_during_the_last_tile_comes_too_late),
    TEST(A_second_compute_call_on_the_model_is_busy),
    TEST(An_error_in_a_stage_poisons_the_session_but_not_the_model),
    TEST(Random_bits_in_the_weights_cannot_break_the_engine),
    {NULL, NULL},
};

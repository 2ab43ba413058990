/* Several sessions that decode together. */
#include "engine.h"
#include "harness.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum { SESSIONS = 5, STEPS = 40, LONGEST = 300 };

/* Prompts of different lengths: before and after the window, in and at the end of compressor windows, with and without choice
 * by the indexer. */
static const uint32_t prompt_length[SESSIONS] = {1, 30, 127, 200, 255};

typedef struct fleet {
    ds4_model *model;
    uint32_t vocabulary;
    ds4_session *sessions[SESSIONS];
    int32_t tokens[SESSIONS][LONGEST];
} fleet;

static bool open_fleet(fleet *f, ds4_mode mode, uint32_t threads)
{
    model_config config = small_config();
    memset(f, 0, sizeof *f);
    f->model = open_small(&config, "small.gguf", threads);
    f->vocabulary = config.vocabulary;
    for (int i = 0; f->model != NULL && i < SESSIONS; i++) {
        make_tokens(f->tokens[i], LONGEST, config.vocabulary);
        for (int t = 0; t < LONGEST; t++)
            f->tokens[i][t] = (f->tokens[i][t] + i * 7 + t % (i + 2)) % (int32_t)config.vocabulary;
        f->sessions[i] = new_session(f->model, LONGEST, mode);
        if (f->sessions[i] == NULL || !advance(f->sessions[i], f->tokens[i], 0, prompt_length[i]))
            return false;
    }
    return f->model != NULL;
}

static void close_fleet(fleet *f)
{
    for (int i = 0; i < SESSIONS; i++)
        ds4_session_free(f->sessions[i]);
    ds4_model_close(f->model);
}

/* Logits of every session after every step, [STEPS][SESSIONS][vocabulary]; to be freed. `together` of them share a call. */
static float *decode_all(fleet *f, size_t together)
{
    float *logits = malloc((size_t)STEPS * SESSIONS * f->vocabulary * sizeof *logits);
    ds4_error error;
    for (uint32_t step = 0; step < STEPS; step++) {
        int32_t next[SESSIONS];
        for (int i = 0; i < SESSIONS; i++)
            next[i] = f->tokens[i][prompt_length[i] + step];
        for (size_t first = 0; first < SESSIONS; first += together) {
            size_t count = SESSIONS - first < together ? SESSIONS - first : together;
            if (ds4_sessions_decode(f->sessions + first, next + first, count, &error) != DS4_OK) {
                report_failure(__FILE__, __LINE__, "%s", error.message);
                free(logits);
                return NULL;
            }
        }
        for (int i = 0; i < SESSIONS; i++)
            memcpy(logits + ((size_t)step * SESSIONS + (size_t)i) * f->vocabulary, ds4_session_logits(f->sessions[i]),
                   f->vocabulary * sizeof *logits);
    }
    return logits;
}

static float *decoded(ds4_mode mode, uint32_t threads, size_t together)
{
    fleet f;
    float *logits = open_fleet(&f, mode, threads) ? decode_all(&f, together) : NULL;
    close_fleet(&f);
    return logits;
}

static void compare_together_with_alone(ds4_mode mode)
{
    const size_t bytes = (size_t)STEPS * SESSIONS * small_config().vocabulary * sizeof(float);
    float *alone = decoded(mode, 1, 1);
    for (size_t together = 2; together <= SESSIONS; together++) {
        float *found = decoded(mode, 3, together);
        REQUIRE(alone != NULL && found != NULL);
        REQUIRE_MESSAGE(memcmp(found, alone, bytes) == 0, "%zu sessions together differ from one alone", together);
        free(found);
    }
    free(alone);
}

static void Sessions_that_decode_together_get_bit_by_bit_what_they_get_alone_in_exact_mode(void)
{
    compare_together_with_alone(DS4_MODE_EXACT);
}

static void Sessions_that_decode_together_get_bit_by_bit_what_they_get_alone_in_rounded_mode(void)
{
    compare_together_with_alone(DS4_MODE_ROUNDED);
}

static void Sessions_that_decode_together_get_bit_by_bit_what_they_get_alone_in_fast_mode(void)
{
    compare_together_with_alone(DS4_MODE_FAST);
}

static void A_call_for_several_sessions_is_refused_before_any_of_them_moves(void)
{
    fleet f;
    ds4_error error;
    int32_t next[SESSIONS] = {1, 2, 3, 4, 5};
    REQUIRE(open_fleet(&f, DS4_MODE_ROUNDED, 1));
    ds4_session *exact = new_session(f.model, 10, DS4_MODE_EXACT), *full = new_session(f.model, 1, DS4_MODE_ROUNDED);
    REQUIRE(exact != NULL && full != NULL && advance(full, next, 0, 1));
    REQUIRE(ds4_sessions_decode(f.sessions, next, 0, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_sessions_decode(NULL, next, 1, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_sessions_decode((ds4_session *[]){f.sessions[0], f.sessions[1], f.sessions[0]}, next, 3, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(strstr(error.message, "sessions[0] and sessions[2] are the same") != NULL);
    REQUIRE(ds4_sessions_decode((ds4_session *[]){f.sessions[0], exact}, next, 2, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(strstr(error.message, "sessions[1] is of another mode") != NULL);
    REQUIRE(ds4_sessions_decode((ds4_session *[]){f.sessions[0], full}, next, 2, &error) == DS4_CONTEXT_FULL);
    REQUIRE(strstr(error.message, "sessions[1]: ") != NULL);
    next[3] = (int32_t)f.vocabulary;
    REQUIRE(ds4_sessions_decode(f.sessions, next, SESSIONS, &error) == DS4_INVALID_ARGUMENT);
    for (int i = 0; i < SESSIONS; i++)
        REQUIRE(ds4_session_position(f.sessions[i]) == prompt_length[i] && ds4_session_logits(f.sessions[i]) != NULL);
    ds4_session_free(exact);
    ds4_session_free(full);
    close_fleet(&f);
}

static void More_sessions_than_fit_into_one_batch_are_evaluated_in_groups(void)
{
    enum { MANY = 70 };
    model_config config = small_config();
    ds4_model *model = open_small(&config, "small.gguf", 2);
    ds4_session *sessions[MANY], *alone = new_session(model, 2, DS4_MODE_FAST);
    int32_t next[MANY];
    for (int i = 0; i < MANY; i++) {
        sessions[i] = new_session(model, 2, DS4_MODE_FAST);
        next[i] = i % (int)config.vocabulary;
    }
    REQUIRE(ds4_sessions_decode(sessions, next, MANY, NULL) == DS4_OK);
    REQUIRE(ds4_session_decode(alone, next[MANY - 1], NULL) == DS4_OK);
    REQUIRE(memcmp(ds4_session_logits(sessions[MANY - 1]), ds4_session_logits(alone), config.vocabulary * sizeof(float)) == 0);
    for (int i = 0; i < MANY; i++) {
        REQUIRE(ds4_session_position(sessions[i]) == 1);
        ds4_session_free(sessions[i]);
    }
    ds4_session_free(alone);
    ds4_model_close(model);
}

const test batch_tests[] = {
    TEST(Sessions_that_decode_together_get_bit_by_bit_what_they_get_alone_in_exact_mode),
    TEST(Sessions_that_decode_together_get_bit_by_bit_what_they_get_alone_in_rounded_mode),
    TEST(Sessions_that_decode_together_get_bit_by_bit_what_they_get_alone_in_fast_mode),
    TEST(A_call_for_several_sessions_is_refused_before_any_of_them_moves),
    TEST(More_sessions_than_fit_into_one_batch_are_evaluated_in_groups),
    {NULL, NULL},
};

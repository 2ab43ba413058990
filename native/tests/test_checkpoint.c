/* Checkpoints: taking, restoring, sharing of pages. */
#include "engine.h"
#include "failing_memory.h"
#include "harness.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS = 420 };

/* A model, tokens, and the logits after each of them as a session finds them that never goes back. */
typedef struct bench {
    model_config config;
    ds4_model *model;
    int32_t tokens[TOKENS], others[TOKENS];
    float *expected;
} bench;

static bool open_bench(bench *b, ds4_mode mode)
{
    b->config = small_config();
    b->model = open_small(&b->config, "checkpoint.gguf", 1);
    make_tokens(b->tokens, TOKENS, b->config.vocabulary);
    for (int i = 0; i < TOKENS; i++)
        b->others[i] = (b->tokens[i] + 1) % (int32_t)b->config.vocabulary;
    b->expected = b->model != NULL ? all_logits(b->model, mode, b->tokens, TOKENS, TOKENS) : NULL;
    return b->expected != NULL;
}

static void close_bench(bench *b)
{
    free(b->expected);
    ds4_model_close(b->model);
}

/* The session is after `count` tokens of the bench, and its logits are what they should be. */
static bool is_at(const bench *b, ds4_session *session, size_t count)
{
    const float *logits = ds4_session_logits(session);
    size_t vocabulary = b->config.vocabulary;
    if (ds4_session_position(session) != count || count == 0 || logits == NULL)
        return ds4_session_position(session) == count && count == 0 && logits == NULL;
    return memcmp(logits, b->expected + (count - 1) * vocabulary, vocabulary * sizeof *logits) == 0;
}

static ds4_checkpoint *take(ds4_session *session)
{
    ds4_checkpoint *checkpoint = NULL;
    ds4_error error;
    if (ds4_session_checkpoint(session, &checkpoint, &error) != DS4_OK)
        report_failure("checkpoint", 0, "%s", error.message);
    return checkpoint;
}

/* ---- equal to never having left ------------------------------------------------------------------------------- */

/* Checkpoints at every length, of one session, all alive; then back to each of them after another path. The lengths have
 * all remainders of 4 and 128, the window, and the first row of either ratio among them. */
static void check_every_length(ds4_mode mode)
{
    enum { LENGTHS = 149, MORE = 5 };
    static ds4_checkpoint *checkpoints[LENGTHS];
    bench b;
    REQUIRE(open_bench(&b, mode));
    ds4_session *session = new_session(b.model, TOKENS, mode), *other = new_session(b.model, TOKENS + 7, mode);
    REQUIRE(session != NULL && other != NULL);
    for (size_t n = 0; n < LENGTHS; n++) {
        REQUIRE(n == 0 || advance(session, b.tokens, n - 1, 1));
        checkpoints[n] = take(session);
        REQUIRE(checkpoints[n] != NULL && ds4_checkpoint_position(checkpoints[n]) == n);
    }
    ds4_session_free(session);
    session = new_session(b.model, TOKENS, mode);
    /* By a step that has no common divisor with the number of lengths, so that the order is mixed. */
    for (size_t i = 0, n = 0; i < LENGTHS; i++, n = (n + 57) % LENGTHS) {
        ds4_session *target = i % 2 ? other : session;
        REQUIRE(ds4_session_restore(target, checkpoints[n], NULL) == DS4_OK && is_at(&b, target, n));
        REQUIRE(advance(target, b.others, n, MORE)); /* leaves the path, writing into the same pages if it could */
        REQUIRE(ds4_session_restore(target, checkpoints[n], NULL) == DS4_OK && is_at(&b, target, n));
        for (size_t t = n; t < n + MORE; t++) {
            REQUIRE(advance(target, b.tokens, t, 1));
            REQUIRE_MESSAGE(is_at(&b, target, t + 1), "checkpoint at %zu, token %zu", n, t);
        }
    }
    for (size_t n = 0; n < LENGTHS; n++)
        ds4_checkpoint_free(checkpoints[n]);
    ds4_session_free(session);
    ds4_session_free(other);
    close_bench(&b);
}

static void Exact_decoding_after_a_restore_equals_never_having_left(void)
{
    check_every_length(DS4_MODE_EXACT);
}

static void Rounded_decoding_after_a_restore_equals_never_having_left(void)
{
    check_every_length(DS4_MODE_ROUNDED);
}

static void Prefill_after_a_restore_equals_never_having_left(void)
{
    static const size_t lengths[] = {1, 3, 4, 15, 16, 17, 127, 128, 129, 255, 256, 257};
    bench b;
    REQUIRE(open_bench(&b, DS4_MODE_ROUNDED));
    ds4_session *session = new_session(b.model, TOKENS, DS4_MODE_ROUNDED);
    REQUIRE(session != NULL);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        ds4_session *fresh = new_session(b.model, lengths[i], DS4_MODE_ROUNDED);
        REQUIRE(fresh != NULL && advance(fresh, b.tokens, 0, lengths[i]));
        ds4_checkpoint *checkpoint = take(fresh);
        ds4_session_free(fresh);
        REQUIRE(ds4_session_restore(session, checkpoint, NULL) == DS4_OK);
        ds4_checkpoint_free(checkpoint); /* what was restored is the session's own */
        REQUIRE(advance(session, b.tokens, lengths[i], TOKENS - lengths[i]) && is_at(&b, session, TOKENS));
    }
    ds4_session_free(session);
    close_bench(&b);
}

/* Many sessions and checkpoints that fork at random, each followed by the tokens it has seen. */
static void Random_forks_never_disturb_each_other(void)
{
    enum { SESSIONS = 3, KEPT = 8, STEPS = 600 };
    static int32_t seen[SESSIONS][TOKENS], kept_tokens[KEPT][TOKENS];
    ds4_session *sessions[SESSIONS];
    ds4_checkpoint *kept[KEPT] = {NULL};
    size_t length[SESSIONS] = {0}, kept_length[KEPT] = {0};
    random_source random = {23};
    bench b;
    REQUIRE(open_bench(&b, DS4_MODE_ROUNDED));
    for (int i = 0; i < SESSIONS; i++)
        sessions[i] = new_session(b.model, TOKENS, DS4_MODE_ROUNDED);
    for (int step = 0; step < STEPS; step++) {
        uint32_t s = random_bits(&random) % SESSIONS, k = random_bits(&random) % KEPT, count = 1 + random_bits(&random) % 12;
        switch (random_bits(&random) % 4) {
        case 0:
            ds4_checkpoint_free(kept[k]);
            kept[k] = take(sessions[s]);
            kept_length[k] = length[s];
            memcpy(kept_tokens[k], seen[s], sizeof seen[s]);
            break;
        case 1:
            if (kept[k] == NULL)
                break;
            REQUIRE(ds4_session_restore(sessions[s], kept[k], NULL) == DS4_OK);
            length[s] = kept_length[k];
            memcpy(seen[s], kept_tokens[k], sizeof seen[s]);
            break;
        default:
            for (; count > 0 && length[s] < TOKENS; count--, length[s]++) {
                seen[s][length[s]] = (int32_t)(random_bits(&random) % b.config.vocabulary);
                REQUIRE(advance(sessions[s], seen[s], length[s], 1));
            }
        }
    }
    for (int i = 0; i < SESSIONS; i++) {
        float *expected = all_logits(b.model, DS4_MODE_ROUNDED, seen[i], length[i], 50);
        REQUIRE(expected != NULL && length[i] > 0);
        REQUIRE(memcmp(ds4_session_logits(sessions[i]), expected + (length[i] - 1) * b.config.vocabulary, 4 * b.config.vocabulary) == 0);
        free(expected);
        ds4_session_free(sessions[i]);
    }
    for (int i = 0; i < KEPT; i++)
        ds4_checkpoint_free(kept[i]);
    close_bench(&b);
}

/* Both append to the page that the checkpoint shares with them. */
static void Siblings_decoded_together_do_not_write_into_each_other(void)
{
    enum { START = 126, COUNT = 8 };
    bench b;
    REQUIRE(open_bench(&b, DS4_MODE_EXACT));
    ds4_session *one = new_session(b.model, TOKENS, DS4_MODE_EXACT), *other = new_session(b.model, TOKENS, DS4_MODE_EXACT);
    REQUIRE(one != NULL && other != NULL && advance(one, b.tokens, 0, START));
    ds4_checkpoint *checkpoint = take(one);
    REQUIRE(ds4_session_restore(other, checkpoint, NULL) == DS4_OK);
    for (size_t t = START; t < START + COUNT; t++) {
        REQUIRE(ds4_sessions_decode((ds4_session *[]){other, one}, (int32_t[]){b.others[t], b.tokens[t]}, 2, NULL) == DS4_OK);
        REQUIRE(is_at(&b, one, t + 1));
    }
    REQUIRE(ds4_session_restore(other, checkpoint, NULL) == DS4_OK && is_at(&b, other, START));
    REQUIRE(advance(other, b.tokens, START, COUNT) && is_at(&b, other, START + COUNT));
    ds4_checkpoint_free(checkpoint);
    ds4_session_free(one);
    ds4_session_free(other);
    close_bench(&b);
}

static void Restoring_revives_a_poisoned_session(void)
{
    bench b;
    ds4_checkpoint *none;
    ds4_error error;
    REQUIRE(open_bench(&b, DS4_MODE_EXACT));
    ds4_session *session = new_session(b.model, TOKENS, DS4_MODE_EXACT);
    REQUIRE(session != NULL && advance(session, b.tokens, 0, 130));
    ds4_checkpoint *checkpoint = take(session);
    session->poisoned = true;
    memset(session->state.fixed->data, 0xff, session->state.store->fixed.size);
    REQUIRE(ds4_session_checkpoint(session, &none, &error) == DS4_POISONED && none == NULL && strstr(error.message, "nothing to keep"));
    REQUIRE(ds4_session_restore(session, checkpoint, NULL) == DS4_OK && is_at(&b, session, 130));
    REQUIRE(advance(session, b.tokens, 130, 20) && is_at(&b, session, 150));
    ds4_checkpoint_free(checkpoint);
    ds4_session_free(session);
    close_bench(&b);
}

/* ---- memory --------------------------------------------------------------------------------------------------- */

static void Checkpoints_along_one_path_share_its_pages_without_a_copy(void)
{
    bench b;
    ds4_checkpoint *checkpoints[10];
    uint64_t own, shared;
    REQUIRE(open_bench(&b, DS4_MODE_ROUNDED));
    ds4_state_store *store = ds4_model_store(b.model, DS4_MODE_ROUNDED);
    uint64_t pages = ds4_buffer_bytes(&store->pages[0].pool) + ds4_buffer_bytes(&store->pages[1].pool);
    ds4_session *session = new_session(b.model, TOKENS, DS4_MODE_ROUNDED);
    REQUIRE(session != NULL && advance(session, b.tokens, 0, 200));
    for (int i = 0; i < 10; i++) {
        checkpoints[i] = take(session);
        REQUIRE(advance(session, b.tokens, 200 + (size_t)i * 20, 20));
    }
    ds4_checkpoint_bytes(checkpoints[0], &own, &shared);
    REQUIRE(shared == pages && own < ds4_buffer_bytes(&store->fixed) + 1000);
    ds4_session_bytes(session, &own, &shared);
    REQUIRE(shared == pages);
    for (int i = 1; i < 10; i++)
        ds4_checkpoint_free(checkpoints[i]);
    ds4_session_free(session);
    ds4_checkpoint_bytes(checkpoints[0], &own, &shared);
    REQUIRE(shared == 0 && own > pages);
    ds4_checkpoint_free(checkpoints[0]);
    close_bench(&b);
}

static void A_session_that_leaves_a_path_copies_the_page_it_writes(void)
{
    bench b;
    uint64_t own, shared;
    REQUIRE(open_bench(&b, DS4_MODE_EXACT));
    ds4_session *session = new_session(b.model, TOKENS, DS4_MODE_EXACT);
    REQUIRE(session != NULL && advance(session, b.tokens, 0, 201));
    ds4_checkpoint *checkpoint = take(session);
    REQUIRE(advance(session, b.tokens, 201, 20) && ds4_session_restore(session, checkpoint, NULL) == DS4_OK);
    REQUIRE(advance(session, b.tokens, 201, 2)); /* completes no row */
    ds4_session_bytes(session, &own, &shared);
    uint64_t shared_before = shared;
    REQUIRE(advance(session, b.tokens, 203, 1)); /* completes one of ratio 4 */
    ds4_session_bytes(session, &own, &shared);
    REQUIRE(shared_before - shared == ds4_buffer_bytes(&ds4_model_store(b.model, DS4_MODE_EXACT)->pages[0].pool));
    ds4_checkpoint_free(checkpoint);
    ds4_session_free(session);
    close_bench(&b);
}

static void A_page_that_cannot_be_copied_leaves_the_session_as_it_was(void)
{
    bench b;
    ds4_error error;
    REQUIRE(open_bench(&b, DS4_MODE_EXACT));
    ds4_session *session = new_session(b.model, TOKENS, DS4_MODE_EXACT), *other = new_session(b.model, TOKENS, DS4_MODE_EXACT);
    REQUIRE(session != NULL && other != NULL && advance(session, b.tokens, 0, 203));
    ds4_checkpoint *checkpoint = take(session);
    REQUIRE(ds4_session_restore(other, checkpoint, NULL) == DS4_OK);
    REQUIRE(advance(session, b.tokens, 203, 1));
    ds4_buffer *pooled = ds4_buffer_take(&session->state.store->pages[0].pool); /* none may be left over */
    fail_allocation(1);
    ds4_status status = ds4_session_decode(other, b.tokens[203], &error);
    fail_allocation(0);
    REQUIRE(status == DS4_OUT_OF_MEMORY && strstr(error.message, "1 more tokens at position 203") && is_at(&b, other, 203));
    REQUIRE(advance(other, b.tokens, 203, 10) && is_at(&b, other, 213));
    ds4_buffer_release(pooled);
    ds4_checkpoint_free(checkpoint);
    ds4_session_free(session);
    ds4_session_free(other);
    close_bench(&b);
}

static void A_checkpoint_without_memory_is_refused(void)
{
    bench b;
    ds4_checkpoint *checkpoint = (ds4_checkpoint *)&checkpoint;
    ds4_error error;
    REQUIRE(open_bench(&b, DS4_MODE_ROUNDED));
    ds4_session *session = new_session(b.model, TOKENS, DS4_MODE_ROUNDED), *other = new_session(b.model, 1, DS4_MODE_ROUNDED);
    REQUIRE(session != NULL && other != NULL && advance(session, b.tokens, 0, 130));
    for (uint64_t n = 1; n <= 2; n++) {
        fail_allocation(n);
        ds4_status status = ds4_session_checkpoint(session, &checkpoint, &error);
        fail_allocation(0);
        REQUIRE(status == DS4_OUT_OF_MEMORY && checkpoint == NULL && strstr(error.message, "no memory for a checkpoint"));
    }
    REQUIRE(advance(session, b.tokens, 130, 10) && is_at(&b, session, 140));
    ds4_session_free(session);
    ds4_session_free(other);
    close_bench(&b);
}

/* ---- refusals ------------------------------------------------------------------------------------------------- */

static void Restoring_refuses_another_model_mode_or_a_small_context(void)
{
    bench b;
    ds4_error error;
    REQUIRE(open_bench(&b, DS4_MODE_ROUNDED));
    ds4_model *stranger = open_small(&b.config, "stranger.gguf", 1);
    ds4_session *session = new_session(b.model, TOKENS, DS4_MODE_ROUNDED), *small = new_session(b.model, 9, DS4_MODE_ROUNDED);
    ds4_session *fast = new_session(b.model, TOKENS, DS4_MODE_FAST), *foreign = new_session(stranger, TOKENS, DS4_MODE_ROUNDED);
    REQUIRE(session != NULL && small != NULL && fast != NULL && foreign != NULL && advance(session, b.tokens, 0, 10));
    ds4_checkpoint *checkpoint = take(session);
    REQUIRE(ds4_session_restore(small, checkpoint, &error) == DS4_CONTEXT_FULL && strstr(error.message, "10 tokens"));
    REQUIRE(ds4_session_restore(fast, checkpoint, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "mode"));
    REQUIRE(ds4_session_restore(foreign, checkpoint, &error) == DS4_INVALID_ARGUMENT && strstr(error.message, "another model"));
    REQUIRE(ds4_session_restore(NULL, checkpoint, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_session_restore(session, NULL, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_session_checkpoint(NULL, &checkpoint, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_session_checkpoint(session, NULL, &error) == DS4_INVALID_ARGUMENT);
    REQUIRE(ds4_session_position(small) == 0 && ds4_session_position(fast) == 0 && ds4_session_position(foreign) == 0);
    ds4_checkpoint_free(checkpoint);
    ds4_checkpoint_free(NULL);
    ds4_session_free(session);
    ds4_session_free(small);
    ds4_session_free(fast);
    ds4_session_free(foreign);
    ds4_model_close(stranger);
    close_bench(&b);
}

typedef struct intruder {
    ds4_session *session;
    ds4_checkpoint *before;
    ds4_status taken, restored;
} intruder;

/* Runs in the middle of a prefill. */
static void intrude(void *user, uint64_t done, uint64_t total)
{
    intruder *i = user;
    ds4_checkpoint *none;
    (void)done, (void)total;
    i->taken = ds4_session_checkpoint(i->session, &none, NULL);
    i->restored = ds4_session_restore(i->session, i->before, NULL);
}

static void A_session_under_evaluation_is_busy(void)
{
    bench b;
    REQUIRE(open_bench(&b, DS4_MODE_EXACT));
    intruder i = {.session = new_session(b.model, TOKENS, DS4_MODE_EXACT)};
    REQUIRE(i.session != NULL);
    i.before = take(i.session);
    ds4_prefill_options options = {.tile = 30, .progress = intrude, .progress_user = &i};
    REQUIRE(ds4_session_prefill(i.session, b.tokens, 60, &options, NULL) == DS4_OK && is_at(&b, i.session, 60));
    REQUIRE(i.taken == DS4_BUSY && i.restored == DS4_BUSY);
    ds4_checkpoint_free(i.before);
    ds4_session_free(i.session);
    close_bench(&b);
}

const test checkpoint_tests[] = {
    TEST(Exact_decoding_after_a_restore_equals_never_having_left),
    TEST(Rounded_decoding_after_a_restore_equals_never_having_left),
    TEST(Prefill_after_a_restore_equals_never_having_left),
    TEST(Random_forks_never_disturb_each_other),
    TEST(Siblings_decoded_together_do_not_write_into_each_other),
    TEST(Restoring_revives_a_poisoned_session),
    TEST(Checkpoints_along_one_path_share_its_pages_without_a_copy),
    TEST(A_session_that_leaves_a_path_copies_the_page_it_writes),
    TEST(A_page_that_cannot_be_copied_leaves_the_session_as_it_was),
    TEST(A_checkpoint_without_memory_is_refused),
    TEST(Restoring_refuses_another_model_mode_or_a_small_context),
    TEST(A_session_under_evaluation_is_busy),
    {NULL, NULL},
};

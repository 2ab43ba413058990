/* trial.c: batches of every kind, on sessions of their own. */
#include "trial.h"

#include <stdlib.h>
#include <string.h>

enum { FEW = 5, SINGLES = 4, SESSIONS = 2, SECOND_PROMPT = 13 };

typedef struct trial {
    ds4_forward *forward;
    const subject *subject;
    ds4_state_store store;
    ds4_session *sessions[SESSIONS];
    int32_t *tokens;
    float *logits;
    uint32_t prompt;
    ds4_mode mode;
} trial;

static void fill_tokens(int32_t *tokens, uint32_t count, uint32_t vocabulary)
{
    uint32_t state = 7;
    for (uint32_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        tokens[i] = (int32_t)((state >> 8) % vocabulary);
    }
}

/* The next `count` tokens of the session. */
static ds4_status feed(trial *t, ds4_session *session, uint32_t count, ds4_error *error)
{
    ds4_feed f = {session, t->tokens + session->position, count};
    ds4_status status = ds4_session_reserve(session, count, error);
    return status == DS4_OK ? ds4_forward_evaluate(t->forward, &f, 1, error) : status;
}

static ds4_status feed_together(trial *t, ds4_error *error)
{
    ds4_feed feeds[SESSIONS];
    for (int i = 0; i < SESSIONS; i++) {
        feeds[i] = (ds4_feed){t->sessions[i], t->tokens + t->sessions[i]->position, 1};
        ds4_status status = ds4_session_reserve(t->sessions[i], 1, error);
        if (status != DS4_OK)
            return status;
    }
    return ds4_forward_evaluate(t->forward, feeds, SESSIONS, error);
}

static ds4_status head(trial *t, uint32_t row, ds4_error *error)
{
    ds4_output output = {row, t->logits};
    return ds4_forward_head(t->forward, t->mode, &output, 1, error);
}

static ds4_status run_batches(trial *t, ds4_error *error)
{
    uint32_t most = t->forward->max_tile;
    ds4_status status = DS4_OK;
    for (uint32_t left = t->prompt; left > 0 && status == DS4_OK;) {
        uint32_t count = left < most ? left : most;
        status = feed(t, t->sessions[0], count, error);
        left -= count;
        if (status == DS4_OK && left == 0)
            status = head(t, count - 1, error);
    }
    if (status == DS4_OK)
        status = feed(t, t->sessions[0], FEW, error);
    for (int i = 0; i < SINGLES && status == DS4_OK; i++)
        status = feed(t, t->sessions[0], 1, error);
    if (status == DS4_OK)
        status = feed(t, t->sessions[1], SECOND_PROMPT, error);
    if (status == DS4_OK)
        status = feed_together(t, error);
    return status == DS4_OK ? head(t, 1, error) : status;
}

static ds4_status open_sessions(trial *t, ds4_error *error)
{
    const ds4_buffer_source *source = t->forward->backend->state_memory(t->forward->state);
    uint64_t context = t->prompt + FEW + SINGLES + SECOND_PROMPT + 1;
    uint32_t value_bytes = t->mode == DS4_MODE_EXACT ? sizeof(float) : sizeof(uint16_t);
    bool fits = ds4_state_store_open(&t->store, &t->subject->shape, value_bytes, source);
    for (int i = 0; i < SESSIONS && fits; i++) {
        t->sessions[i] = ds4_session_allocate(NULL, &t->store, context, t->mode);
        fits = t->sessions[i] != NULL;
    }
    return fits ? DS4_OK : ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for a session of %llu tokens", (unsigned long long)context);
}

static ds4_status run_mode(trial *t, ds4_mode mode, ds4_error *error)
{
    memset(t->sessions, 0, sizeof t->sessions);
    memset(&t->store, 0, sizeof t->store);
    t->mode = mode;
    ds4_status status = open_sessions(t, error);
    if (status == DS4_OK)
        status = run_batches(t, error);
    for (int i = 0; i < SESSIONS; i++)
        ds4_session_free(t->sessions[i]);
    ds4_state_store_close(&t->store);
    return status;
}

ds4_status run_trials(ds4_forward *forward, const subject *s, uint32_t prompt, ds4_error *error)
{
    trial t = {.forward = forward, .subject = s, .prompt = prompt};
    uint32_t tokens = prompt + FEW + SINGLES + SECOND_PROMPT + 1;
    ds4_status status = DS4_OK;
    t.tokens = malloc(tokens * sizeof *t.tokens);
    t.logits = malloc(s->shape.vocabulary * sizeof *t.logits);
    if (t.tokens == NULL || t.logits == NULL)
        status = ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for %u tokens", tokens);
    else
        fill_tokens(t.tokens, tokens, s->shape.vocabulary);
    for (int mode = 0; mode < 3 && status == DS4_OK; mode++)
        status = run_mode(&t, (ds4_mode)mode, error);
    free(t.tokens);
    free(t.logits);
    return status;
}

/* evaluate.c: the session functions of the boundary: creation, prefill, decode.
 *
 * DESIGN   A compute call first takes the model, then checks everything about its arguments, and only then touches the
 *          session. Prefill cuts the tokens into tiles; between tiles the session is valid, so that is where progress is
 *          told and cancellation is seen. A large tile reads weights less often, but a slow machine would answer a
 *          cancellation late: unless the caller says otherwise, a tile is what the machine evaluates in a few seconds at the
 *          pace seen so far. Results do not depend on it. Decode is a prefill of one token.
 */
#include "model.h"

#include <string.h>
#include <time.h>

/* ---- sessions ----------------------------------------------------------------------------------------------- */

static ds4_status check_session_shape(const ds4_model *model, uint64_t context, ds4_mode mode, ds4_error *error)
{
    if (model == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "model is NULL");
    if (context < 1 || context > model->shape.context)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "context is %llu; expected 1 to %llu, the model's trained context",
                        (unsigned long long)context, (unsigned long long)model->shape.context);
    if (mode != DS4_MODE_EXACT && mode != DS4_MODE_ROUNDED && mode != DS4_MODE_FAST)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "mode is %d; expected 0 (exact), 1 (rounded) or 2 (fast)", (int)mode);
    return DS4_OK;
}

ds4_status ds4_session_memory(ds4_model *model, uint64_t context, ds4_mode mode, ds4_memory *memory, ds4_error *error)
{
    if (memory == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "memory is NULL");
    ds4_status status = check_session_shape(model, context, mode, error);
    if (status == DS4_OK)
        *memory = ds4_session_estimate(ds4_model_store(model, mode), context);
    return status;
}

ds4_status ds4_session_create(ds4_model *model, uint64_t context, ds4_mode mode, ds4_session **session, ds4_error *error)
{
    if (session == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "session is NULL");
    *session = NULL;
    ds4_status status = check_session_shape(model, context, mode, error);
    if (status != DS4_OK)
        return status;
    ds4_state_store *store = ds4_model_store(model, mode);
    *session = ds4_session_allocate(model, store, context, mode);
    if (*session == NULL)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for a session (%llu bytes); free sessions or checkpoints",
                        (unsigned long long)ds4_session_estimate(store, context).fixed);
    return DS4_OK;
}

uint64_t ds4_session_position(const ds4_session *session)
{
    return session->position;
}

const float *ds4_session_logits(const ds4_session *session)
{
    return session->position == 0 || session->poisoned ? NULL : session->logits;
}

/* ---- arguments ---------------------------------------------------------------------------------------------- */

static ds4_status check_rows(const ds4_prefill_options *options, size_t count, ds4_error *error)
{
    if (options->row_count == 0)
        return DS4_OK;
    if (options->rows == NULL || options->row_logits == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "row_count is %zu but %s is NULL", options->row_count,
                        options->rows == NULL ? "rows" : "row_logits");
    for (size_t i = 0; i < options->row_count; i++)
        if (options->rows[i] >= count || (i > 0 && options->rows[i] <= options->rows[i - 1]))
            return ds4_fail(error, DS4_INVALID_ARGUMENT, "rows[%zu] is %u; expected ascending token indices below %zu", i, options->rows[i],
                            count);
    return DS4_OK;
}

static ds4_status check_tokens(const ds4_session *session, const int32_t *tokens, size_t count, ds4_error *error)
{
    if (tokens == NULL || count == 0)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "there are no tokens to evaluate");
    if (count > session->context - session->position)
        return ds4_fail(error, DS4_CONTEXT_FULL, "%zu tokens do not fit: %llu of the session's %llu positions are used", count,
                        (unsigned long long)session->position, (unsigned long long)session->context);
    uint32_t vocabulary = session->model->shape.vocabulary;
    for (size_t i = 0; i < count; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= vocabulary)
            return ds4_fail(error, DS4_INVALID_ARGUMENT, "tokens[%zu] is %d; expected 0 to %u", i, (int)tokens[i], vocabulary - 1);
    return DS4_OK;
}

static ds4_status check_call(const ds4_session *session, const int32_t *tokens, size_t count, const ds4_prefill_options *options,
                             ds4_error *error)
{
    if (session->poisoned)
        return ds4_fail(error, DS4_POISONED, "an earlier error left this session unusable; restore a checkpoint or free it");
    ds4_status status = check_tokens(session, tokens, count, error);
    return status != DS4_OK ? status : check_rows(options, count, error);
}

/* ---- evaluation --------------------------------------------------------------------------------------------- */

/* One prefill under way. */
typedef struct prefill {
    ds4_session *session;
    const ds4_prefill_options *options;
    ds4_error *error;
    size_t done;   /* tokens evaluated */
    size_t rows;   /* wanted rows delivered */
    uint32_t last; /* index, in the tile last evaluated, of its last token */
    bool stopped;  /* between two tiles: whatever the status, the session is valid */
} prefill;

static ds4_status head(const prefill *p, uint32_t token, float *logits)
{
    ds4_output output = {token, logits};
    return ds4_forward_head(&p->session->model->forward, p->session->mode, &output, 1, p->error);
}

/* Delivers the wanted rows among the `count` tokens just evaluated, in batches. */
static ds4_status deliver_rows(prefill *p, uint32_t count)
{
    enum { BATCH = 64 };
    const ds4_prefill_options *o = p->options;
    ds4_forward *forward = &p->session->model->forward;
    size_t vocabulary = forward->shape->vocabulary;
    uint32_t limit = forward->max_tile < BATCH ? forward->max_tile : BATCH;
    ds4_output outputs[BATCH];
    while (p->rows < o->row_count && o->rows[p->rows] < p->done + count) {
        uint32_t wanted = 0;
        for (; wanted < limit && p->rows < o->row_count && o->rows[p->rows] < p->done + count; wanted++, p->rows++)
            outputs[wanted] = (ds4_output){(uint32_t)(o->rows[p->rows] - p->done), o->row_logits + p->rows * vocabulary};
        ds4_status status = ds4_forward_head(forward, p->session->mode, outputs, wanted, p->error);
        if (status != DS4_OK)
            return status;
    }
    return DS4_OK;
}

static bool is_cancelled(const prefill *p)
{
    return p->options->cancel != NULL && *p->options->cancel != 0;
}

/* Stops between tiles, with a valid session: its logits must be those of its last token, which the head has not seen yet. */
static ds4_status stop(prefill *p, ds4_status reason)
{
    if (p->done > 0) {
        ds4_status status = head(p, p->last, p->session->logits);
        if (status != DS4_OK)
            return status;
    }
    p->stopped = true;
    return reason;
}

static ds4_status cancel(prefill *p, size_t count)
{
    ds4_status status = stop(p, DS4_CANCELLED);
    return p->stopped ? ds4_fail(p->error, status, "cancelled after %zu of %zu tokens", p->done, count) : status;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Tokens of the next tile, of `left` to go. */
static uint32_t tile_size(const prefill *p, size_t left)
{
    enum { FIRST = 256, LEAST = 64, SECONDS = 8 };
    const ds4_model *model = p->session->model;
    double tokens = p->options->tile != 0 ? p->options->tile : model->pace == 0 ? FIRST : model->pace * SECONDS;
    if (p->options->tile == 0)
        tokens = tokens < LEAST ? LEAST : tokens;
    uint32_t most = tokens < model->forward.max_tile ? (uint32_t)tokens : model->forward.max_tile;
    if (p->options->tile == 0 && most > DS4_RATIO_LONG)
        most -= most % DS4_RATIO_LONG;
    return left < most ? (uint32_t)left : most;
}

/* Decoded tokens and short ends of a prompt say little about the pace of a long prompt. */
static void note_pace(ds4_model *model, uint32_t tokens, double seconds)
{
    enum { TELLING = 128 };
    if (tokens >= TELLING && seconds > 0)
        model->pace = tokens / seconds;
}

/* `is_decode`: the head follows at once, and waits. */
static ds4_status evaluate_tile(prefill *p, const int32_t *tokens, uint32_t count, bool is_decode)
{
    ds4_model *model = p->session->model;
    ds4_feed feed = {p->session, tokens, count};
    double start = seconds_now();
    ds4_status status = ds4_forward_evaluate(&model->forward, &feed, 1, p->error);
    if (status == DS4_OK && !is_decode)
        status = ds4_forward_finish(&model->forward, p->error);
    note_pace(model, count, seconds_now() - start);
    return status;
}

static ds4_status evaluate_tiles(prefill *p, const int32_t *tokens, size_t count)
{
    while (p->done < count) {
        if (is_cancelled(p))
            return cancel(p, count);
        uint32_t tile = tile_size(p, count - p->done);
        ds4_status status = ds4_session_reserve(p->session, tile, p->error);
        if (status != DS4_OK)
            return stop(p, status);
        status = evaluate_tile(p, tokens + p->done, tile, count == 1 && p->options->row_count == 0);
        if (status == DS4_OK)
            status = deliver_rows(p, tile);
        if (status != DS4_OK)
            return status;
        p->done += tile;
        p->last = tile - 1;
        if (p->options->progress != NULL)
            p->options->progress(p->options->progress_user, p->done, count);
    }
    return head(p, p->last, p->session->logits);
}

/* Poisons the session on any error inside a tile. */
static ds4_status prefill_session(ds4_session *session, const int32_t *tokens, size_t count, const ds4_prefill_options *options,
                                  ds4_error *error)
{
    prefill p = {.session = session, .options = options, .error = error};
    ds4_status status = check_call(session, tokens, count, options, error);
    if (status != DS4_OK)
        return status;
    status = evaluate_tiles(&p, tokens, count);
    session->poisoned = status != DS4_OK && !p.stopped;
    return status;
}

ds4_status ds4_session_prefill(ds4_session *session, const int32_t *tokens, size_t count, const ds4_prefill_options *options,
                               ds4_error *error)
{
    static const ds4_prefill_options defaults = {0};
    if (session == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "session is NULL");
    if (!ds4_model_begin(session->model))
        return ds4_model_busy(error);
    ds4_status status = prefill_session(session, tokens, count, options != NULL ? options : &defaults, error);
    ds4_model_end(session->model);
    return status;
}

ds4_status ds4_session_decode(ds4_session *session, int32_t token, ds4_error *error)
{
    return ds4_session_prefill(session, &token, 1, NULL, error);
}

/* ---- several sessions --------------------------------------------------------------------------------------- */

/* Sessions evaluated together; more are evaluated in groups. */
enum { GROUP = DS4_BATCH_SESSIONS };

static ds4_status check_sessions(ds4_session *const *sessions, const int32_t *tokens, size_t count, ds4_error *error)
{
    if (sessions == NULL || tokens == NULL || count == 0)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "there are no sessions to evaluate");
    for (size_t i = 0; i < count; i++) {
        if (sessions[i] == NULL)
            return ds4_fail(error, DS4_INVALID_ARGUMENT, "sessions[%zu] is NULL", i);
        if (sessions[i]->model != sessions[0]->model || sessions[i]->mode != sessions[0]->mode)
            return ds4_fail(error, DS4_INVALID_ARGUMENT, "sessions[%zu] is of another %s than sessions[0]", i,
                            sessions[i]->model != sessions[0]->model ? "model" : "mode");
        for (size_t j = 0; j < i; j++)
            if (sessions[j] == sessions[i])
                return ds4_fail(error, DS4_INVALID_ARGUMENT, "sessions[%zu] and sessions[%zu] are the same", j, i);
    }
    return DS4_OK;
}

static ds4_status check_next_tokens(ds4_session *const *sessions, const int32_t *tokens, size_t count, ds4_error *error)
{
    static const ds4_prefill_options nothing_else = {0};
    ds4_error reason;
    for (size_t i = 0; i < count; i++) {
        ds4_status status = check_call(sessions[i], &tokens[i], 1, &nothing_else, &reason);
        if (status != DS4_OK)
            return ds4_fail(error, status, "sessions[%zu]: %s", i, reason.message);
    }
    return DS4_OK;
}

static ds4_status decode_group(ds4_session *const *sessions, const int32_t *tokens, uint32_t count, ds4_error *error)
{
    ds4_forward *forward = &sessions[0]->model->forward;
    ds4_feed feeds[GROUP] = {{0}};
    ds4_output outputs[GROUP];
    for (uint32_t i = 0; i < count; i++) {
        ds4_status reserved = ds4_session_reserve(sessions[i], 1, error);
        if (reserved != DS4_OK)
            return reserved;
        feeds[i] = (ds4_feed){sessions[i], &tokens[i], 1};
        outputs[i] = (ds4_output){i, sessions[i]->logits};
    }
    ds4_status status = ds4_forward_evaluate(forward, feeds, count, error);
    if (status == DS4_OK)
        status = ds4_forward_head(forward, sessions[0]->mode, outputs, count, error);
    for (uint32_t i = 0; i < count; i++)
        sessions[i]->poisoned = status != DS4_OK;
    return status;
}

static ds4_status decode_sessions(ds4_session *const *sessions, const int32_t *tokens, size_t count, ds4_error *error)
{
    uint32_t most = sessions[0]->model->forward.max_tile < GROUP ? sessions[0]->model->forward.max_tile : GROUP;
    ds4_status status = check_next_tokens(sessions, tokens, count, error);
    for (size_t done = 0; status == DS4_OK && done < count; done += most)
        status = decode_group(sessions + done, tokens + done, count - done < most ? (uint32_t)(count - done) : most, error);
    return status;
}

ds4_status ds4_sessions_decode(ds4_session *const *sessions, const int32_t *tokens, size_t count, ds4_error *error)
{
    ds4_status status = check_sessions(sessions, tokens, count, error);
    if (status != DS4_OK)
        return status;
    if (!ds4_model_begin(sessions[0]->model))
        return ds4_model_busy(error);
    status = decode_sessions(sessions, tokens, count, error);
    ds4_model_end(sessions[0]->model);
    return status;
}

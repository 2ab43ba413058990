/* evaluate.c: the session functions of the boundary: creation, prefill, decode.
 *
 * DESIGN   A compute call first takes the model, then checks everything about its arguments, and only then touches the
 *          session. Prefill cuts the tokens into tiles; between tiles the session is valid, so that is where progress is
 *          told and cancellation is seen. Decode is a prefill of one token.
 */
#include "memory.h"
#include "model.h"

#include <string.h>

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

ds4_status ds4_session_memory(const ds4_model *model, uint64_t context, ds4_mode mode, uint64_t *bytes, ds4_error *error)
{
    if (bytes == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "bytes is NULL");
    ds4_status status = check_session_shape(model, context, mode, error);
    if (status == DS4_OK)
        *bytes = ds4_session_bytes(&model->shape, context, mode);
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
    *session = ds4_session_allocate(model, &model->shape, context, mode);
    if (*session == NULL)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for a session of %llu tokens (%llu bytes); use a smaller context",
                        (unsigned long long)context, (unsigned long long)ds4_session_bytes(&model->shape, context, mode));
    return DS4_OK;
}

void ds4_session_free(ds4_session *session)
{
    ds4_release(session);
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
        return ds4_fail(error, DS4_POISONED, "an earlier error left this session unusable; free it and create another");
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
} prefill;

static ds4_status head(const prefill *p, uint32_t token, float *logits)
{
    ds4_output output = {token, logits};
    return ds4_forward_head(&p->session->model->forward, p->session, &output, 1, p->error);
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
        ds4_status status = ds4_forward_head(forward, p->session, outputs, wanted, p->error);
        if (status != DS4_OK)
            return status;
    }
    return DS4_OK;
}

static bool is_cancelled(const prefill *p)
{
    return p->options->cancel != NULL && *p->options->cancel != 0;
}

/* Stops between tiles. The session's logits must be those of its last token, which the head has not seen yet. */
static ds4_status stop(const prefill *p, size_t count)
{
    if (p->done > 0) {
        ds4_status status = head(p, p->last, p->session->logits);
        if (status != DS4_OK)
            return status;
    }
    return ds4_fail(p->error, DS4_CANCELLED, "cancelled after %zu of %zu tokens", p->done, count);
}

static ds4_status evaluate_tiles(prefill *p, const int32_t *tokens, size_t count)
{
    ds4_forward *forward = &p->session->model->forward;
    uint32_t asked = p->options->tile, most = asked != 0 && asked < forward->max_tile ? asked : forward->max_tile;
    while (p->done < count) {
        if (is_cancelled(p))
            return stop(p, count);
        uint32_t tile = count - p->done < most ? (uint32_t)(count - p->done) : most;
        ds4_status status = ds4_forward_tile(forward, p->session, tokens + p->done, tile, p->error);
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

/* Poisons the session on any error that is not a refusal of the arguments or a cancellation. */
static ds4_status evaluate(ds4_session *session, const int32_t *tokens, size_t count, const ds4_prefill_options *options, ds4_error *error)
{
    prefill p = {.session = session, .options = options, .error = error};
    ds4_status status = check_call(session, tokens, count, options, error);
    if (status != DS4_OK)
        return status;
    status = evaluate_tiles(&p, tokens, count);
    session->poisoned = status != DS4_OK && status != DS4_CANCELLED;
    return status;
}

ds4_status ds4_session_prefill(ds4_session *session, const int32_t *tokens, size_t count, const ds4_prefill_options *options,
                               ds4_error *error)
{
    static const ds4_prefill_options defaults = {0};
    if (session == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "session is NULL");
    atomic_bool *computing = &session->model->computing;
    if (atomic_exchange(computing, true))
        return ds4_fail(error, DS4_BUSY, "another compute call runs on this model");
    ds4_status status = evaluate(session, tokens, count, options != NULL ? options : &defaults, error);
    atomic_store(computing, false);
    return status;
}

ds4_status ds4_session_decode(ds4_session *session, int32_t token, ds4_error *error)
{
    return ds4_session_prefill(session, &token, 1, NULL, error);
}

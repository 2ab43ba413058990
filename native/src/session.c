/* session.c: memory of a session, and its rows.
 *
 * DESIGN   A session is a small allocation, whose size is known before it is made (layout.h), around a state (state.c).
 *          Memory is added to it in one place only, ds4_session_reserve, which runs before the tokens that need it.
 */
#include "session.h"
#include "error.h"
#include "layout.h"
#include "memory.h"
#include "rounding.h"

#include <string.h>

typedef struct parts {
    ds4_session *session;
    ds4_layer_state *layers;
    void *tables;
} parts;

static parts lay_out(ds4_layout *layout, const ds4_state_store *store, uint64_t context)
{
    parts p;
    p.session = ds4_place(layout, sizeof *p.session);
    p.layers = ds4_place(layout, store->shape->layers * sizeof *p.layers);
    p.tables = ds4_place(layout, ds4_state_table_bytes(store, context));
    return p;
}

static uint64_t frame_bytes(const ds4_state_store *store, uint64_t context)
{
    ds4_layout layout = {NULL, 0};
    lay_out(&layout, store, context);
    return layout.used;
}

ds4_memory ds4_session_estimate(const ds4_state_store *store, uint64_t context)
{
    uint64_t fixed = frame_bytes(store, context) + ds4_buffer_bytes(&store->fixed);
    return (ds4_memory){fixed, fixed + ds4_state_page_bytes(store, context)};
}

ds4_session *ds4_session_allocate(ds4_model *model, ds4_state_store *store, uint64_t context, ds4_mode mode)
{
    ds4_layout layout = {ds4_allocate(frame_bytes(store, context)), 0};
    if (layout.base == NULL)
        return NULL;
    parts p = lay_out(&layout, store, context);
    *p.session = (ds4_session){
        .model = model,
        .mode = mode,
        .rounds = mode != DS4_MODE_EXACT,
        .context = context,
        .row_bytes = store->row_bytes,
        .layers = p.layers,
    };
    if (!ds4_state_open(&p.session->state, store, context, p.tables)) {
        ds4_release(p.session);
        return NULL;
    }
    p.session->logits = ds4_state_logits(&p.session->state);
    for (uint32_t layer = 0; layer < store->shape->layers; layer++)
        p.layers[layer] = ds4_state_layer(&p.session->state, layer);
    return p.session;
}

ds4_status ds4_session_reserve(ds4_session *session, uint32_t count, ds4_error *error)
{
    if (ds4_state_reserve(&session->state, session->position, session->position + count))
        return DS4_OK;
    return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the state of %u more tokens at position %llu; free sessions or checkpoints",
                    count, (unsigned long long)session->position);
}

void ds4_session_free(ds4_session *session)
{
    if (session == NULL)
        return;
    ds4_state_close(&session->state);
    ds4_release(session);
}

void ds4_session_bytes(const ds4_session *session, uint64_t *own, uint64_t *shared)
{
    ds4_state_bytes(&session->state, own, shared);
    *own += frame_bytes(session->state.store, session->context);
}

/* ---- rows --------------------------------------------------------------------------------------------------- */

const float *ds4_row_load(const ds4_session *session, const uint8_t *row, uint32_t width, float *scratch)
{
    if (!session->rounds)
        return (const float *)(const void *)row;
    const uint16_t *halves = (const uint16_t *)(const void *)row;
    for (uint32_t i = 0; i < width; i++)
        scratch[i] = ds4_f16_to_f32(halves[i]);
    return scratch;
}

void ds4_row_store(const ds4_session *session, uint8_t *row, const float *values, uint32_t width)
{
    if (!session->rounds) {
        memcpy(row, values, width * sizeof *values);
        return;
    }
    uint16_t *halves = (uint16_t *)(void *)row;
    for (uint32_t i = 0; i < width; i++)
        halves[i] = ds4_f32_to_f16(values[i]);
}

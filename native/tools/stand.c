/* stand.c: measuring a model and its machine together. */
#include "stand.h"
#include "arguments.h"
#include "clock.h"
#include "int8_peak.h"
#include "model.h"
#include "residency.h"
#include "work.h"

#include <stdlib.h>

bool open_stand(stand *s, const char *path, const char *backend, uint32_t threads)
{
    ds4_error error;
    *s = (stand){.model = NULL};
    ds4_status status = ds4_model_open(path, &(ds4_model_options){backend, threads}, &s->model, &error);
    if (status != DS4_OK)
        return fail("--model %s: %s: %s", path, ds4_status_name(status), error.message);
    ds4_model_get_info(s->model, &s->info);
    status = ds4_pool_create(s->info.threads, &s->pool, &error);
    if (status == DS4_OK)
        s->bandwidth = open_bandwidth_meter(s->pool);
    if (s->bandwidth == NULL) {
        close_stand(s);
        return fail("no memory to measure the read bandwidth");
    }
    touch_weights(s->model, s->pool);
    return true;
}

void close_stand(stand *s)
{
    close_bandwidth_meter(s->bandwidth);
    ds4_pool_free(s->pool);
    ds4_model_close(s->model);
}

ds4_session *new_stand_session(const stand *s, uint64_t context)
{
    ds4_error error;
    ds4_session *session = NULL;
    ds4_status status = ds4_session_create(s->model, context, DS4_MODE_FAST, &session, &error);
    if (status != DS4_OK)
        fail("%s: %s", ds4_status_name(status), error.message);
    return session;
}

int32_t *make_tokens(const stand *s, size_t count)
{
    int32_t *tokens = malloc(count * sizeof *tokens);
    uint32_t state = 12345;
    for (size_t i = 0; tokens != NULL && i < count; i++) {
        state = state * 1664525u + 1013904223u;
        tokens[i] = (int32_t)((state >> 8) % s->info.vocabulary_size);
    }
    if (tokens == NULL)
        fail("out of memory");
    return tokens;
}

bool measure_prefill(const stand *s, ds4_session *session, const int32_t *tokens, uint32_t count, prefill_figures *figures)
{
    ds4_error error;
    uint64_t position = ds4_session_position(session);
    double before = measure_int8_peak(s->pool), start = seconds_now();
    ds4_status status = ds4_session_prefill(session, tokens, count, NULL, &error);
    double seconds = seconds_now() - start, peak = (before + measure_int8_peak(s->pool)) / 2;
    if (status != DS4_OK)
        return fail("%s: %s", ds4_status_name(status), error.message);
    add_sample(&figures->tps, count / seconds);
    add_sample(&figures->peak, peak);
    add_sample(&figures->peak_share, weight_products(&s->model->shape, position, count) / seconds / peak);
    return true;
}

bool measure_decode(const stand *s, ds4_session *session, const int32_t *tokens, uint32_t count, decode_figures *figures)
{
    ds4_error error;
    ds4_status status = DS4_OK;
    double bandwidth = read_bandwidth(s->bandwidth), start = seconds_now();
    for (uint32_t i = 0; status == DS4_OK && i < count; i++)
        status = ds4_session_decode(session, tokens[i], &error);
    double tps = count / (seconds_now() - start);
    if (status != DS4_OK)
        return fail("%s: %s", ds4_status_name(status), error.message);
    add_sample(&figures->tps, tps);
    add_sample(&figures->bandwidth, bandwidth);
    add_sample(&figures->share, tps * (double)s->info.weight_bytes_per_token / bandwidth);
    return true;
}

/* engine.c: shortcuts for tests that run models through the public boundary. */
#include "engine.h"
#include "harness.h"
#include "model_writer.h"

#include <stdlib.h>
#include <string.h>

const char *save_model(const model_file *file, const char *name)
{
    const char *path = scratch_path(name);
    ds4_error error;
    if (stream_model(file, path, NULL, &error) != DS4_OK)
        report_failure(path, 0, "%s", error.message);
    return path;
}

ds4_model *open_engine(const char *path, uint32_t threads)
{
    return open_engine_on(path, NULL, threads);
}

ds4_model *open_engine_on(const char *path, const char *backend, uint32_t threads)
{
    ds4_model *model = NULL;
    ds4_error error;
    ds4_model_options options = {backend, threads};
    if (ds4_model_open(path, &options, &model, &error) != DS4_OK)
        report_failure(path, 0, "%s", error.message);
    return model;
}

ds4_model *open_small(const model_config *config, const char *name, uint32_t threads)
{
    model_file *file = describe_model(config, 1);
    const char *path = save_model(file, name);
    free_model_file(file);
    return open_engine(path, threads);
}

ds4_session *new_session(ds4_model *model, uint64_t context, ds4_mode mode)
{
    ds4_session *session = NULL;
    ds4_error error;
    if (model != NULL && ds4_session_create(model, context, mode, &session, &error) != DS4_OK)
        report_failure("session", 0, "%s", error.message);
    return session;
}

bool advance(ds4_session *session, const int32_t *tokens, size_t first, size_t count)
{
    ds4_error error;
    if (count == 0 || ds4_session_prefill(session, tokens + first, count, NULL, &error) == DS4_OK)
        return true;
    report_failure("prefill", 0, "%s", error.message);
    return false;
}

void make_tokens(int32_t *tokens, size_t count, uint32_t vocabulary)
{
    random_source random = {17};
    for (size_t i = 0; i < count; i++)
        tokens[i] = (int32_t)(random_bits(&random) % vocabulary);
}

static ds4_status evaluate_chunk(ds4_session *session, const int32_t *tokens, size_t count, uint32_t vocabulary, float *logits,
                                 ds4_error *error)
{
    uint32_t *rows = malloc(count * sizeof *rows);
    for (uint32_t i = 0; i < count; i++)
        rows[i] = i;
    ds4_prefill_options options = {.rows = rows, .row_count = count, .row_logits = logits};
    ds4_status status;
    if (count == 1) {
        status = ds4_session_decode(session, tokens[0], error);
        if (status == DS4_OK)
            memcpy(logits, ds4_session_logits(session), vocabulary * sizeof *logits);
    } else {
        status = ds4_session_prefill(session, tokens, count, &options, error);
    }
    free(rows);
    return status;
}

float *all_logits(ds4_model *model, ds4_mode mode, const int32_t *tokens, size_t count, size_t chunk)
{
    ds4_model_info info;
    ds4_error error;
    ds4_session *session = new_session(model, count, mode);
    if (session == NULL)
        return NULL;
    ds4_model_get_info(model, &info);
    float *logits = malloc(count * info.vocabulary_size * sizeof *logits);
    for (size_t first = 0; first < count; first += chunk) {
        size_t length = count - first < chunk ? count - first : chunk;
        if (evaluate_chunk(session, tokens + first, length, info.vocabulary_size, logits + first * info.vocabulary_size, &error) !=
            DS4_OK) {
            report_failure("evaluation", 0, "%s", error.message);
            free(logits);
            logits = NULL;
            break;
        }
    }
    ds4_session_free(session);
    return logits;
}

float *all_logits_of_file(const char *path, uint32_t threads, ds4_mode mode, const int32_t *tokens, size_t count, size_t chunk)
{
    ds4_model *model = open_engine(path, threads);
    float *logits = model != NULL ? all_logits(model, mode, tokens, count, chunk) : NULL;
    ds4_model_close(model);
    return logits;
}

/* model.c: opening a model file, and what can be asked about it.
 *
 * DESIGN   Opening goes through the layers in order: mapping, container, shape, weights, backend. A failure anywhere closes
 *          what was opened; every part can be closed when it was never opened, so there is one way out.
 */
#include "model.h"
#include "fingerprint.h"
#include "memory.h"
#include "topology.h"

#include <string.h>

enum { MAX_THREADS = 1024 };

/* Best first. */
static const ds4_backend *const backends[] = {
#ifdef DS4_METAL
    &ds4_backend_metal,
#endif
    &ds4_backend_cpu,
};

/* "metal", "cpu", or "cpu:NAME" for one of its tables of kernels. */
static ds4_status choose_backend(const char *name, const ds4_backend **backend, const char **kernels, ds4_error *error)
{
    *kernels = NULL;
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        size_t length = strlen(backends[i]->name);
        if (name != NULL && (strncmp(name, backends[i]->name, length) != 0 || (name[length] != 0 && name[length] != ':')))
            continue;
        *backend = backends[i];
        if (name != NULL && name[length] == ':')
            *kernels = name + length + 1;
        return DS4_OK;
    }
    return ds4_fail(error, DS4_INVALID_ARGUMENT, "there is no backend %.32s; this build has %s", name,
                    backends[0] == &ds4_backend_cpu ? "cpu" : "metal and cpu");
}

static void fill_info(ds4_model *model)
{
    ds4_model_info *info = &model->info;
    const ds4_gguf_value *name = ds4_gguf_find_value(&model->gguf, "general.name");
    if (name != NULL && name->type == DS4_GGUF_STRING) {
        size_t length = name->data.size < sizeof info->name ? (size_t)name->data.size : sizeof info->name - 1;
        memcpy(info->name, name->data.data, length);
    }
    model->forward.backend->describe(model->forward.state, info);
    info->work_bytes += model->forward.memory_bytes;
    ds4_fingerprint(&model->gguf, info->fingerprint);
    info->vocabulary_size = model->shape.vocabulary;
    info->layer_count = model->shape.layers;
    info->hidden_size = model->shape.hidden;
    info->context_length = model->shape.context;
    info->file_bytes = model->mapping.size;
    for (uint64_t i = 0; i < model->gguf.tensor_count; i++)
        info->weight_bytes += model->gguf.tensors[i].data.size;
    info->weight_bytes_per_token = model->weights.bytes_per_token;
}

static ds4_status open_stores(ds4_model *model, ds4_error *error)
{
    const ds4_buffer_source *source = model->forward.backend->state_memory(model->forward.state);
    if (ds4_state_store_open(&model->exact, &model->shape, sizeof(float), source) &&
        ds4_state_store_open(&model->rounded, &model->shape, sizeof(uint16_t), source))
        return DS4_OK;
    return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the layout of session states");
}

static ds4_status open_model(ds4_model *model, const char *path, const ds4_backend *backend, const char *kernels, uint32_t threads,
                             ds4_error *error)
{
    ds4_backend_options options = {.shape = &model->shape, .weights = &model->weights, .threads = threads, .kernels = kernels};
    ds4_status status = ds4_mapping_open(path, &model->mapping, error);
    options.mapping = model->mapping.data;
    options.mapping_bytes = model->mapping.size;
    if (status == DS4_OK)
        status = ds4_gguf_parse((ds4_bytes){model->mapping.data, model->mapping.size}, &model->gguf, error);
    if (status == DS4_OK)
        status = ds4_shape_read(&model->gguf, &model->shape, error);
    if (status == DS4_OK)
        status = ds4_weights_bind(&model->gguf, &model->shape, &model->weights, error);
    if (status == DS4_OK)
        status = ds4_forward_open(&model->forward, backend, &options, error);
    if (status == DS4_OK)
        status = open_stores(model, error);
    if (status == DS4_OK)
        fill_info(model);
    return status;
}

static ds4_status open_on(const char *path, const ds4_backend *backend, const char *kernels, uint32_t threads, ds4_model **result,
                          ds4_error *error)
{
    ds4_model *model = ds4_allocate(sizeof *model);
    if (model == NULL)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for a model");
    memset(model, 0, sizeof *model);
    atomic_init(&model->computing, false);
    ds4_status status = open_model(model, path, backend, kernels, threads, error);
    if (status == DS4_OK)
        *result = model;
    else
        ds4_model_close(model);
    return status;
}

ds4_status ds4_model_open(const char *path, const ds4_model_options *options, ds4_model **result, ds4_error *error)
{
    const ds4_backend *backend = NULL;
    const char *kernels;
    uint32_t threads = options != NULL ? options->threads : 0;
    if (path == NULL || result == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "%s is NULL", path == NULL ? "path" : "model");
    *result = NULL;
    if (threads > MAX_THREADS)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "%u threads asked for; expected 0 (one per core) to %d", threads, MAX_THREADS);
    ds4_status status = choose_backend(options != NULL ? options->backend : NULL, &backend, &kernels, error);
    if (status != DS4_OK)
        return status;
    if (threads == 0) {
        ds4_topology topology;
        ds4_topology_read(&topology);
        threads = ds4_topology_threads(&topology);
        threads = threads < MAX_THREADS ? threads : MAX_THREADS;
    }
    status = open_on(path, backend, kernels, threads, result, error);
    /* A device that cannot run the kernels is no reason to fail unless it was asked for. */
    if (status == DS4_UNSUPPORTED && (options == NULL || options->backend == NULL) && backend != &ds4_backend_cpu)
        status = open_on(path, &ds4_backend_cpu, NULL, threads, result, error);
    return status;
}

void ds4_model_close(ds4_model *model)
{
    if (model == NULL)
        return;
    ds4_state_store_close(&model->exact);
    ds4_state_store_close(&model->rounded);
    ds4_forward_close(&model->forward);
    ds4_weights_free(&model->weights);
    ds4_gguf_free(&model->gguf);
    ds4_mapping_close(&model->mapping);
    ds4_release(model);
}

void ds4_model_get_info(const ds4_model *model, ds4_model_info *info)
{
    *info = model->info;
}

uint64_t ds4_model_state_bytes(ds4_model *model)
{
    return ds4_state_store_bytes(&model->exact) + ds4_state_store_bytes(&model->rounded);
}

ds4_status ds4_model_string(const ds4_model *model, const char *key, const uint8_t **bytes, uint64_t *length)
{
    if (model == NULL || key == NULL || bytes == NULL || length == NULL)
        return DS4_INVALID_ARGUMENT;
    const ds4_gguf_value *value = ds4_gguf_find_value(&model->gguf, key);
    if (value == NULL || value->type != DS4_GGUF_STRING)
        return DS4_NOT_FOUND;
    *bytes = value->data.data;
    *length = value->data.size;
    return DS4_OK;
}

ds4_status ds4_model_string_array(const ds4_model *model, const char *key, const uint8_t **data, uint64_t *length, uint64_t *count)
{
    if (model == NULL || key == NULL || data == NULL || length == NULL || count == NULL)
        return DS4_INVALID_ARGUMENT;
    const ds4_gguf_value *value = ds4_gguf_find_value(&model->gguf, key);
    if (value == NULL || value->type != DS4_GGUF_ARRAY || value->element_type != DS4_GGUF_STRING)
        return DS4_NOT_FOUND;
    *data = value->data.data;
    *length = value->data.size;
    *count = value->count;
    return DS4_OK;
}

/* model_file.c: keys and tensors of a file that is not written yet. */
#include "model_file.h"
#include "dequantise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- metadata ----------------------------------------------------------------------------------------------- */

file_value *model_value(model_file *file, const char *key)
{
    for (size_t i = 0; i < file->value_count; i++)
        if (strcmp(file->values[i].key, key) == 0)
            return &file->values[i];
    return NULL;
}

static void set_value(model_file *file, const char *key, uint32_t type, uint32_t element_type, uint64_t count, const void *data,
                      size_t size)
{
    file_value *value = model_value(file, key);
    if (value == NULL) {
        file->values = realloc(file->values, (file->value_count + 1) * sizeof *file->values);
        value = &file->values[file->value_count++];
        value->data = NULL;
        snprintf(value->key, sizeof value->key, "%s", key);
    }
    free(value->data);
    value->type = type;
    value->element_type = element_type;
    value->count = count;
    value->size = size;
    value->data = malloc(size + 1);
    memcpy(value->data, data, size);
}

void set_u32(model_file *file, const char *key, uint32_t value)
{
    set_value(file, key, DS4_GGUF_U32, 0, 1, &value, sizeof value);
}

void set_u64(model_file *file, const char *key, uint64_t value)
{
    set_value(file, key, DS4_GGUF_U64, 0, 1, &value, sizeof value);
}

void set_f32(model_file *file, const char *key, float value)
{
    set_value(file, key, DS4_GGUF_F32, 0, 1, &value, sizeof value);
}

void set_bool(model_file *file, const char *key, uint8_t value)
{
    set_value(file, key, DS4_GGUF_BOOL, 0, 1, &value, sizeof value);
}

void set_string(model_file *file, const char *key, const char *value)
{
    set_value(file, key, DS4_GGUF_STRING, 0, 1, value, strlen(value));
}

void set_array(model_file *file, const char *key, ds4_gguf_type element_type, const void *elements, uint64_t count, size_t size)
{
    set_value(file, key, DS4_GGUF_ARRAY, element_type, count, elements, size);
}

void remove_value(model_file *file, const char *key)
{
    file_value *value = model_value(file, key);
    free(value->data);
    *value = file->values[--file->value_count];
}

void duplicate_value(model_file *file, const char *key)
{
    file_value copy = *model_value(file, key);
    file->values = realloc(file->values, (file->value_count + 1) * sizeof *file->values);
    copy.data = memcpy(malloc(copy.size + 1), copy.data, copy.size);
    file->values[file->value_count++] = copy;
}

/* ---- tensors ------------------------------------------------------------------------------------------------ */

file_tensor *model_tensor(model_file *file, const char *name)
{
    for (size_t i = 0; i < file->tensor_count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

void remove_tensor(model_file *file, const char *name)
{
    file_tensor *tensor = model_tensor(file, name);
    free(tensor->data);
    *tensor = file->tensors[--file->tensor_count];
}

void duplicate_tensor(model_file *file, const char *name)
{
    file_tensor copy = *model_tensor(file, name);
    file->tensors = realloc(file->tensors, (file->tensor_count + 1) * sizeof *file->tensors);
    copy.data = memcpy(malloc(copy.size + 1), copy.data, copy.size);
    file->tensors[file->tensor_count++] = copy;
}

void add_tensor(model_file *file, const char *name, ds4_format format, uint64_t d0, uint64_t d1, uint64_t d2, weight_recipe recipe)
{
    const ds4_format_info *info = ds4_format_find(format);
    file->tensors = realloc(file->tensors, (file->tensor_count + 1) * sizeof *file->tensors);
    file_tensor *tensor = &file->tensors[file->tensor_count++];
    *tensor = (file_tensor){.dim_count = d2 > 1   ? 3
                                         : d1 > 1 ? 2
                                                  : 1,
                            .dims = {d0, d1, d2, 1},
                            .type = format,
                            .recipe = recipe,
                            .offset = -1};
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensor->size = (size_t)(d0 / info->block_values * info->block_bytes * d1 * d2);
}

model_file *build_model(const model_config *config, uint64_t seed)
{
    model_file *file = describe_model(config, seed);
    weight_source source;
    for (size_t i = 0; i < file->tensor_count; i++) {
        file_tensor *tensor = &file->tensors[i];
        tensor->data = malloc(tensor->size + 1);
        start_weights(&source, tensor->name, ds4_format_find(tensor->type), &tensor->recipe, tensor->dims[0], seed);
        draw_weights(&source, 0, tensor->size, tensor->data);
    }
    return file;
}

void free_model_file(model_file *file)
{
    for (size_t i = 0; i < file->value_count; i++)
        free(file->values[i].data);
    for (size_t i = 0; i < file->tensor_count; i++)
        free(file->tensors[i].data);
    free(file->values);
    free(file->tensors);
    free(file);
}

void expand_to_f32(model_file *file)
{
    for (size_t i = 0; i < file->tensor_count; i++) {
        file_tensor *tensor = &file->tensors[i];
        const ds4_format_info *info = ds4_format_find(tensor->type);
        if (tensor->type == DS4_FORMAT_F32 || tensor->type == DS4_FORMAT_I32)
            continue;
        uint32_t columns = (uint32_t)tensor->dims[0], rows = (uint32_t)(tensor->dims[1] * tensor->dims[2]);
        ds4_matrix source = {tensor->data, info, columns, rows, columns / info->block_values * info->block_bytes};
        float *values = malloc((size_t)columns * rows * sizeof *values + 1);
        for (uint32_t r = 0; r < rows; r++)
            ds4_dequantise_row(&source, r, values + (size_t)r * columns);
        free(tensor->data);
        tensor->data = (uint8_t *)values;
        tensor->size = (size_t)columns * rows * sizeof *values;
        tensor->type = DS4_FORMAT_F32;
    }
}

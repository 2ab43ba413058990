/* model_file.h: small random models, made in memory and written as GGUF.
 *
 * A test takes a configuration, changes what it is about, and saves or parses the result. Everything in it can be
 * changed between building and writing, so hostile files come from here too.
 */
#ifndef MODEL_FILE_H
#define MODEL_FILE_H

#include "gguf.h"

typedef struct model_config {
    uint32_t layers, ratios[8];
    uint32_t hidden, vocabulary, heads, head_dim, query_rank, output_rank, groups, window;
    uint32_t index_heads, index_top_k;
    uint32_t experts, experts_used, expert_width, hash_layers;
    uint64_t context;
    float clamp;
    bool router_bias;
    ds4_format attention, mix, compressor, gate_up, down, shared, embedding;
} model_config;

/* Four layers (ratios 0, 0, 4, 128), heads of 192, a window of 16, an indexer that chooses from 12 tokens on. */
model_config small_config(void);

typedef struct file_value {
    char key[96];
    uint32_t type, element_type;
    uint64_t count;
    uint8_t *data;
    size_t size;
} file_value;

typedef struct file_tensor {
    char name[96];
    uint32_t dim_count;
    uint64_t dims[4];
    uint32_t type;
    uint8_t *data;
    size_t size;
    int64_t offset; /* written instead of the real one when not negative */
} file_tensor;

typedef struct model_file {
    file_value *values;
    size_t value_count;
    file_tensor *tensors;
    size_t tensor_count;
    uint64_t claimed_values, claimed_tensors; /* written instead of the real counts when not 0 */
} model_file;

model_file *build_model(const model_config *config, uint64_t seed);
void free_model_file(model_file *file);

/* NULL when absent. */
file_value *model_value(model_file *file, const char *key);
file_tensor *model_tensor(model_file *file, const char *name);

/* These replace a value of that key or add it. */
void set_u32(model_file *file, const char *key, uint32_t value);
void set_u64(model_file *file, const char *key, uint64_t value);
void set_f32(model_file *file, const char *key, float value);
void set_bool(model_file *file, const char *key, uint8_t value);
void set_string(model_file *file, const char *key, const char *value);
void set_array(model_file *file, const char *key, ds4_gguf_type element_type, const void *elements, uint64_t count, size_t size);
void remove_value(model_file *file, const char *key);
void remove_tensor(model_file *file, const char *name);

/* Appends an entry of the same content under the same name. */
void duplicate_value(model_file *file, const char *key);
void duplicate_tensor(model_file *file, const char *name);

/* The file's bytes, in a block of exactly that size, to be freed. */
uint8_t *model_bytes(const model_file *file, size_t *size);

/* Writes it into the scratch folder and returns the path. */
const char *save_model(const model_file *file, const char *name);

/* Replaces every matrix by the F32 values it stands for. */
void expand_to_f32(model_file *file);

#endif

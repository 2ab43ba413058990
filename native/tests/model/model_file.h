/* model_file.h: a GGUF of random weights, as a description that can be changed before it is written.
 *
 * A test takes a configuration, changes what it is about, and saves or parses the result; hostile files come from here
 * too. describe_model is the one list of keys and tensors, for models in memory and for those too large for it.
 */
#ifndef MODEL_FILE_H
#define MODEL_FILE_H

#include "gguf.h"
#include "model_config.h"
#include "random_weights.h"

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
    weight_recipe recipe;
    uint8_t *data; /* NULL while only described: it is drawn when it is written */
    size_t size;
    int64_t offset; /* written instead of the real one when not negative */
} file_tensor;

typedef struct model_file {
    uint64_t seed;
    file_value *values;
    size_t value_count;
    file_tensor *tensors;
    size_t tensor_count;
    uint64_t claimed_values, claimed_tensors; /* written instead of the real counts when not 0 */
} model_file;

/* Keys and tensors without their values. */
model_file *describe_model(const model_config *config, uint64_t seed);

/* The same with values. */
model_file *build_model(const model_config *config, uint64_t seed);
void free_model_file(model_file *file);

/* Whether the engine can run a model of this shape; the sentence names the key or tensor. */
ds4_status check_config(const model_config *config, ds4_error *error);

/* ---- metadata ----------------------------------------------------------------------------------------------- */

/* NULL when absent. */
file_value *model_value(model_file *file, const char *key);

/* These replace a value of that key or add it. */
void set_u32(model_file *file, const char *key, uint32_t value);
void set_u64(model_file *file, const char *key, uint64_t value);
void set_f32(model_file *file, const char *key, float value);
void set_bool(model_file *file, const char *key, uint8_t value);
void set_string(model_file *file, const char *key, const char *value);
void set_array(model_file *file, const char *key, ds4_gguf_type element_type, const void *elements, uint64_t count, size_t size);
void remove_value(model_file *file, const char *key);

/* ---- tensors ------------------------------------------------------------------------------------------------ */

/* NULL when absent. */
file_tensor *model_tensor(model_file *file, const char *name);
void add_tensor(model_file *file, const char *name, ds4_format format, uint64_t d0, uint64_t d1, uint64_t d2, weight_recipe recipe);
void remove_tensor(model_file *file, const char *name);

/* Replaces every matrix by the F32 values it stands for. */
void expand_to_f32(model_file *file);

/* Appends an entry of the same content under the same name. */
void duplicate_value(model_file *file, const char *key);
void duplicate_tensor(model_file *file, const char *name);

#endif

/* gguf.h: a parsed GGUF file (version 3).
 *
 * Nothing is copied: names, values and tensor data point into the bytes that were parsed, which must outlive this.
 */
#ifndef DS4_GGUF_H
#define DS4_GGUF_H

#include "error.h"
#include "format.h"
#include "gguf_value.h"

enum { DS4_GGUF_MAX_DIMS = 4 };

typedef struct ds4_gguf_tensor {
    ds4_bytes name;
    uint32_t dim_count;
    uint64_t dims[DS4_GGUF_MAX_DIMS]; /* fastest first, 1 beyond dim_count */
    const ds4_format_info *format;
    ds4_bytes data;
} ds4_gguf_tensor;

typedef struct ds4_gguf {
    ds4_bytes file;
    uint64_t data_start;    /* offset of the tensor data */
    ds4_gguf_value *values; /* sorted by key */
    uint64_t value_count;
    ds4_gguf_tensor *tensors; /* sorted by name */
    uint64_t tensor_count;
} ds4_gguf;

/* Checks everything about the container: afterwards every range in `gguf` lies inside `file`. On failure nothing is
 * left to free. `file.data` must be aligned like memory from malloc. */
ds4_status ds4_gguf_parse(ds4_bytes file, ds4_gguf *gguf, ds4_error *error);
void ds4_gguf_free(ds4_gguf *gguf);

/* NULL when there is none of that name. */
const ds4_gguf_value *ds4_gguf_find_value(const ds4_gguf *gguf, const char *key);
const ds4_gguf_tensor *ds4_gguf_find_tensor(const ds4_gguf *gguf, const char *name);

#endif

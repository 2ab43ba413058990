/* gguf_value.h: a metadata value of a GGUF file. */
#ifndef DS4_GGUF_VALUE_H
#define DS4_GGUF_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* Metadata value types. */
typedef enum ds4_gguf_type {
    DS4_GGUF_U8 = 0,
    DS4_GGUF_I8 = 1,
    DS4_GGUF_U16 = 2,
    DS4_GGUF_I16 = 3,
    DS4_GGUF_U32 = 4,
    DS4_GGUF_I32 = 5,
    DS4_GGUF_F32 = 6,
    DS4_GGUF_BOOL = 7,
    DS4_GGUF_STRING = 8,
    DS4_GGUF_ARRAY = 9,
    DS4_GGUF_U64 = 10,
    DS4_GGUF_I64 = 11,
    DS4_GGUF_F64 = 12
} ds4_gguf_type;

/* A range of the file. */
typedef struct ds4_bytes {
    const uint8_t *data;
    uint64_t size;
} ds4_bytes;

typedef struct ds4_gguf_value {
    ds4_bytes key;
    ds4_gguf_type type;
    ds4_gguf_type element_type; /* of an array */
    uint64_t count;             /* elements of an array, else 1 */
    ds4_bytes data;             /* the scalar, the string without its length, or all elements as they stand in the file */
} ds4_gguf_value;

/* Bytes of a scalar; 0 for strings, arrays and unknown types. */
uint32_t ds4_gguf_scalar_bytes(uint32_t type);

/* Element `index` of a numeric scalar or array, widened. False when the (element) type is of another kind, or an
 * integer does not fit. */
bool ds4_gguf_integer(const ds4_gguf_value *value, uint64_t index, int64_t *result);
bool ds4_gguf_number(const ds4_gguf_value *value, uint64_t index, double *result);

/* "u32", "string", "array", … for messages. */
const char *ds4_gguf_type_name(ds4_gguf_type type);

/* A name from a file, made fit for a message: printable, at most 63 bytes. */
typedef struct ds4_printable {
    char text[64];
} ds4_printable;
ds4_printable ds4_bytes_printable(ds4_bytes bytes);

#endif

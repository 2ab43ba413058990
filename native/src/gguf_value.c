/* gguf_value.c: types and numbers of GGUF metadata, and names for messages.
 *
 * DESIGN   Values stand unaligned in the file, so they are copied out. A number may have any type that can hold it: files
 *          differ in whether they write a length as u32 or u64.
 */
#include "gguf_value.h"

#include <string.h>

uint32_t ds4_gguf_scalar_bytes(uint32_t type)
{
    switch (type) {
    case DS4_GGUF_U8:
    case DS4_GGUF_I8:
    case DS4_GGUF_BOOL: return 1;
    case DS4_GGUF_U16:
    case DS4_GGUF_I16: return 2;
    case DS4_GGUF_U32:
    case DS4_GGUF_I32:
    case DS4_GGUF_F32: return 4;
    case DS4_GGUF_U64:
    case DS4_GGUF_I64:
    case DS4_GGUF_F64: return 8;
    default: return 0;
    }
}

const char *ds4_gguf_type_name(ds4_gguf_type type)
{
    static const char *const names[] = {"u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"};
    return (unsigned)type < sizeof names / sizeof names[0] ? names[type] : "unknown";
}

static ds4_gguf_type number_type(const ds4_gguf_value *value)
{
    return value->type == DS4_GGUF_ARRAY ? value->element_type : value->type;
}

bool ds4_gguf_integer(const ds4_gguf_value *value, uint64_t index, int64_t *result)
{
    ds4_gguf_type type = number_type(value);
    union {
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        uint64_t u64;
        int64_t i64;
    } raw;
    if (index >= value->count || ds4_gguf_scalar_bytes(type) == 0)
        return false;
    const uint8_t *data = value->data.data + index * ds4_gguf_scalar_bytes(type);
    memcpy(&raw, data, ds4_gguf_scalar_bytes(type));
    switch (type) {
    case DS4_GGUF_U8: *result = data[0]; return true;
    case DS4_GGUF_I8: *result = (int8_t)data[0]; return true;
    case DS4_GGUF_U16: *result = raw.u16; return true;
    case DS4_GGUF_I16: *result = raw.i16; return true;
    case DS4_GGUF_U32: *result = raw.u32; return true;
    case DS4_GGUF_I32: *result = raw.i32; return true;
    case DS4_GGUF_I64: *result = raw.i64; return true;
    case DS4_GGUF_U64:
        if (raw.u64 > INT64_MAX)
            return false;
        *result = (int64_t)raw.u64;
        return true;
    default: return false;
    }
}

bool ds4_gguf_number(const ds4_gguf_value *value, uint64_t index, double *result)
{
    ds4_gguf_type type = number_type(value);
    int64_t integer;
    if (ds4_gguf_integer(value, index, &integer)) {
        *result = (double)integer;
        return true;
    }
    if (index >= value->count)
        return false;
    if (type == DS4_GGUF_F32) {
        float single;
        memcpy(&single, value->data.data + index * sizeof single, sizeof single);
        *result = single;
        return true;
    }
    if (type == DS4_GGUF_F64) {
        memcpy(result, value->data.data + index * sizeof *result, sizeof *result);
        return true;
    }
    return false;
}

ds4_printable ds4_bytes_printable(ds4_bytes bytes)
{
    ds4_printable result;
    size_t length = bytes.size < sizeof result.text - 1 ? (size_t)bytes.size : sizeof result.text - 1;
    for (size_t i = 0; i < length; i++)
        result.text[i] = bytes.data[i] > 32 && bytes.data[i] < 127 ? (char)bytes.data[i] : '?';
    result.text[length] = '\0';
    return result;
}

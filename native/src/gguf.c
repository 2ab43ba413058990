/* gguf.c: parsing of GGUF files that nobody vouches for.
 *
 * DESIGN   A cursor walks the header; it refuses to step over the end, so every length is checked before it is used, and
 *          every count is compared with the bytes that are left before memory for it is allocated. Sizes of tensors are
 *          computed with overflow checks and compared with the file and with each other. The two tables are then sorted by name, which
 * finds duplicates and makes lookups a binary search.
 */
#include "gguf.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "GGUF data is used as it is mapped: a little-endian machine is required"
#endif

enum {
    VERSION = 3,
    DEFAULT_ALIGNMENT = 32,
    MIN_VALUE_BYTES = 8 + 4 + 1,          /* empty key, type, one byte */
    MIN_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8, /* empty name, one dimension */
    MAX_NAME_BYTES = 65535
};

/* ---- cursor ------------------------------------------------------------------------------------------------- */

typedef struct cursor {
    ds4_bytes file;
    uint64_t position;
    ds4_error *error;
    ds4_status status;
} cursor;

static uint64_t bytes_left(const cursor *c)
{
    return c->file.size - c->position;
}

/* Steps over `size` bytes; NULL, with the error filled, when the file ends before. */
static const uint8_t *take(cursor *c, uint64_t size, const char *what)
{
    if (size > bytes_left(c)) {
        c->status = ds4_fail(c->error, DS4_FORMAT,
                             "the file ends inside %s (%llu bytes needed at offset %llu, %llu left); is the download complete?", what,
                             (unsigned long long)size, (unsigned long long)c->position, (unsigned long long)bytes_left(c));
        return NULL;
    }
    const uint8_t *data = c->file.data + c->position;
    c->position += size;
    return data;
}

static bool take_u32(cursor *c, uint32_t *value, const char *what)
{
    const uint8_t *data = take(c, sizeof *value, what);
    if (data != NULL)
        memcpy(value, data, sizeof *value);
    return data != NULL;
}

static bool take_u64(cursor *c, uint64_t *value, const char *what)
{
    const uint8_t *data = take(c, sizeof *value, what);
    if (data != NULL)
        memcpy(value, data, sizeof *value);
    return data != NULL;
}

static bool take_string(cursor *c, ds4_bytes *string, const char *what)
{
    if (!take_u64(c, &string->size, what))
        return false;
    string->data = take(c, string->size, what);
    return string->data != NULL;
}

static bool take_name(cursor *c, ds4_bytes *name, const char *what)
{
    uint64_t offset = c->position;
    if (!take_string(c, name, what))
        return false;
    if (name->size == 0 || name->size > MAX_NAME_BYTES) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "%s at offset %llu is %llu bytes long; expected 1 to %d", what,
                             (unsigned long long)offset, (unsigned long long)name->size, MAX_NAME_BYTES);
        return false;
    }
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------------- */

static bool parse_string_array(cursor *c, ds4_gguf_value *value)
{
    uint64_t start = c->position;
    if (value->count > bytes_left(c) / 8) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "metadata key %s claims %llu strings; the file has no room for them",
                             ds4_bytes_printable(value->key).text, (unsigned long long)value->count);
        return false;
    }
    for (uint64_t i = 0; i < value->count; i++) {
        ds4_bytes element;
        if (!take_string(c, &element, "a string of a metadata array"))
            return false;
    }
    value->data = (ds4_bytes){c->file.data + start, c->position - start};
    return true;
}

static bool parse_array(cursor *c, ds4_gguf_value *value)
{
    uint32_t element_type;
    if (!take_u32(c, &element_type, "a metadata array") || !take_u64(c, &value->count, "a metadata array"))
        return false;
    value->element_type = (ds4_gguf_type)element_type;
    if (element_type == DS4_GGUF_STRING)
        return parse_string_array(c, value);
    uint32_t size = ds4_gguf_scalar_bytes(element_type);
    if (size == 0) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "metadata key %s is an array of elements of type %u, which is not a scalar or a string",
                             ds4_bytes_printable(value->key).text, element_type);
        return false;
    }
    if (value->count > bytes_left(c) / size) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "metadata key %s claims %llu elements; the file has no room for them",
                             ds4_bytes_printable(value->key).text, (unsigned long long)value->count);
        return false;
    }
    value->data.size = value->count * size;
    value->data.data = take(c, value->data.size, "a metadata array");
    return value->data.data != NULL;
}

static bool parse_value(cursor *c, ds4_gguf_value *value)
{
    uint32_t type;
    *value = (ds4_gguf_value){.count = 1};
    if (!take_name(c, &value->key, "a metadata key") || !take_u32(c, &type, "the type of a metadata value"))
        return false;
    value->type = (ds4_gguf_type)type;
    if (type == DS4_GGUF_STRING)
        return take_string(c, &value->data, "a metadata string");
    if (type == DS4_GGUF_ARRAY)
        return parse_array(c, value);
    value->data.size = ds4_gguf_scalar_bytes(type);
    if (value->data.size == 0) {
        c->status =
            ds4_fail(c->error, DS4_FORMAT, "metadata key %s has the unknown value type %u", ds4_bytes_printable(value->key).text, type);
        return false;
    }
    value->data.data = take(c, value->data.size, "a metadata value");
    if (value->data.data != NULL && type == DS4_GGUF_BOOL && value->data.data[0] > 1) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "metadata key %s is a bool of value %u; expected 0 or 1",
                             ds4_bytes_printable(value->key).text, value->data.data[0]);
        return false;
    }
    return value->data.data != NULL;
}

/* ---- tensors ------------------------------------------------------------------------------------------------ */

/* Computes the byte size from dimensions and format; false on overflow or a row that is not whole blocks. */
static bool tensor_bytes(const ds4_gguf_tensor *tensor, uint64_t *bytes)
{
    if (tensor->dims[0] % tensor->format->block_values != 0)
        return false;
    *bytes = tensor->dims[0] / tensor->format->block_values;
    if (__builtin_mul_overflow(*bytes, (uint64_t)tensor->format->block_bytes, bytes))
        return false;
    for (uint32_t i = 1; i < tensor->dim_count; i++)
        if (__builtin_mul_overflow(*bytes, tensor->dims[i], bytes))
            return false;
    return true;
}

static bool parse_dims(cursor *c, ds4_gguf_tensor *tensor)
{
    if (!take_u32(c, &tensor->dim_count, "the dimensions of a tensor"))
        return false;
    if (tensor->dim_count < 1 || tensor->dim_count > DS4_GGUF_MAX_DIMS) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "tensor %s has %u dimensions; expected 1 to %d", ds4_bytes_printable(tensor->name).text,
                             tensor->dim_count, DS4_GGUF_MAX_DIMS);
        return false;
    }
    for (uint32_t i = 0; i < DS4_GGUF_MAX_DIMS; i++) {
        tensor->dims[i] = 1;
        if (i < tensor->dim_count && !take_u64(c, &tensor->dims[i], "the dimensions of a tensor"))
            return false;
        if (tensor->dims[i] == 0) {
            c->status = ds4_fail(c->error, DS4_FORMAT, "tensor %s has a dimension of size 0", ds4_bytes_printable(tensor->name).text);
            return false;
        }
    }
    return true;
}

/* Reads one entry of the tensor table. `data.data` stays NULL and the offset goes to `offset`: where the data start is
 * known only after the table. */
static bool parse_tensor(cursor *c, ds4_gguf_tensor *tensor, uint64_t *offset)
{
    uint32_t type;
    *tensor = (ds4_gguf_tensor){.dim_count = 0};
    if (!take_name(c, &tensor->name, "a tensor name") || !parse_dims(c, tensor) || !take_u32(c, &type, "the type of a tensor") ||
        !take_u64(c, offset, "the offset of a tensor"))
        return false;
    tensor->format = ds4_format_find(type);
    if (tensor->format == NULL) {
        c->status = ds4_fail(c->error, DS4_UNSUPPORTED, "tensor %s has type %u; supported are F32, F16, I32, Q8_0, Q2_K, Q4_K and IQ2_XXS",
                             ds4_bytes_printable(tensor->name).text, type);
        return false;
    }
    if (!tensor_bytes(tensor, &tensor->data.size)) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "tensor %s: rows of %llu values are not whole %s blocks, or its size overflows",
                             ds4_bytes_printable(tensor->name).text, (unsigned long long)tensor->dims[0], tensor->format->name);
        return false;
    }
    return true;
}

static bool place_tensor(cursor *c, ds4_gguf_tensor *tensor, uint64_t data_start, uint64_t alignment, uint64_t offset)
{
    uint64_t room = c->file.size - data_start;
    if (offset % alignment != 0) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "tensor %s starts at data offset %llu, which is not a multiple of %llu",
                             ds4_bytes_printable(tensor->name).text, (unsigned long long)offset, (unsigned long long)alignment);
        return false;
    }
    if (offset > room || tensor->data.size > room - offset) {
        c->status = ds4_fail(c->error, DS4_FORMAT,
                             "tensor %s (%llu bytes at data offset %llu) reaches beyond the end of the file; is the download complete?",
                             ds4_bytes_printable(tensor->name).text, (unsigned long long)tensor->data.size, (unsigned long long)offset);
        return false;
    }
    tensor->data.data = c->file.data + data_start + offset;
    return true;
}

/* ---- lookup ------------------------------------------------------------------------------------------------- */

static int compare_bytes(ds4_bytes a, ds4_bytes b)
{
    int order = memcmp(a.data, b.data, (size_t)(a.size < b.size ? a.size : b.size));
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_values(const void *a, const void *b)
{
    return compare_bytes(((const ds4_gguf_value *)a)->key, ((const ds4_gguf_value *)b)->key);
}

static int compare_tensors(const void *a, const void *b)
{
    return compare_bytes(((const ds4_gguf_tensor *)a)->name, ((const ds4_gguf_tensor *)b)->name);
}

static int compare_places(const void *a, const void *b)
{
    const uint8_t *x = ((const ds4_gguf_tensor *)a)->data.data, *y = ((const ds4_gguf_tensor *)b)->data.data;
    return (x > y) - (x < y);
}

const ds4_gguf_value *ds4_gguf_find_value(const ds4_gguf *gguf, const char *key)
{
    ds4_gguf_value wanted = {.key = {(const uint8_t *)key, strlen(key)}};
    return gguf->value_count == 0 ? NULL : bsearch(&wanted, gguf->values, (size_t)gguf->value_count, sizeof wanted, compare_values);
}

const ds4_gguf_tensor *ds4_gguf_find_tensor(const ds4_gguf *gguf, const char *name)
{
    ds4_gguf_tensor wanted = {.name = {(const uint8_t *)name, strlen(name)}};
    return gguf->tensor_count == 0 ? NULL : bsearch(&wanted, gguf->tensors, (size_t)gguf->tensor_count, sizeof wanted, compare_tensors);
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

/* Reads magic, version and the two counts, and checks the counts against the bytes that are there. */
static bool parse_header(cursor *c, ds4_gguf *gguf)
{
    uint32_t version;
    const uint8_t *magic = take(c, 4, "the header");
    if (magic == NULL)
        return false;
    if (memcmp(magic, "GGUF", 4) != 0) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "this is not a GGUF file: it does not start with GGUF");
        return false;
    }
    if (!take_u32(c, &version, "the header"))
        return false;
    if (version != VERSION) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "GGUF version %u found, version %d expected", version, VERSION);
        return false;
    }
    if (!take_u64(c, &gguf->tensor_count, "the header") || !take_u64(c, &gguf->value_count, "the header"))
        return false;
    if (gguf->value_count > bytes_left(c) / MIN_VALUE_BYTES || gguf->tensor_count > bytes_left(c) / MIN_TENSOR_BYTES) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "the header claims %llu metadata values and %llu tensors; the file has no room for them",
                             (unsigned long long)gguf->value_count, (unsigned long long)gguf->tensor_count);
        return false;
    }
    return true;
}

static bool parse_values(cursor *c, ds4_gguf *gguf)
{
    for (uint64_t i = 0; i < gguf->value_count; i++)
        if (!parse_value(c, &gguf->values[i]))
            return false;
    qsort(gguf->values, (size_t)gguf->value_count, sizeof *gguf->values, compare_values);
    for (uint64_t i = 1; i < gguf->value_count; i++)
        if (compare_values(&gguf->values[i - 1], &gguf->values[i]) == 0) {
            c->status = ds4_fail(c->error, DS4_FORMAT, "metadata key %s appears twice", ds4_bytes_printable(gguf->values[i].key).text);
            return false;
        }
    return true;
}

static bool read_alignment(cursor *c, const ds4_gguf *gguf, uint64_t *alignment)
{
    int64_t found = DEFAULT_ALIGNMENT;
    const ds4_gguf_value *value = ds4_gguf_find_value(gguf, "general.alignment");
    if (value != NULL && (value->type == DS4_GGUF_ARRAY || !ds4_gguf_integer(value, 0, &found)))
        found = 0;
    if (found < 8 || found > 65536 || (found & (found - 1)) != 0) {
        c->status = ds4_fail(c->error, DS4_FORMAT, "metadata key general.alignment must be a power of two from 8 to 65536");
        return false;
    }
    *alignment = (uint64_t)found;
    return true;
}

/* Tensors that share bytes are no model: one of them has the wrong offset. */
static bool check_overlaps(cursor *c, ds4_gguf *gguf)
{
    qsort(gguf->tensors, (size_t)gguf->tensor_count, sizeof *gguf->tensors, compare_places);
    for (uint64_t i = 1; i < gguf->tensor_count; i++) {
        const ds4_gguf_tensor *before = &gguf->tensors[i - 1], *tensor = &gguf->tensors[i];
        uint64_t offset = (uint64_t)(tensor->data.data - before->data.data);
        if (offset < before->data.size) {
            c->status = ds4_fail(c->error, DS4_FORMAT, "tensor %s starts %llu bytes into tensor %s, which is %llu bytes long",
                                 ds4_bytes_printable(tensor->name).text, (unsigned long long)offset, ds4_bytes_printable(before->name).text,
                                 (unsigned long long)before->data.size);
            return false;
        }
    }
    return true;
}

/* `offsets` has one place per tensor. */
static bool parse_tensors(cursor *c, ds4_gguf *gguf, uint64_t *offsets)
{
    uint64_t alignment;
    if (!read_alignment(c, gguf, &alignment))
        return false;
    for (uint64_t i = 0; i < gguf->tensor_count; i++)
        if (!parse_tensor(c, &gguf->tensors[i], &offsets[i]))
            return false;
    uint64_t padding = (alignment - c->position % alignment) % alignment;
    if (gguf->tensor_count > 0 && take(c, padding, "the padding before the tensor data") == NULL)
        return false;
    gguf->data_start = c->position;
    for (uint64_t i = 0; i < gguf->tensor_count; i++)
        if (!place_tensor(c, &gguf->tensors[i], gguf->data_start, alignment, offsets[i]))
            return false;
    if (!check_overlaps(c, gguf))
        return false;
    qsort(gguf->tensors, (size_t)gguf->tensor_count, sizeof *gguf->tensors, compare_tensors);
    for (uint64_t i = 1; i < gguf->tensor_count; i++)
        if (compare_tensors(&gguf->tensors[i - 1], &gguf->tensors[i]) == 0) {
            c->status = ds4_fail(c->error, DS4_FORMAT, "tensor %s appears twice", ds4_bytes_printable(gguf->tensors[i].name).text);
            return false;
        }
    return true;
}

ds4_status ds4_gguf_parse(ds4_bytes file, ds4_gguf *gguf, ds4_error *error)
{
    cursor c = {.file = file, .error = error, .status = DS4_OK};
    *gguf = (ds4_gguf){.file = file};
    if (!parse_header(&c, gguf))
        return c.status;
    gguf->values = ds4_allocate(gguf->value_count * sizeof *gguf->values);
    gguf->tensors = ds4_allocate(gguf->tensor_count * sizeof *gguf->tensors);
    uint64_t *offsets = ds4_allocate(gguf->tensor_count * sizeof *offsets);
    ds4_status status = DS4_OK;
    if (gguf->values == NULL || gguf->tensors == NULL || offsets == NULL)
        status = ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the tables of %llu metadata values and %llu tensors",
                          (unsigned long long)gguf->value_count, (unsigned long long)gguf->tensor_count);
    else if (!parse_values(&c, gguf) || !parse_tensors(&c, gguf, offsets))
        status = c.status;
    ds4_release(offsets);
    if (status != DS4_OK)
        ds4_gguf_free(gguf);
    return status;
}

void ds4_gguf_free(ds4_gguf *gguf)
{
    ds4_release(gguf->values);
    ds4_release(gguf->tensors);
    *gguf = (ds4_gguf){.tensor_count = 0};
}

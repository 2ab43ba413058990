/* model_writer.c: the GGUF layout of a model file.
 *
 * DESIGN   The header, at most a few megabytes, is made in memory. Tensor data goes through a sink in pieces of one buffer,
 *          whether the sink collects or writes, which is why the two ways give the same bytes.
 */
#include "model_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 20 };

static uint64_t padding(uint64_t size)
{
    return (MODEL_ALIGNMENT - size % MODEL_ALIGNMENT) % MODEL_ALIGNMENT;
}

/* ---- header ------------------------------------------------------------------------------------------------- */

/* A buffer that grows. */
typedef struct buffer {
    uint8_t *data;
    size_t size, room;
} buffer;

static void put(buffer *b, const void *data, size_t size)
{
    if (b->size + size > b->room) {
        b->room = 2 * b->room + size + 4096;
        b->data = realloc(b->data, b->room);
    }
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void put_u32(buffer *b, uint32_t value)
{
    put(b, &value, sizeof value);
}

static void put_u64(buffer *b, uint64_t value)
{
    put(b, &value, sizeof value);
}

static void put_string(buffer *b, const char *text)
{
    put_u64(b, strlen(text));
    put(b, text, strlen(text));
}

static void put_value(buffer *b, const file_value *value)
{
    put_string(b, value->key);
    put_u32(b, value->type);
    if (value->type == DS4_GGUF_STRING)
        put_u64(b, value->size);
    if (value->type == DS4_GGUF_ARRAY) {
        put_u32(b, value->element_type);
        put_u64(b, value->count);
    }
    put(b, value->data, value->size);
}

/* Everything in front of the first tensor's padding. */
static buffer make_header(const model_file *file)
{
    buffer b = {NULL, 0, 0};
    uint64_t offset = 0;
    put(&b, "GGUF", 4);
    put_u32(&b, 3);
    put_u64(&b, file->claimed_tensors != 0 ? file->claimed_tensors : file->tensor_count);
    put_u64(&b, file->claimed_values != 0 ? file->claimed_values : file->value_count);
    for (size_t i = 0; i < file->value_count; i++)
        put_value(&b, &file->values[i]);
    for (size_t i = 0; i < file->tensor_count; i++) {
        const file_tensor *tensor = &file->tensors[i];
        put_string(&b, tensor->name);
        put_u32(&b, tensor->dim_count);
        for (uint32_t d = 0; d < tensor->dim_count; d++)
            put_u64(&b, d < 4 ? tensor->dims[d] : 1);
        put_u32(&b, tensor->type);
        put_u64(&b, tensor->offset >= 0 ? (uint64_t)tensor->offset : offset);
        offset += tensor->size + padding(tensor->size);
    }
    return b;
}

/* ---- data --------------------------------------------------------------------------------------------------- */

/* Takes the bytes of a file in order; false ends the writing. */
typedef struct sink {
    bool (*write)(void *target, const uint8_t *data, size_t size);
    void *target;
    uint64_t size; /* written so far */
} sink;

static bool sink_write(sink *s, const uint8_t *data, size_t size)
{
    s->size += size;
    return s->write(s->target, data, size);
}

static bool write_tensor(sink *s, const file_tensor *tensor, uint64_t seed, uint8_t *piece)
{
    weight_source source;
    if (tensor->data != NULL)
        return sink_write(s, tensor->data, tensor->size);
    start_weights(&source, tensor->name, ds4_format_find(tensor->type), &tensor->recipe, tensor->dims[0], seed);
    size_t step = PIECE_BYTES / source.unit_bytes * source.unit_bytes;
    for (size_t done = 0; done < tensor->size; done += step) {
        size_t size = tensor->size - done < step ? tensor->size - done : step;
        draw_weights(&source, done, size, piece);
        if (!sink_write(s, piece, size))
            return false;
    }
    return true;
}

static bool write_model(const model_file *file, sink *s)
{
    static const uint8_t zeros[MODEL_ALIGNMENT];
    buffer header = make_header(file);
    uint8_t *piece = malloc(PIECE_BYTES);
    bool good = piece != NULL && sink_write(s, header.data, header.size);
    for (size_t i = 0; good && i < file->tensor_count; i++)
        good = sink_write(s, zeros, (size_t)padding(s->size)) && write_tensor(s, &file->tensors[i], file->seed, piece);
    free(piece);
    free(header.data);
    return good;
}

/* ---- in memory ---------------------------------------------------------------------------------------------- */

static bool collect(void *target, const uint8_t *data, size_t size)
{
    put(target, data, size);
    return true;
}

uint8_t *model_bytes(const model_file *file, size_t *size)
{
    buffer bytes = {NULL, 0, 0};
    sink s = {collect, &bytes, 0};
    write_model(file, &s);
    *size = bytes.size;
    return realloc(bytes.data, bytes.size);
}

uint64_t model_size(const model_file *file)
{
    buffer header = make_header(file);
    uint64_t size = header.size;
    free(header.data);
    for (size_t i = 0; i < file->tensor_count; i++)
        size += padding(size) + file->tensors[i].size;
    return size;
}

/* ---- on disk ------------------------------------------------------------------------------------------------ */

typedef struct disk_target {
    FILE *file;
    const volatile sig_atomic_t *cancel;
} disk_target;

static bool write_to_disk(void *target, const uint8_t *data, size_t size)
{
    disk_target *disk = target;
    if (disk->cancel != NULL && *disk->cancel)
        return false;
    return size == 0 || fwrite(data, 1, size, disk->file) == size;
}

static ds4_status check_space(const char *path, uint64_t needed, ds4_error *error)
{
    struct statvfs disk;
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path), slash == NULL ? "." : path);
    if (statvfs(folder, &disk) != 0)
        return ds4_fail(error, DS4_IO, "cannot read the free space of %s: %s", folder, strerror(errno));
    uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (free_bytes < needed)
        return ds4_fail(error, DS4_IO, "%s needs %" PRIu64 " MB, and %s has %" PRIu64 " MB free", path, needed / 1000000 + 1, folder,
                        free_bytes / 1000000);
    return DS4_OK;
}

static ds4_status write_partial(const model_file *file, const char *partial, const volatile sig_atomic_t *cancel, ds4_error *error)
{
    disk_target disk = {fopen(partial, "wb"), cancel};
    sink s = {write_to_disk, &disk, 0};
    if (disk.file == NULL)
        return ds4_fail(error, DS4_IO, "cannot create %s: %s", partial, strerror(errno));
    errno = 0;
    bool good = write_model(file, &s);
    int reason = errno;
    if (fclose(disk.file) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (good)
        return DS4_OK;
    if (cancel != NULL && *cancel)
        return ds4_fail(error, DS4_CANCELLED, "interrupted; %s is removed", partial);
    return ds4_fail(error, DS4_IO, "cannot write %s: %s", partial, strerror(reason));
}

ds4_status stream_model(const model_file *file, const char *path, const volatile sig_atomic_t *cancel, ds4_error *error)
{
    char partial[4096];
    int length = snprintf(partial, sizeof partial, "%s.partial", path);
    if (length < 0 || (size_t)length >= sizeof partial)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "the path is longer than %zu bytes", sizeof partial);
    ds4_status status = check_space(path, model_size(file), error);
    if (status != DS4_OK)
        return status;
    status = write_partial(file, partial, cancel, error);
    if (status == DS4_OK && rename(partial, path) != 0)
        status = ds4_fail(error, DS4_IO, "cannot rename %s to %s: %s", partial, path, strerror(errno));
    if (status != DS4_OK)
        unlink(partial);
    return status;
}

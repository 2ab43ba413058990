/* stream.h: snapshots in memory. */
#ifndef STREAM_H
#define STREAM_H

#include "ds4.h"

typedef struct stream {
    uint8_t *data;
    size_t size, room;
    size_t at;      /* of the next read */
    size_t fail_at; /* reads and writes from here on fail; 0 = none */
} stream;

/* Saves a checkpoint, reporting failures; `base` may be NULL. To be freed with free(data). */
stream save_stream(const ds4_checkpoint *checkpoint, const ds4_checkpoint *base);

/* Loads from the start of the stream. */
ds4_status load_stream(ds4_model *model, const ds4_checkpoint *base, stream *from, ds4_checkpoint **checkpoint, ds4_error *error);

/* The callbacks: `user` is a stream. */
int32_t write_stream(void *user, const void *data, size_t size);
int64_t read_stream(void *user, void *data, size_t size);

/* Makes all checksums of a stream right again, as far as its sections can be followed. */
void repair_stream(uint8_t *data, size_t size);

#endif

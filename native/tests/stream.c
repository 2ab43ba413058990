/* stream.c: snapshots in memory. */
#include "stream.h"
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

int32_t write_stream(void *user, const void *data, size_t size)
{
    stream *s = user;
    if (s->fail_at != 0 && s->size + size > s->fail_at)
        return 28;
    if (s->size + size > s->room) {
        s->room = 2 * s->room + size;
        s->data = realloc(s->data, s->room);
    }
    memcpy(s->data + s->size, data, size);
    s->size += size;
    return 0;
}

int64_t read_stream(void *user, void *data, size_t size)
{
    stream *s = user;
    size_t found = s->size - s->at < size ? s->size - s->at : size;
    if (s->fail_at != 0 && s->at + size > s->fail_at)
        return -5;
    if (found > 0)
        memcpy(data, s->data + s->at, found);
    s->at += found;
    return (int64_t)found;
}

stream save_stream(const ds4_checkpoint *checkpoint, const ds4_checkpoint *base)
{
    stream s = {NULL, 0, 0, 0, 0};
    if (ds4_checkpoint_save(checkpoint, base, write_stream, &s, NULL) != DS4_OK)
        s.size = 0;
    return s;
}

ds4_status load_stream(ds4_model *model, const ds4_checkpoint *base, stream *from, ds4_checkpoint **checkpoint, ds4_error *error)
{
    from->at = 0;
    return ds4_checkpoint_load(model, base, read_stream, from, checkpoint, error);
}

void repair_stream(uint8_t *data, size_t size)
{
    if (size < DS4_SNAPSHOT_HEADER)
        return;
    ds4_put_u64(data + DS4_SNAPSHOT_AT_CHECKSUM, ds4_snapshot_checksum(data, DS4_SNAPSHOT_AT_CHECKSUM));
    for (size_t at = DS4_SNAPSHOT_HEADER; size - at >= DS4_SNAPSHOT_SECTION_HEADER + DS4_SNAPSHOT_CHECKSUM;) {
        uint64_t bytes = ds4_get_u64(data + at + 8);
        if (bytes > size - at - DS4_SNAPSHOT_SECTION_HEADER - DS4_SNAPSHOT_CHECKSUM)
            return;
        size_t summed = DS4_SNAPSHOT_SECTION_HEADER + (size_t)bytes;
        ds4_put_u64(data + at + summed, ds4_snapshot_checksum(data + at, summed));
        at += summed + DS4_SNAPSHOT_CHECKSUM;
    }
}

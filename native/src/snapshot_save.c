/* snapshot_save.c: a checkpoint into a stream.
 *
 * DESIGN   Pieces of memory go to the writer as they lie, cut into chunks that fit the cache, so that a chunk is read from
 *          memory once for its checksum and its write.
 */
#include "checksum.h"
#include "model.h"
#include "sections.h"

typedef struct output {
    ds4_write write;
    void *user;
    ds4_error *error;
    uint64_t offset;
    ds4_checksum checksum; /* of the section */
} output;

uint64_t ds4_snapshot_checksum(const void *data, size_t size)
{
    ds4_checksum checksum;
    ds4_checksum_begin(&checksum);
    ds4_checksum_add(&checksum, data, size);
    return ds4_checksum_end(&checksum);
}

uint64_t ds4_snapshot_identity(const ds4_checkpoint *checkpoint)
{
    uint64_t bytes = checkpoint->state.store->shape->vocabulary * sizeof(float);
    return checkpoint->position == 0 ? 0 : ds4_snapshot_checksum(ds4_state_logits(&checkpoint->state), (size_t)bytes);
}

static ds4_status put(output *out, const void *data, size_t size)
{
    int32_t code = out->write(out->user, data, size);
    if (code != 0)
        return ds4_fail(out->error, DS4_IO, "writing the snapshot failed at byte %llu with code %d", (unsigned long long)out->offset,
                        (int)code);
    out->offset += size;
    return DS4_OK;
}

static ds4_status put_payload(void *context, void *data, uint64_t bytes)
{
    output *out = context;
    const uint8_t *place = data;
    ds4_status status = DS4_OK;
    while (status == DS4_OK && bytes > 0) {
        size_t size = bytes < DS4_SNAPSHOT_CHUNK ? (size_t)bytes : DS4_SNAPSHOT_CHUNK;
        ds4_checksum_add(&out->checksum, place, size);
        status = put(out, place, size);
        place += size;
        bytes -= size;
    }
    return status;
}

static ds4_status put_section(output *out, const ds4_sections *sections, ds4_section section)
{
    uint8_t head[DS4_SNAPSHOT_SECTION_HEADER], sum[DS4_SNAPSHOT_CHECKSUM];
    ds4_put_u32(head, section.kind);
    ds4_put_u32(head + 4, section.index);
    ds4_put_u64(head + 8, section.bytes);
    ds4_checksum_begin(&out->checksum);
    ds4_checksum_add(&out->checksum, head, sizeof head);
    ds4_status status = put(out, head, sizeof head);
    if (status == DS4_OK)
        status = ds4_section_walk(sections, section, put_payload, out);
    ds4_put_u64(sum, ds4_checksum_end(&out->checksum));
    return status != DS4_OK ? status : put(out, sum, sizeof sum);
}

static ds4_status put_header(output *out, const ds4_checkpoint *checkpoint, const ds4_checkpoint *base, const ds4_sections *sections)
{
    uint8_t head[DS4_SNAPSHOT_HEADER] = {0};
    memcpy(head + DS4_SNAPSHOT_AT_MAGIC, ds4_snapshot_magic, sizeof ds4_snapshot_magic);
    ds4_put_u32(head + DS4_SNAPSHOT_AT_VERSION, DS4_SNAPSHOT_VERSION);
    ds4_put_u32(head + DS4_SNAPSHOT_AT_MODE, checkpoint->mode);
    ds4_put_u64(head + DS4_SNAPSHOT_AT_POSITION, checkpoint->position);
    ds4_put_u64(head + DS4_SNAPSHOT_AT_BASE, sections->base);
    ds4_put_u64(head + DS4_SNAPSHOT_AT_BASE_LOGITS, sections->base > 0 ? ds4_snapshot_identity(base) : 0);
    ds4_put_u64(head + DS4_SNAPSHOT_AT_BYTES, ds4_sections_bytes(sections));
    memcpy(head + DS4_SNAPSHOT_AT_FINGERPRINT, checkpoint->model->info.fingerprint, 64);
    ds4_put_u64(head + DS4_SNAPSHOT_AT_CHECKSUM, ds4_snapshot_checksum(head, DS4_SNAPSHOT_AT_CHECKSUM));
    return put(out, head, sizeof head);
}

static bool is_base_of(const ds4_checkpoint *base, const ds4_checkpoint *checkpoint)
{
    return base == NULL || (base->model == checkpoint->model && base->mode == checkpoint->mode && base->position <= checkpoint->position);
}

static ds4_sections sections_of(const ds4_checkpoint *checkpoint, const ds4_checkpoint *base)
{
    return ds4_sections_of(&checkpoint->state, checkpoint->position, base != NULL ? base->position : 0);
}

uint64_t ds4_checkpoint_stream_bytes(const ds4_checkpoint *checkpoint, const ds4_checkpoint *base)
{
    ds4_sections sections = sections_of(checkpoint, base);
    return is_base_of(base, checkpoint) ? ds4_sections_bytes(&sections) : 0;
}

ds4_status ds4_checkpoint_save(const ds4_checkpoint *checkpoint, const ds4_checkpoint *base, ds4_write write, void *user, ds4_error *error)
{
    output out = {.write = write, .user = user, .error = error};
    if (checkpoint == NULL || write == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "%s is NULL", checkpoint == NULL ? "checkpoint" : "write");
    if (!is_base_of(base, checkpoint))
        return ds4_fail(error, DS4_INVALID_ARGUMENT,
                        "base is no earlier checkpoint of the sequence: it has another model or mode, or %llu tokens where this has %llu",
                        (unsigned long long)base->position, (unsigned long long)checkpoint->position);
    ds4_sections sections = sections_of(checkpoint, base);
    ds4_status status = put_header(&out, checkpoint, base, &sections);
    for (uint64_t i = 0; status == DS4_OK && i < sections.count; i++)
        status = put_section(&out, &sections, ds4_section_at(&sections, i));
    return status;
}

/* snapshot_load.c: a stream into a checkpoint.
 *
 * DESIGN   Nothing in the stream is believed. Its header is compared with the model; everything else (how many sections,
 *          of what size, where their values go) is computed from the model's shape and the header's position, and what
 *          the stream says must be equal. Pages are allocated one by one as their sections arrive, so that a short stream
 *          cannot make the engine allocate for the position it claims. The checkpoint is handed out when the last
 *          checksum has matched.
 */
#include "checksum.h"
#include "model.h"
#include "sections.h"

typedef struct input {
    ds4_read read;
    void *user;
    ds4_error *error;
    uint64_t offset;
    ds4_section section; /* being read; kind 0 in the header */
    uint64_t start;      /* its offset */
    ds4_checksum checksum;
} input;

/* ---- messages ----------------------------------------------------------------------------------------------- */

static const char *section_name(ds4_section_kind kind)
{
    switch (kind) {
    case DS4_SECTION_LOGITS: return "logits";
    case DS4_SECTION_WINDOWS: return "windows";
    case DS4_SECTION_OPEN_ROWS: return "open rows";
    case DS4_SECTION_PAGE_OVERLAPPING: return "page of ratio 4, number";
    case DS4_SECTION_PAGE_LONG: return "page of ratio 128, number";
    }
    return "header";
}

static ds4_status refuse(const input *in, ds4_status status, const char *what)
{
    return ds4_fail(in->error, status, "the snapshot cannot be used: section %s %u, from byte %llu: %s (byte %llu)",
                    section_name(in->section.kind), in->section.index, (unsigned long long)in->start, what, (unsigned long long)in->offset);
}

/* ---- bytes -------------------------------------------------------------------------------------------------- */

static ds4_status get(input *in, void *data, size_t size)
{
    int64_t found = in->read(in->user, data, size);
    if (found < 0 || (uint64_t)found > size)
        return refuse(in, DS4_IO, "it cannot be read");
    in->offset += (uint64_t)found;
    return (size_t)found == size ? DS4_OK : refuse(in, DS4_FORMAT, "the stream ends here");
}

static ds4_status get_payload(void *context, void *data, uint64_t bytes)
{
    input *in = context;
    uint8_t *place = data;
    ds4_status status = DS4_OK;
    while (status == DS4_OK && bytes > 0) {
        size_t size = bytes < DS4_SNAPSHOT_CHUNK ? (size_t)bytes : DS4_SNAPSHOT_CHUNK;
        status = get(in, place, size);
        if (status == DS4_OK)
            ds4_checksum_add(&in->checksum, place, size);
        place += size;
        bytes -= size;
    }
    return status;
}

/* ---- header ------------------------------------------------------------------------------------------------- */

typedef struct header {
    ds4_mode mode;
    uint64_t position, base, base_logits, bytes;
} header;

static ds4_status get_header(input *in, const ds4_model *model, header *h)
{
    uint8_t head[DS4_SNAPSHOT_HEADER];
    ds4_status status = get(in, head, sizeof head);
    if (status != DS4_OK)
        return status;
    if (memcmp(head, ds4_snapshot_magic, sizeof ds4_snapshot_magic) != 0)
        return refuse(in, DS4_FORMAT, "it is not a snapshot");
    if (ds4_get_u32(head + DS4_SNAPSHOT_AT_VERSION) != DS4_SNAPSHOT_VERSION)
        return refuse(in, DS4_UNSUPPORTED, "it has another format version");
    if (ds4_get_u64(head + DS4_SNAPSHOT_AT_CHECKSUM) != ds4_snapshot_checksum(head, DS4_SNAPSHOT_AT_CHECKSUM))
        return refuse(in, DS4_FORMAT, "its checksum differs");
    if (memcmp(head + DS4_SNAPSHOT_AT_FINGERPRINT, model->info.fingerprint, 64) != 0)
        return refuse(in, DS4_UNSUPPORTED, "it was made with another model");
    if (ds4_get_u32(head + DS4_SNAPSHOT_AT_MODE) > DS4_MODE_FAST)
        return refuse(in, DS4_UNSUPPORTED, "it has an unknown mode");
    h->mode = (ds4_mode)ds4_get_u32(head + DS4_SNAPSHOT_AT_MODE);
    h->position = ds4_get_u64(head + DS4_SNAPSHOT_AT_POSITION);
    h->base = ds4_get_u64(head + DS4_SNAPSHOT_AT_BASE);
    h->base_logits = ds4_get_u64(head + DS4_SNAPSHOT_AT_BASE_LOGITS);
    h->bytes = ds4_get_u64(head + DS4_SNAPSHOT_AT_BYTES);
    if (h->position > model->shape.context || h->base > h->position)
        return refuse(in, DS4_FORMAT, "it has an impossible number of tokens");
    return DS4_OK;
}

static ds4_status check_base(const input *in, const ds4_model *model, const header *h, const ds4_checkpoint *base)
{
    if (h->base == 0)
        return DS4_OK;
    if (base == NULL || base->model != model || base->mode != h->mode || base->position != h->base ||
        ds4_snapshot_identity(base) != h->base_logits)
        return ds4_fail(in->error, DS4_INVALID_ARGUMENT, "the snapshot continues a checkpoint of %llu tokens, which is not the base given",
                        (unsigned long long)h->base);
    return DS4_OK;
}

/* ---- sections ----------------------------------------------------------------------------------------------- */

/* The page that a section is about; the rows before the section's are the base's. */
static ds4_status make_page(input *in, const ds4_sections *sections, ds4_checkpoint *checkpoint)
{
    ds4_page_kind kind = ds4_section_page_kind(in->section.kind);
    ds4_page_format *format = &checkpoint->state.store->pages[kind];
    ds4_buffer **place = &checkpoint->state.pages[kind].pages[in->section.index];
    ds4_row_range rows = ds4_section_rows(sections, kind, in->section.index);
    ds4_buffer *page = rows.first > 0 ? ds4_page_copy(format, *place, rows.first) : ds4_buffer_take(&format->pool);
    if (page == NULL)
        return refuse(in, DS4_OUT_OF_MEMORY, "there is no memory for it");
    page->filled = rows.end;
    ds4_buffer_release(*place);
    *place = page;
    return DS4_OK;
}

static ds4_status get_section(input *in, const ds4_sections *sections, ds4_checkpoint *checkpoint)
{
    uint8_t head[DS4_SNAPSHOT_SECTION_HEADER], sum[DS4_SNAPSHOT_CHECKSUM];
    ds4_status status = get(in, head, sizeof head);
    if (status != DS4_OK)
        return status;
    if (ds4_get_u32(head) != in->section.kind || ds4_get_u32(head + 4) != in->section.index || ds4_get_u64(head + 8) != in->section.bytes)
        return refuse(in, DS4_FORMAT, "another section stands here, or it has another size");
    ds4_checksum_begin(&in->checksum);
    ds4_checksum_add(&in->checksum, head, sizeof head);
    if (in->section.kind >= DS4_SECTION_PAGE_OVERLAPPING)
        status = make_page(in, sections, checkpoint);
    if (status == DS4_OK)
        status = ds4_section_walk(sections, in->section, get_payload, in);
    if (status == DS4_OK)
        status = get(in, sum, sizeof sum);
    if (status == DS4_OK && ds4_get_u64(sum) != ds4_checksum_end(&in->checksum))
        status = refuse(in, DS4_FORMAT, "its checksum differs");
    return status;
}

static ds4_status get_sections(input *in, const ds4_sections *sections, ds4_checkpoint *checkpoint)
{
    ds4_status status = DS4_OK;
    for (uint64_t i = 0; status == DS4_OK && i < sections->count; i++) {
        in->section = ds4_section_at(sections, i);
        in->start = in->offset;
        status = get_section(in, sections, checkpoint);
    }
    return status;
}

static ds4_status load(input *in, ds4_model *model, const ds4_checkpoint *base, ds4_checkpoint **checkpoint)
{
    header h = {0};
    ds4_status status = get_header(in, model, &h);
    if (status == DS4_OK)
        status = check_base(in, model, &h, base);
    if (status != DS4_OK)
        return status;
    *checkpoint = ds4_checkpoint_allocate(model, h.mode, h.position);
    if (*checkpoint == NULL)
        return refuse(in, DS4_OUT_OF_MEMORY, "there is no memory for it");
    ds4_state *state = &(*checkpoint)->state;
    for (int kind = 0; h.base > 0 && kind < DS4_PAGE_KINDS; kind++)
        ds4_pages_share(&state->pages[kind], &base->state.pages[kind], ds4_pages_of_tokens(&state->store->pages[kind], h.base));
    ds4_sections sections = ds4_sections_of(state, h.position, h.base);
    if (h.bytes != ds4_sections_bytes(&sections))
        return refuse(in, DS4_FORMAT, "its length is not what its tokens need");
    return get_sections(in, &sections, *checkpoint);
}

ds4_status ds4_checkpoint_load(ds4_model *model, const ds4_checkpoint *base, ds4_read read, void *user, ds4_checkpoint **checkpoint,
                               ds4_error *error)
{
    input in = {.read = read, .user = user, .error = error};
    ds4_checkpoint *loaded = NULL;
    if (checkpoint != NULL)
        *checkpoint = NULL;
    if (model == NULL || read == NULL || checkpoint == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "%s is NULL", model == NULL ? "model" : read == NULL ? "read" : "checkpoint");
    ds4_status status = load(&in, model, base, &loaded);
    if (status != DS4_OK) {
        ds4_checkpoint_free(loaded);
        return status;
    }
    *checkpoint = loaded;
    return DS4_OK;
}

/* sections.h: which bytes of a state go where in a snapshot. */
#ifndef DS4_SECTIONS_H
#define DS4_SECTIONS_H

#include "checkpoint.h"
#include "snapshot.h"

typedef struct ds4_section {
    ds4_section_kind kind;
    uint32_t index; /* of a page */
    uint64_t bytes; /* of the payload */
} ds4_section;

/* The snapshot of a checkpoint: its state at `position` without the rows that were there at `base`. */
typedef struct ds4_sections {
    const ds4_state *state;
    uint64_t position, base;
    uint64_t count;
} ds4_sections;

ds4_sections ds4_sections_of(const ds4_state *state, uint64_t position, uint64_t base);

/* The i-th section. Needs no pages. */
ds4_section ds4_section_at(const ds4_sections *sections, uint64_t i);

/* Rows [first, end) of a page that its section holds. */
typedef struct ds4_row_range {
    uint32_t first, end;
} ds4_row_range;
ds4_row_range ds4_section_rows(const ds4_sections *sections, ds4_page_kind kind, uint64_t page);

/* What a page section is about; only for page sections. */
static inline ds4_page_kind ds4_section_page_kind(ds4_section_kind kind)
{
    return kind == DS4_SECTION_PAGE_LONG ? DS4_PAGES_LONG : DS4_PAGES_OVERLAPPING;
}

/* Calls `transfer` for the pieces of memory that make up the payload, in order, until one is not DS4_OK. */
typedef ds4_status (*ds4_transfer)(void *context, void *data, uint64_t bytes);
ds4_status ds4_section_walk(const ds4_sections *sections, ds4_section section, ds4_transfer transfer, void *context);

/* Bytes of the whole stream. */
uint64_t ds4_sections_bytes(const ds4_sections *sections);

#endif

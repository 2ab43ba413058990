/* pages.c: page tables over shared pages.
 *
 * DESIGN   A page may be held by a session and by any number of checkpoints, each of which reads only the rows that existed
 *          when it was taken. Full pages never change. A page that is partly filled is appended to in place by whoever
 *          comes first: `filled` counts the rows that belong to any holder, and a session that continues after exactly
 *          these disturbs nobody. One that continues from fewer (it was restored, or another went on before it) gets a
 *          copy of the rows it has. So a session that runs straight on, checkpoint after checkpoint, never copies a page.
 *          Threads: `filled` is read and written by the compute call, of which there is one at a time. Others may read
 *          rows of a page meanwhile: those below `filled`, which nobody writes.
 */
#include "pages.h"

#include <string.h>

ds4_buffer *ds4_page_copy(ds4_page_format *format, const ds4_buffer *page, uint32_t rows)
{
    ds4_buffer *copy = ds4_buffer_take(&format->pool);
    if (copy == NULL)
        return NULL;
    for (uint32_t layer = 0; layer < format->layers; layer++)
        for (int index = 0; index < 2; index++) {
            uint64_t offset = ds4_page_offset(format, layer, index != 0);
            memcpy(copy->data + offset, page->data + offset, (size_t)rows * (index != 0 ? format->index_row_bytes : format->row_bytes));
        }
    copy->filled = rows;
    return copy;
}

/* `rows` of the page are the caller's; makes those after them writable. */
static bool make_writable(ds4_page_format *format, ds4_buffer **page, uint32_t rows)
{
    ds4_buffer *old = *page, *fresh;
    if (old != NULL && (ds4_buffer_is_sole(old) || old->filled == rows))
        return true;
    fresh = old == NULL ? ds4_buffer_take(&format->pool) : ds4_page_copy(format, old, rows);
    if (fresh == NULL)
        return false;
    ds4_buffer_release(old);
    *page = fresh;
    return true;
}

bool ds4_pages_reserve(ds4_page_format *format, ds4_page_table *table, uint64_t from, uint64_t to)
{
    uint64_t first_row = ds4_compressed_rows(format->ratio, from), end_row = ds4_compressed_rows(format->ratio, to);
    uint64_t first = first_row / DS4_PAGE_ROWS, end = ds4_pages_of_rows(end_row);
    if (format->layers == 0 || first_row == end_row)
        return true;
    for (uint64_t i = first; i < end; i++)
        if (!make_writable(format, &table->pages[i], i == first ? (uint32_t)(first_row % DS4_PAGE_ROWS) : 0))
            return false;
    for (uint64_t i = first; i < end; i++)
        table->pages[i]->filled = i + 1 < end ? DS4_PAGE_ROWS : (uint32_t)(end_row - i * DS4_PAGE_ROWS);
    return true;
}

void ds4_pages_share(ds4_page_table *to, const ds4_page_table *from, uint64_t count)
{
    for (uint64_t i = 0; i < to->capacity; i++) {
        ds4_buffer *page = i < count ? from->pages[i] : NULL;
        if (page == to->pages[i])
            continue;
        ds4_buffer_release(to->pages[i]);
        to->pages[i] = page != NULL ? ds4_buffer_retain(page) : NULL;
    }
}

void ds4_pages_release(ds4_page_table *table)
{
    for (uint64_t i = 0; i < table->capacity; i++) {
        ds4_buffer_release(table->pages[i]);
        table->pages[i] = NULL;
    }
}

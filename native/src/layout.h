/* layout.h: many arrays in one allocation.
 *
 * A layout function runs twice: first without memory, to learn the size, then with it, to set the pointers. The two
 * cannot disagree.
 */
#ifndef DS4_LAYOUT_H
#define DS4_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

typedef struct ds4_layout {
    uint8_t *base; /* NULL: only count */
    uint64_t used;
} ds4_layout;

/* The next `bytes` bytes, on a cache line; NULL while counting. */
static inline void *ds4_place(ds4_layout *layout, uint64_t bytes)
{
    void *place = layout->base == NULL ? NULL : layout->base + layout->used;
    layout->used += (bytes + 63) / 64 * 64;
    return place;
}

#endif

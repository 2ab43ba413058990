/* record.h: a stage that went wrong, in a file that somebody else can look into.
 *
 * LAYOUT   Text lines, `key value…`, that begin with `ds4 stage record 1` and end with `end`. A line
 *              array ROLE NAME float32 ROWS COLUMNS
 *          is followed by ROWS · COLUMNS little-endian float32 numbers, row by row, and a line feed. ROLE is `input` (what both
 *          backends began with), `cpu` or `metal` (what they made of it). NAME is one of observed.h, which says what it is; tokens
 *          come in their order. Weights are not in it: `model`, `layer` and `experts` say which they were.
 */
#ifndef RECORD_H
#define RECORD_H

#include "twin.h"

typedef struct record_array {
    const char *role;
    observed what;
    uint64_t rows, columns;
    const float *values;
} record_array;

/* False when the file cannot be written; errno says why. */
bool save_record(const char *path, const twin *t, const record_array *arrays, uint32_t count);

#endif

/* subject.h: the model that both backends are tried on.
 *
 * DESIGN   The demo model has every kind of layer, but neither the formats of Flash's experts nor a context long enough for the indexer
 *          to choose. So the file is read into memory, the experts of some layers are replaced by random blocks of those formats,
 *          and the indexer lets few rows through: what the model then says is nonsense, the same on both backends.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "weights.h"

typedef struct subject {
    ds4_gguf gguf;
    ds4_shape shape;
    ds4_weights weights;
    uint8_t *memory; /* whole pages: the file, then the replaced experts */
    uint64_t bytes;
} subject;

/* A zeroed or half opened one may be closed. */
ds4_status open_subject(const char *path, subject *s, ds4_error *error);
void close_subject(subject *s);

#endif

/* model_writer.h: model files as bytes, in memory or streamed to a disk. Both give the same bytes. */
#ifndef MODEL_WRITER_H
#define MODEL_WRITER_H

#include "model_file.h"

#include <signal.h>

enum { MODEL_ALIGNMENT = 32 };

/* The file's bytes, in a block of exactly that size, to be freed. */
uint8_t *model_bytes(const model_file *file, size_t *size);

/* How large the file will be. */
uint64_t model_size(const model_file *file);

/* Writes the file in pieces, so that its size is bounded by the disk only. The free space is checked first; what was
 * written is removed on failure, and `path` is replaced only by a whole file. `cancel` (may be NULL) stops it. */
ds4_status stream_model(const model_file *file, const char *path, const volatile sig_atomic_t *cancel, ds4_error *error);

#endif

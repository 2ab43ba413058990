/* fingerprint.h: an identity of a model file that is cheap to compute for 87 GB. */
#ifndef DS4_FINGERPRINT_H
#define DS4_FINGERPRINT_H

#include "gguf.h"

/* SHA-256 (hex) over header and tensor table, the file size, and 64 blocks of 4096 bytes sampled evenly from the
 * tensor data (all of it when it is smaller than that). */
void ds4_fingerprint(const ds4_gguf *gguf, char text[65]);

#endif

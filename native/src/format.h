/* format.h: the tensor formats this engine can read, and the size of their blocks. */
#ifndef DS4_FORMAT_H
#define DS4_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

/* Values are the type ids of GGUF. */
typedef enum ds4_format {
    DS4_FORMAT_F32 = 0,
    DS4_FORMAT_F16 = 1,
    DS4_FORMAT_Q8_0 = 8,
    DS4_FORMAT_Q2_K = 10,
    DS4_FORMAT_Q4_K = 12,
    DS4_FORMAT_IQ2_XXS = 16,
    DS4_FORMAT_I32 = 26
} ds4_format;

typedef struct ds4_format_info {
    ds4_format format;
    const char *name;
    uint32_t block_values; /* values per block along the fastest dimension */
    uint32_t block_bytes;
} ds4_format_info;

/* NULL when `type` is not one of the formats above. */
const ds4_format_info *ds4_format_find(uint32_t type);

#endif

/* mapping.h: a whole file, read-only in memory. */
#ifndef DS4_MAPPING_H
#define DS4_MAPPING_H

#include "error.h"

typedef struct ds4_mapping {
    const uint8_t *data;
    uint64_t size;
} ds4_mapping;

ds4_status ds4_mapping_open(const char *path, ds4_mapping *mapping, ds4_error *error);
void ds4_mapping_close(ds4_mapping *mapping);

#endif

/* harness.c: reporting and small tools for tests. */
#include "harness.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void report_failure(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    test_failed = true;
    printf("    %s:%d: ", file, line);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

bool is_near(double found, double expected, double tolerance)
{
    return fabs(found - expected) <= tolerance;
}

uint32_t random_bits(random_source *source)
{
    source->state = source->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(source->state >> 32);
}

float random_float(random_source *source)
{
    return (float)random_bits(source) / 2147483648.0f - 1.0f;
}

uint8_t *read_whole_file(const char *path, size_t *size)
{
    uint8_t *data = NULL;
    FILE *file = fopen(path, "rb");
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        *size = (size_t)ftell(file);
        rewind(file);
        data = malloc(*size + 1);
        if (data != NULL && fread(data, 1, *size, file) != *size) {
            free(data);
            data = NULL;
        }
    }
    if (file != NULL)
        fclose(file);
    if (data == NULL)
        report_failure(path, 0, "cannot be read");
    return data;
}

const char *scratch_path(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", scratch_folder, name);
    return path;
}

const char *golden_path(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", golden_folder, name);
    return path;
}

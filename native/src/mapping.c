/* mapping.c: a file mapped read-only and shared, so that several processes and the page cache hold one copy.
 *
 * DESIGN   The descriptor is closed at once; the mapping keeps the file alive even when its name is replaced.
 */
#include "mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static ds4_status map_descriptor(int descriptor, const char *path, ds4_mapping *mapping, ds4_error *error)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return ds4_fail(error, DS4_IO, "cannot read the size of %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return ds4_fail(error, DS4_IO, "%s is not a regular file", path);
    if (status.st_size == 0)
        return ds4_fail(error, DS4_FORMAT, "%s is empty", path);
    if ((uint64_t)status.st_size > SIZE_MAX)
        return ds4_fail(error, DS4_IO, "%s is larger than the address space", path);
    void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (data == MAP_FAILED)
        return ds4_fail(error, errno == ENOMEM ? DS4_OUT_OF_MEMORY : DS4_IO, "cannot map %s into memory: %s", path, strerror(errno));
    mapping->data = data;
    mapping->size = (uint64_t)status.st_size;
    return DS4_OK;
}

ds4_status ds4_mapping_open(const char *path, ds4_mapping *mapping, ds4_error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return ds4_fail(error, DS4_IO, "cannot open %s: %s", path, strerror(errno));
    ds4_status status = map_descriptor(descriptor, path, mapping, error);
    close(descriptor);
    return status;
}

void ds4_mapping_close(ds4_mapping *mapping)
{
    if (mapping->data != NULL)
        munmap((void *)(uintptr_t)mapping->data, (size_t)mapping->size);
    mapping->data = NULL;
    mapping->size = 0;
}

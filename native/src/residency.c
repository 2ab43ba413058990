/* residency.c: how much of a model's file is in memory, and bringing it there.
 *
 * DESIGN   Weights are read through the page cache, so a first token would wait for the disk again and again in small pieces.
 *          Warming reads the file once from front to back: the kernel is told about the next piece while this one is
 *          touched, which also fills the page tables of this process. It takes no lock and changes nothing, so it may run
 *          beside an evaluation.
 */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise, mincore */
#endif
#include "memory.h"
#include "model.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PIECE = 64 << 20, PAGES_PER_QUESTION = 1 << 16 };

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- how much is there -------------------------------------------------------------------------------------- */

/* mincore's last argument has another signedness on macOS. */
#if defined(__APPLE__)
typedef char page_state;
#else
typedef unsigned char page_state;
#endif

static uint64_t count_resident(const page_state *pages, size_t count)
{
    uint64_t resident = 0;
    for (size_t i = 0; i < count; i++)
        resident += (unsigned)pages[i] & 1u;
    return resident;
}

static ds4_status resident_bytes(const ds4_mapping *mapping, page_state *pages, uint64_t *bytes, ds4_error *error)
{
    size_t page = page_size();
    uint64_t step = (uint64_t)page * PAGES_PER_QUESTION, resident = 0;
    for (uint64_t at = 0; at < mapping->size; at += step) {
        size_t length = (size_t)(mapping->size - at < step ? mapping->size - at : step);
        if (mincore((void *)(uintptr_t)(mapping->data + at), length, pages) != 0)
            return ds4_fail(error, DS4_IO, "cannot ask which pages of the model are in memory: %s", strerror(errno));
        resident += count_resident(pages, (length + page - 1) / page);
    }
    *bytes = resident * page < mapping->size ? resident * page : mapping->size;
    return DS4_OK;
}

ds4_status ds4_model_get_residency(const ds4_model *model, ds4_residency *residency, ds4_error *error)
{
    struct rusage usage;
    if (model == NULL || residency == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "%s is NULL", model == NULL ? "model" : "residency");
    page_state *pages = ds4_allocate(PAGES_PER_QUESTION);
    if (pages == NULL)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the states of %d pages", PAGES_PER_QUESTION);
    ds4_status status = resident_bytes(&model->mapping, pages, &residency->resident_bytes, error);
    ds4_release(pages);
    residency->mapped_bytes = model->mapping.size;
    residency->major_faults = getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_majflt : 0;
    return status;
}

/* ---- bringing it there -------------------------------------------------------------------------------------- */

static void announce(const ds4_mapping *mapping, uint64_t at)
{
    if (at < mapping->size)
        (void)madvise((void *)(uintptr_t)(mapping->data + at), (size_t)(mapping->size - at < PIECE ? mapping->size - at : PIECE),
                      MADV_WILLNEED);
}

static void touch(const uint8_t *data, size_t length)
{
    size_t page = page_size();
    for (size_t i = 0; i < length; i += page)
        (void)*(const volatile uint8_t *)(data + i);
}

ds4_status ds4_model_warm(const ds4_model *model, ds4_progress progress, void *user, const volatile int32_t *cancel, ds4_error *error)
{
    if (model == NULL)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "model is NULL");
    const ds4_mapping *mapping = &model->mapping;
    announce(mapping, 0);
    for (uint64_t at = 0; at < mapping->size; at += PIECE) {
        uint64_t end = mapping->size - at < PIECE ? mapping->size : at + PIECE;
        if (cancel != NULL && *cancel != 0)
            return ds4_fail(error, DS4_CANCELLED, "cancelled after %llu of %llu bytes", (unsigned long long)at,
                            (unsigned long long)mapping->size);
        announce(mapping, end);
        touch(mapping->data + at, (size_t)(end - at));
        if (progress != NULL)
            progress(user, end, mapping->size);
    }
    return DS4_OK;
}

// gpu_sim.cpp: gpu.h on the simulator.
//
// DESIGN   A dispatch runs when it is encoded. Whether it could have run beside its neighbours is checked by the records of memory:
//          only a barrier begins a new epoch. Every buffer is an allocation of its own with room around it that belongs to nobody.
#include "gpu_sim.h"
#include "memory.h"
#include "scheduler.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

struct ds4_gpu {
    std::string failure;
};

struct ds4_gpu_pipeline {
    ds4_sim_kernel kernel;
};

namespace {

std::uint64_t barriers, flushes;
std::string failing; // kernel
std::uint32_t buffers, granted = UINT32_MAX;
constexpr std::size_t page = 4096, threadgroup_bytes = 32768;

} // namespace

ds4_status ds4_gpu_open(ds4_gpu **gpu, ds4_error *error)
{
    *gpu = new (std::nothrow) ds4_gpu;
    return *gpu != nullptr ? DS4_OK : ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for the simulator");
}

void ds4_gpu_close(ds4_gpu *gpu)
{
    delete gpu;
}

void ds4_gpu_get_info(const ds4_gpu *, ds4_gpu_info *info)
{
    *info = ds4_gpu_info{};
    std::strcpy(info->name, "simulator");
    info->buffer_bytes = std::uint64_t{64} << 30;
    info->page_bytes = page;
}

// ---- memory --------------------------------------------------------------------------------------------------------

ds4_status ds4_gpu_allocate(ds4_gpu *, uint64_t bytes, ds4_gpu_memory *memory, ds4_error *error)
{
    bool is_refused = granted == 0;
    granted = is_refused ? UINT32_MAX : granted == UINT32_MAX ? granted : granted - 1;
    auto *block = is_refused ? nullptr : static_cast<unsigned char *>(std::aligned_alloc(page, (bytes + 2 * page - 1) / page * page + 2 * page));
    *memory = ds4_gpu_memory{};
    if (block == nullptr)
        return ds4_fail(error, DS4_OUT_OF_MEMORY, "no memory for a buffer of %llu bytes", static_cast<unsigned long long>(bytes));
    unsigned char *host = block + page;
    std::memset(host, 0xff, bytes); /* not a number, whatever its format: nobody may count on what nobody wrote */
    device_memory.add(host, bytes, false);
    buffers++;
    *memory = ds4_gpu_memory{host, reinterpret_cast<std::uintptr_t>(host), bytes, block};
    return DS4_OK;
}

ds4_status ds4_gpu_wrap(ds4_gpu *, void *host, uint64_t bytes, ds4_gpu_memory *memory, ds4_error *error)
{
    *memory = ds4_gpu_memory{};
    if (reinterpret_cast<std::uintptr_t>(host) % page != 0 || bytes % page != 0)
        return ds4_fail(error, DS4_INVALID_ARGUMENT, "memory at %p, %llu bytes, is not whole pages", host, static_cast<unsigned long long>(bytes));
    device_memory.add(host, bytes, true);
    buffers++;
    *memory = ds4_gpu_memory{host, reinterpret_cast<std::uintptr_t>(host), bytes, nullptr};
    return DS4_OK;
}

void ds4_gpu_release(ds4_gpu *, ds4_gpu_memory *memory)
{
    if (memory->host == nullptr)
        return;
    device_memory.remove(memory->host);
    buffers--;
    std::free(memory->handle);
    *memory = ds4_gpu_memory{};
}

// ---- work ----------------------------------------------------------------------------------------------------------

ds4_status ds4_gpu_find_pipeline(ds4_gpu *, const char *name, const ds4_gpu_pipeline **pipeline, ds4_error *error)
{
    static_assert(sizeof(ds4_gpu_pipeline) == sizeof(ds4_sim_kernel));
    for (const ds4_sim_kernel *kernel = ds4_sim_kernels; kernel->name != nullptr; kernel++)
        if (std::strcmp(kernel->name, name) == 0) {
            *pipeline = reinterpret_cast<const ds4_gpu_pipeline *>(kernel);
            return DS4_OK;
        }
    return ds4_fail(error, DS4_NOT_FOUND, "there is no kernel %s", name);
}

namespace {

// What the device's interface forbids, before it is done.
bool is_sound(const ds4_sim_kernel &kernel, uint32_t argument_bytes, ds4_gpu_grid grid, uint32_t threads, uint32_t shared, std::string &failure)
{
    char text[256];
    const char *problem = argument_bytes != kernel.argument_bytes ? "the arguments have another size than the kernel's structure"
                          : argument_bytes > 4096                 ? "more than 4096 bytes of arguments"
                          : grid.x == 0 || grid.y == 0 || grid.z == 0 ? "an empty grid"
                          : threads == 0 || threads > 1024 || threads % 32 != 0 ? "not 32 to 1024 threads in whole simdgroups"
                          : shared > threadgroup_bytes || shared % 16 != 0      ? "threadgroup memory is too large or not a multiple of 16"
                                                                                : nullptr;
    if (problem == nullptr)
        return true;
    std::snprintf(text, sizeof text, "%s: dispatched with %u bytes, grid %u x %u x %u, %u threads, %u bytes of threadgroup memory: %s", kernel.name,
                  argument_bytes, grid.x, grid.y, grid.z, threads, shared, problem);
    failure = text;
    return false;
}

} // namespace

void ds4_gpu_dispatch(ds4_gpu *gpu, const ds4_gpu_pipeline *pipeline, const void *arguments, uint32_t argument_bytes, ds4_gpu_grid grid,
                      uint32_t threads, uint32_t shared)
{
    alignas(16) unsigned char copy[4096];
    const ds4_sim_kernel &kernel = pipeline->kernel;
    if (!gpu->failure.empty() || !is_sound(kernel, argument_bytes, grid, threads, shared, gpu->failure))
        return;
    std::memcpy(copy, arguments, argument_bytes);
    const unsigned size[3] = {grid.x, grid.y, grid.z};
    device_memory.begin_dispatch(kernel.name, copy, argument_bytes, std::uint64_t{threads} * grid.x * grid.y * grid.z);
    run_grid(kernel, copy, size, threads, shared);
    gpu->failure = take_failure();
    if (failing == kernel.name) {
        gpu->failure = failing + ": the device was lost";
        failing.clear();
    }
}

void ds4_gpu_barrier(ds4_gpu *)
{
    barriers++;
    running_thread.epoch++;
}

void ds4_gpu_flush(ds4_gpu *)
{
    flushes++;
    running_thread.epoch++;
}

ds4_status ds4_gpu_finish(ds4_gpu *gpu, ds4_error *error)
{
    running_thread.epoch++;
    if (gpu->failure.empty())
        return DS4_OK;
    ds4_status status = ds4_fail(error, DS4_IO, "%s", gpu->failure.c_str());
    gpu->failure.clear();
    return status;
}

// ---- counts --------------------------------------------------------------------------------------------------------

static void add(ds4_gpu_reads &sum, const ReadCounts &counts)
{
    sum.bytes += counts.bytes;
    sum.group_bytes += counts.group_bytes;
}

ds4_gpu_counts ds4_gpu_sim_counts(const char *kernel)
{
    ds4_gpu_counts sum = {};
    for (const auto &[name, counts] : device_memory.counts()) {
        if (kernel != nullptr && name != kernel)
            continue;
        sum.dispatches += counts.dispatches;
        sum.threads += counts.threads;
        add(sum.weights, counts.weights);
        add(sum.rows, counts.rows);
        add(sum.others, counts.others);
        sum.read_bytes += counts.read_bytes;
        sum.written_bytes += counts.written_bytes;
    }
    sum.barriers = kernel == nullptr ? barriers : 0;
    sum.flushes = kernel == nullptr ? flushes : 0;
    return sum;
}

void ds4_gpu_sim_clear_counts(void)
{
    device_memory.clear_counts();
    barriers = flushes = 0;
}

void ds4_gpu_sim_mark_rows(const void *host, uint64_t bytes)
{
    device_memory.mark_rows(host, bytes);
}

void ds4_gpu_sim_fail(const char *kernel)
{
    failing = kernel;
}

void ds4_gpu_sim_refuse_after(uint32_t count)
{
    granted = count;
}

uint32_t ds4_gpu_sim_buffers(void)
{
    return buffers;
}

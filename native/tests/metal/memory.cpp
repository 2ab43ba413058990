// memory.cpp: the records of device and threadgroup memory, and the functions that compiled kernels call.
#include "memory.h"
#include "scheduler.h"

#include <algorithm>
#include <cinttypes>
#include <cstdlib>
#include <new>

RunningThread running_thread;
DeviceMemory device_memory;

namespace {

constexpr std::size_t sector_bytes = 32;
constexpr std::uint32_t several = UINT32_MAX; // readers

// Zeroed memory that takes no room until it is touched.
template <typename T> std::unique_ptr<T, void (*)(void *)> zeros(std::size_t count)
{
    void *memory = std::calloc(count, sizeof(T));
    if (memory == nullptr)
        throw std::bad_alloc();
    return {static_cast<T *>(memory), std::free};
}

} // namespace

// ---- ranges --------------------------------------------------------------------------------------------------------

void DeviceMemory::add(void *host, std::size_t bytes, bool is_model)
{
    auto low = reinterpret_cast<std::uintptr_t>(host);
    auto place = std::upper_bound(ranges.begin(), ranges.end(), low, [](std::uintptr_t a, const auto &r) { return a < r->low; });
    ranges.insert(place, std::unique_ptr<Range>(new Range{low, low + bytes, is_model,
                                                      is_model ? std::unique_ptr<Record, void (*)(void *)>(nullptr, std::free)
                                                               : zeros<Record>(bytes / 4 + 1),
                                                      zeros<std::uint32_t>(bytes / sector_bytes + 2),
                                                      {}}));
}

void DeviceMemory::mark_rows(const void *host, std::size_t bytes)
{
    auto low = reinterpret_cast<std::uintptr_t>(host);
    if (Range *range = find(low, 1))
        range->rows.emplace_back(low, low + bytes);
}

void DeviceMemory::remove(void *host)
{
    auto low = reinterpret_cast<std::uintptr_t>(host);
    latest[0] = latest[1] = nullptr;
    ranges.erase(std::find_if(ranges.begin(), ranges.end(), [low](const auto &r) { return r->low == low; }));
}

DeviceMemory::Range *DeviceMemory::find(std::uintptr_t address, unsigned bytes)
{
    auto after = std::upper_bound(ranges.begin(), ranges.end(), address, [](std::uintptr_t a, const auto &r) { return a < r->low; });
    if (after == ranges.begin())
        return nullptr;
    Range *range = after[-1].get();
    if (address + bytes > range->high)
        return nullptr;
    latest[1] = latest[0];
    return latest[0] = range;
}

// ---- dispatches ----------------------------------------------------------------------------------------------------

void DeviceMemory::begin_dispatch(const char *kernel, const void *arguments, std::size_t argument_bytes, std::uint64_t threads)
{
    arguments_low = reinterpret_cast<std::uintptr_t>(arguments);
    arguments_high = arguments_low + argument_bytes;
    first_group = running_thread.group + 1;
    now = &kernel_counts[kernel];
    now->dispatches++;
    now->threads += threads;
}

void DeviceMemory::set_threadgroup(void *memory, std::size_t bytes)
{
    shared_low = reinterpret_cast<std::uintptr_t>(memory);
    shared_high = shared_low + bytes;
    shared.assign(bytes / 4, SharedRecord{});
}

void DeviceMemory::begin_threadgroup()
{
    running_thread.group++;
    running_thread.phase++;
}

// ---- accesses ------------------------------------------------------------------------------------------------------

template <unsigned bytes, bool writes> void DeviceMemory::access(std::uintptr_t address)
{
    if (address - running_thread.stack < running_thread.stack_bytes)
        return;
    if (address >= shared_low && address < shared_high) {
        access_threadgroup<bytes, writes>(address);
        return;
    }
    Range *range = latest[0];
    if (range == nullptr || address < range->low || address + bytes > range->high) {
        std::swap(latest[0], latest[1]);
        range = latest[0];
        if (range == nullptr || address < range->low || address + bytes > range->high)
            range = find(address, bytes);
    }
    if (range == nullptr)
        access_elsewhere(address, bytes, writes);
    else if (range->is_model)
        access_model<bytes, writes>(*range, address);
    else
        access_device<bytes, writes>(*range, address);
}

// The program's own constants may be read; so may the arguments.
void DeviceMemory::access_elsewhere(std::uintptr_t address, unsigned bytes, bool writes)
{
    extern char program_begin __asm__("__executable_start");
    extern char program_end __asm__("_end");
    if (address >= reinterpret_cast<std::uintptr_t>(&program_begin) && address < reinterpret_cast<std::uintptr_t>(&program_end))
        return;
    if (address < arguments_low || address >= arguments_high)
        fail_kernel("%s %u bytes at 0x%" PRIxPTR ", outside of all buffers", writes ? "writes" : "reads", bytes, address);
    else if (writes || address + bytes > arguments_high)
        fail_kernel("%s its arguments", writes ? "writes to" : "reads beyond");
}

// A sector belongs to the access that begins in it: none is wider, and all are aligned.
void DeviceMemory::count_read(Range &range, std::uintptr_t address, ReadCounts &counts)
{
    std::uint32_t &last = range.sectors.get()[(address - range.low) / sector_bytes];
    if (last == running_thread.group)
        return;
    counts.group_bytes += sector_bytes;
    counts.bytes += last < first_group ? sector_bytes : 0;
    last = running_thread.group;
}

template <unsigned bytes, bool writes> void DeviceMemory::access_model(Range &range, std::uintptr_t address)
{
    if (writes)
        fail_kernel("writes to the model's file, offset %" PRIuPTR, address - range.low);
    if (address % bytes != 0)
        fail_kernel("reads %u bytes at offset %" PRIuPTR " of the model's file, which is not aligned", bytes, address - range.low);
    count_read(range, address, now->weights);
}

namespace {

// Whether two accesses to the same four bytes may happen at the same time.
bool meets(std::uint32_t epoch, std::uint32_t group, std::uint32_t phase, std::uint32_t thread)
{
    const RunningThread &me = running_thread;
    if (epoch != me.epoch)
        return false;
    return group != me.group || (phase == me.phase && thread != me.thread);
}

} // namespace

template <unsigned bytes, bool writes> void DeviceMemory::access_device(Range &range, std::uintptr_t address)
{
    const RunningThread &me = running_thread;
    if (address % bytes != 0)
        fail_kernel("%s %u bytes at offset %" PRIuPTR " of a buffer, which is not aligned", writes ? "writes" : "reads", bytes,
                    address - range.low);
    (writes ? now->written_bytes : now->read_bytes) += bytes;
    if (!writes) {
        bool is_row = std::any_of(range.rows.begin(), range.rows.end(), [address](auto part) { return address >= part.first && address < part.second; });
        count_read(range, address, is_row ? now->rows : now->others);
    }
    for (std::size_t i = (address - range.low) / 4; i <= (address + bytes - 1 - range.low) / 4; i++) {
        Record &r = range.records.get()[i];
        if (meets(r.write.epoch, r.write.group, r.write.phase, r.write.thread))
            fail_kernel("%s offset %zu of a buffer of %" PRIuPTR " bytes, which another thread writes", writes ? "writes to" : "reads", 4 * i,
                        range.high - range.low);
        if (writes && meets(r.read.epoch, r.read.group, r.read.phase, r.read.thread))
            fail_kernel("writes to offset %zu of a buffer of %" PRIuPTR " bytes, which another thread reads", 4 * i, range.high - range.low);
        if (writes) {
            r.write = Access{me.epoch, me.group, me.phase, me.thread};
        } else {
            bool same_epoch = r.read.epoch == me.epoch;
            std::uint32_t group = same_epoch && r.read.group != me.group ? several : me.group;
            std::uint32_t thread = same_epoch && r.read.phase == me.phase && r.read.thread != me.thread ? several : me.thread;
            r.read = Access{me.epoch, group, me.phase, thread};
        }
    }
}

template <unsigned bytes, bool writes> void DeviceMemory::access_threadgroup(std::uintptr_t address)
{
    const RunningThread &me = running_thread;
    if (address + bytes > shared_high)
        fail_kernel("%s beyond its threadgroup memory", writes ? "writes" : "reads");
    if (address % bytes != 0)
        fail_kernel("%s %u bytes of threadgroup memory at %" PRIuPTR ", which is not aligned", writes ? "writes" : "reads", bytes,
                    address - shared_low);
    auto meets_in_group = [](std::uint32_t phase, std::uint32_t thread, std::uint32_t simd_phase) {
        const RunningThread &me = running_thread;
        bool is_ordered = thread != several && thread / 32 == me.thread / 32 && simd_phase != me.simd_phase;
        return phase == me.phase && thread != me.thread && !is_ordered;
    };
    for (std::size_t i = (address - shared_low) / 4; i <= (address + bytes - 1 - shared_low) / 4; i++) {
        SharedRecord &r = shared[i];
        if (r.group != me.group)
            r = SharedRecord{me.group, 0, 0, 0, 0, 0, 0};
        if (!writes && r.write_phase == 0)
            fail_kernel("reads threadgroup memory at %zu, which nobody has written", 4 * i);
        if (!me.is_atomic && meets_in_group(r.write_phase, r.write_thread, r.write_simd_phase))
            fail_kernel("%s threadgroup memory at %zu, which thread %u writes without a barrier between", writes ? "writes to" : "reads", 4 * i,
                        r.write_thread);
        if (writes && !me.is_atomic && meets_in_group(r.read_phase, r.read_thread, r.read_simd_phase))
            fail_kernel("writes to threadgroup memory at %zu, which another thread reads without a barrier between", 4 * i);
        if (writes) {
            r.write_phase = me.phase, r.write_thread = me.thread, r.write_simd_phase = me.simd_phase;
        } else {
            bool shares = r.read_phase == me.phase && r.read_thread != me.thread &&
                          !(r.read_thread / 32 == me.thread / 32 && r.read_simd_phase != me.simd_phase);
            r.read_thread = shares ? several : me.thread;
            r.read_phase = me.phase, r.read_simd_phase = me.simd_phase;
        }
    }
}

// ---- what compiled kernels call ------------------------------------------------------------------------------------

template void DeviceMemory::access<4, false>(std::uintptr_t);
template void DeviceMemory::access<4, true>(std::uintptr_t);

#define ON_ACCESS(BYTES)                                                                   \
    extern "C" void __sanitizer_cov_load##BYTES(void *address)                             \
    {                                                                                      \
        device_memory.access<BYTES, false>(reinterpret_cast<std::uintptr_t>(address));     \
    }                                                                                      \
    extern "C" void __sanitizer_cov_store##BYTES(void *address)                            \
    {                                                                                      \
        device_memory.access<BYTES, true>(reinterpret_cast<std::uintptr_t>(address));      \
    }
ON_ACCESS(1)
ON_ACCESS(2)
ON_ACCESS(4)
ON_ACCESS(8)
ON_ACCESS(16)

// Before an index that is not one of an array in registers (-fsanitize=array-bounds).
extern "C" [[noreturn]] void __ubsan_handle_out_of_bounds_minimal_abort()
{
    fail_kernel("leaves an array");
    __builtin_unreachable();
}

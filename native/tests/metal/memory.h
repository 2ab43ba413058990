// memory.h: which memory kernels touch, and whether they may.
//
// DESIGN   The compiler calls a function before every load and store of a kernel (-fsanitize-coverage=func,trace-loads,trace-stores). The
//          address tells what kind of memory it is. Every four bytes of device and threadgroup memory have a record of who wrote and
//          who read them last, and when; two threads that meet there without a barrier between them, at least one of them writing, are a
//          race. Time is counted in epochs, which barriers between dispatches end, and in phases, which barriers of a threadgroup end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

// What the dispatches of one kernel read of a kind of memory, in sectors of 32 bytes: each once per dispatch, which memory must deliver;
// and each once per threadgroup, of which caches can deliver the rest.
struct ReadCounts {
    std::uint64_t bytes = 0, group_bytes = 0;
};

// What the dispatches of one kernel did.
struct KernelCounts {
    std::uint64_t dispatches = 0, threads = 0;
    ReadCounts weights, rows, others;                // of the mapped model, of what was marked, of all else
    std::uint64_t read_bytes = 0, written_bytes = 0; // of memory that is not the model's, every access
};

// Who is running: kept by the scheduler.
struct RunningThread {
    std::uint32_t epoch = 1; // since the last barrier between dispatches
    std::uint32_t group = 0; // number of the threadgroup, over all dispatches
    std::uint32_t phase = 1; // of threadgroup memory
    std::uint32_t simd_phase = 1;
    std::uint32_t thread = 0;
    std::uintptr_t stack = 0;
    std::size_t stack_bytes = 0;
    bool is_atomic = false;
};
extern RunningThread running_thread;

class DeviceMemory {
public:
    // Memory that kernels may only read (`is_model`), or any other.
    void add(void *host, std::size_t bytes, bool is_model);
    void remove(void *host);

    // Makes a part of that memory be counted as rows of the state; there may be several parts in one buffer.
    void mark_rows(const void *host, std::size_t bytes);

    // Of the dispatch that follows.
    void begin_dispatch(const char *kernel, const void *arguments, std::size_t argument_bytes, std::uint64_t threads);
    void set_threadgroup(void *memory, std::size_t bytes);
    void begin_threadgroup();

    template <unsigned bytes, bool writes> void access(std::uintptr_t address);

    const std::map<std::string, KernelCounts> &counts() const { return kernel_counts; }
    void clear_counts() { kernel_counts.clear(); }

private:
    // The last access of a kind to four bytes.
    struct Access {
        std::uint32_t epoch, group, phase, thread;
    };
    struct Record {
        Access write, read;
    };
    struct Range {
        std::uintptr_t low, high;
        bool is_model;
        std::unique_ptr<Record, void (*)(void *)> records;          // not of the model
        std::unique_ptr<std::uint32_t, void (*)(void *)> sectors;   // threadgroup that last read each
        std::vector<std::pair<std::uintptr_t, std::uintptr_t>> rows; // parts that are rows of the state
    };
    struct SharedRecord {
        std::uint32_t group, write_phase, write_thread, write_simd_phase, read_phase, read_thread, read_simd_phase;
    };

    // An access by the kernel's type: sizes are constants, since this is where the simulator spends its time.
    template <unsigned bytes, bool writes> void access_device(Range &range, std::uintptr_t address);
    template <unsigned bytes, bool writes> void access_model(Range &range, std::uintptr_t address);
    template <unsigned bytes, bool writes> void access_threadgroup(std::uintptr_t address);
    void count_read(Range &range, std::uintptr_t address, ReadCounts &counts);
    void access_elsewhere(std::uintptr_t address, unsigned bytes, bool writes);
    Range *find(std::uintptr_t address, unsigned bytes);

    std::vector<std::unique_ptr<Range>> ranges; // by address
    Range *latest[2] = {};                      // where the last accesses were
    std::map<std::string, KernelCounts> kernel_counts;
    KernelCounts *now = nullptr;
    std::uint32_t first_group = 0; // of the dispatch
    std::uintptr_t arguments_low = 0, arguments_high = 0, shared_low = 0, shared_high = 0;
    std::vector<SharedRecord> shared;
};
extern DeviceMemory device_memory;

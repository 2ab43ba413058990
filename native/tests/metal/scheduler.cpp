// scheduler.cpp: threads of a threadgroup on fibers.
//
// DESIGN   A thread runs until it waits for others, at an operation of its simdgroup or at a barrier; then the next one that can runs.
//          The last to come lets all go on. When nobody can, some thread waits for one that will never come: the barrier or operation
//          is divergent, which is told with the places where the threads are.
#include "scheduler.h"
#include "fibers.h"
#include "memory.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

constexpr unsigned max_threads = 1024, lanes = 32;

enum class State : unsigned char { ready, in_operation, at_barrier, done };

struct Simdgroup {
    unsigned arrived;
    ds4_sim_operation operation;
    std::uint32_t phase, loads;
    ds4_sim_slot given[lanes], results[2][lanes];
};

struct Run {
    const ds4_sim_kernel *kernel;
    ds4_sim_call call;
    unsigned threads, current, at_barrier, done;
    State states[max_threads];
    unsigned char parity[max_threads];  // which of the two sets of results is the next
    std::uint32_t loads[max_threads];   // what matrix loads and stores a lane has seen, as a checksum
    Simdgroup simdgroups[max_threads / lanes];
};

Run run;
std::string failure;

Fibers &fibers()
{
    static Fibers all(max_threads);
    return all;
}

// Declares `thread` the running one.
void become(unsigned thread)
{
    run.current = thread;
    running_thread.thread = thread;
    running_thread.simd_phase = run.simdgroups[thread / lanes].phase;
    running_thread.stack = fibers().stack(thread);
    running_thread.stack_bytes = Fibers::stack_bytes;
}

const char *name_of(ds4_sim_operation operation)
{
    static const char *const names[] = {"sum", "max", "min", "prefix sum", "shuffle", "matrix product", "matrix load", "matrix store", "barrier"};
    return names[operation];
}

[[noreturn]] void fail_divergent()
{
    for (unsigned i = 0; i < run.threads; i++)
        if (run.states[i] == State::in_operation)
            fail_kernel("thread %u waits in a simdgroup's %s that not all lanes reach", i, name_of(run.simdgroups[i / lanes].operation));
    for (unsigned i = 0; i < run.threads; i++)
        if (run.states[i] == State::at_barrier)
            fail_kernel("thread %u waits at a barrier that not all threads reach", i);
    fail_kernel("no thread can go on");
}

// Lets the next thread that can go on; returns when this one can again.
void wait()
{
    unsigned me = run.current;
    for (unsigned step = 1; step < run.threads; step++) {
        unsigned next = (me + step) % run.threads;
        if (run.states[next] == State::ready) {
            become(next);
            fibers().change(me, next);
            return;
        }
    }
    if (run.states[me] != State::ready)
        fail_divergent();
}

void begin_thread()
{
    ds4_sim_call call = run.call;
    ds4_sim_position &at = call.at;
    at.index = run.current;
    // Grids of kernels that use positions in the grid have threadgroups of one row.
    for (int i = 0; i < 3; i++)
        at.place_in_grid[i] = i == 0 ? at.group[0] * run.threads + at.index : at.group[i];
    run.kernel->run(call);
    run.states[run.current] = State::done;
    if (++run.done == run.threads)
        fibers().leave(run.current);
    wait();
    __builtin_unreachable(); // nobody goes back to a thread that is done
}

void run_threadgroup()
{
    for (unsigned i = 0; i < run.threads; i++) {
        fibers().prepare(i, begin_thread);
        run.states[i] = State::ready;
    }
    run.at_barrier = run.done = 0;
    for (unsigned i = 0; i < run.threads / lanes; i++)
        run.simdgroups[i].arrived = 0;
    device_memory.begin_threadgroup();
    become(0);
    fibers().enter(0);
    running_thread.stack_bytes = 0;
}

unsigned word_of(const ds4_sim_slot &slot)
{
    unsigned word;
    std::memcpy(&word, &slot, sizeof word);
    return word;
}

void set_word(ds4_sim_slot &slot, unsigned word)
{
    std::memcpy(&slot, &word, sizeof word);
}

// The same in every lane.
ds4_sim_slot combine(ds4_sim_operation operation, const ds4_sim_slot *given)
{
    ds4_sim_slot values[lanes];
    std::memcpy(values, given, sizeof values);
    for (unsigned distance = lanes / 2; distance > 0; distance /= 2)
        for (unsigned i = 0; i < distance; i++) {
            unsigned a = word_of(values[i]), b = word_of(values[i + distance]);
            if (operation == DS4_SIM_SUM)
                values[i].values[0] += values[i + distance].values[0];
            else
                set_word(values[i], operation == DS4_SIM_MAX ? std::max(a, b) : std::min(a, b));
        }
    return values[0];
}

// Lane l has the elements (l / 4, l % 4 · 2) of each matrix, and the one to their right.
void multiply(const ds4_sim_slot *given, ds4_sim_slot *results)
{
    for (unsigned lane = 0; lane < lanes; lane++) {
        float sums[2] = {0, 0};
        for (unsigned k = 0; k < 8; k++) {
            float left = given[lane / 4 * 4 + k / 2].values[k % 2];
            const float *right = given[k * 4 + lane % 4].values + 2;
            sums[0] += left * right[0];
            sums[1] += left * right[1];
        }
        results[lane].values[0] = sums[0], results[lane].values[1] = sums[1];
    }
}

// What every lane gets, once all have given. Shuffles get everything, and choose.
void finish_operation(ds4_sim_operation operation, const ds4_sim_slot *given, ds4_sim_slot *results)
{
    if (operation == DS4_SIM_MULTIPLY) {
        multiply(given, results);
    } else if (operation == DS4_SIM_SHUFFLE) {
        std::memcpy(results, given, lanes * sizeof *given);
    } else if (operation == DS4_SIM_PREFIX) {
        unsigned sum = 0;
        for (unsigned i = 0; i < lanes; i++) {
            set_word(results[i], sum);
            sum += word_of(given[i]);
        }
    } else if (operation <= DS4_SIM_MIN) {
        ds4_sim_slot result = combine(operation, given);
        for (unsigned i = 0; i < lanes; i++)
            results[i] = result;
    }
}

// A lane may be an operation ahead of another that has not taken its result yet, but never two: hence two sets of results.
void wait_for_simdgroup(ds4_sim_operation operation)
{
    Simdgroup &group = run.simdgroups[run.current / lanes];
    if (group.arrived > 0 && group.operation != operation)
        fail_kernel("is in a simdgroup's %s while another lane is in a %s", name_of(operation), name_of(group.operation));
    if (group.arrived > 0 && group.loads != run.loads[run.current])
        fail_kernel("has not seen the same matrix loads and stores as the other lanes of its simdgroup");
    group.operation = operation;
    group.loads = run.loads[run.current];
    if (++group.arrived < lanes) {
        run.states[run.current] = State::in_operation;
        wait();
        return;
    }
    finish_operation(operation, group.given, group.results[run.parity[run.current]]);
    group.arrived = 0;
    if (operation == DS4_SIM_BARRIER)
        group.phase++;
    running_thread.simd_phase = group.phase;
    for (unsigned i = run.current / lanes * lanes, end = i + lanes; i < end; i++)
        run.states[i] = State::ready;
}

} // namespace

// ---- what kernels ask for ------------------------------------------------------------------------------------------

unsigned ds4_sim_lane()
{
    return run.current % lanes;
}

ds4_sim_slot ds4_sim_exchange(ds4_sim_operation operation, ds4_sim_slot value, unsigned parameter)
{
    unsigned me = run.current, lane = me % lanes;
    Simdgroup &group = run.simdgroups[me / lanes];
    group.given[lane] = value;
    wait_for_simdgroup(operation);
    const ds4_sim_slot *results = group.results[run.parity[me]];
    run.parity[me] = !run.parity[me];
    return results[operation == DS4_SIM_SHUFFLE ? (lane ^ parameter) % lanes : lane];
}

void ds4_sim_uniform(ds4_sim_operation operation)
{
    run.loads[run.current] = run.loads[run.current] * 31 + static_cast<std::uint32_t>(operation);
}

void ds4_sim_simdgroup_barrier()
{
    wait_for_simdgroup(DS4_SIM_BARRIER);
}

void ds4_sim_threadgroup_barrier()
{
    if (++run.at_barrier < run.threads) {
        run.states[run.current] = State::at_barrier;
        wait();
        return;
    }
    run.at_barrier = 0;
    running_thread.phase++;
    for (unsigned i = 0; i < run.threads; i++)
        run.states[i] = State::ready;
}

unsigned ds4_sim_atomic(unsigned *address, ds4_sim_atomic_operation operation, unsigned value)
{
    unsigned before = *address;
    running_thread.is_atomic = operation == DS4_SIM_ATOMIC_ADD;
    if (operation != DS4_SIM_ATOMIC_STORE)
        device_memory.access<4, false>(reinterpret_cast<std::uintptr_t>(address));
    if (operation != DS4_SIM_ATOMIC_LOAD)
        device_memory.access<4, true>(reinterpret_cast<std::uintptr_t>(address));
    running_thread.is_atomic = false;
    if (operation != DS4_SIM_ATOMIC_LOAD)
        *address = operation == DS4_SIM_ATOMIC_ADD ? before + value : value;
    return before;
}

// ---- dispatches ----------------------------------------------------------------------------------------------------

std::string take_failure()
{
    std::string taken = failure;
    failure.clear();
    return taken;
}

void fail_kernel(const char *format, ...)
{
    char text[256], place[128];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const unsigned *group = run.call.at.group;
    std::snprintf(place, sizeof place, "%.40s, threadgroup (%u, %u, %u), thread %u: ", run.kernel->name, group[0], group[1], group[2], run.current);
    failure = std::string(place) + text;
    running_thread.is_atomic = false;
    fibers().leave(run.current);
    __builtin_unreachable();
}

void run_grid(const ds4_sim_kernel &kernel, const void *arguments, const unsigned grid[3], unsigned threads, unsigned threadgroup_bytes)
{
    static std::vector<unsigned long long> shared;
    // Not zero: what nobody wrote must not look like a good start.
    shared.assign(threadgroup_bytes / 8 + 2, 0x7ff4dead7fc0deadull);
    device_memory.set_threadgroup(shared.data(), threadgroup_bytes);
    run.kernel = &kernel;
    run.threads = threads;
    std::memset(run.parity, 0, sizeof run.parity);
    std::memset(run.loads, 0, sizeof run.loads);
    for (unsigned z = 0; z < grid[2]; z++)
        for (unsigned y = 0; y < grid[1]; y++)
            for (unsigned x = 0; x < grid[0] && failure.empty(); x++) {
                run.call = ds4_sim_call{arguments, shared.data(), {{x, y, z}, {0, 0, 0}, {threads, 1, 1}, 0}};
                run_threadgroup();
            }
}

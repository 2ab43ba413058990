// simulator.h: what the kernels' side of the simulator asks of its running side.
//
// PURPOSE  Kernels run on a machine without a graphics processor, one threadgroup after the other, each thread on a fiber. Nothing of
//          the timing of a device is simulated; everything that the Metal language forbids and a device lets pass is an error here.
#pragma once

#include <cstddef>
#include <cstdint>

// What one lane gives in an exchange, or gets from it.
struct alignas(16) ds4_sim_slot {
    float values[4];
};

enum ds4_sim_operation {
    DS4_SIM_SUM,      // of floats, in the order of a tree
    DS4_SIM_MAX,      // of unsigned integers
    DS4_SIM_MIN,      // of unsigned integers
    DS4_SIM_PREFIX,   // of unsigned integers: the sum over the lanes before
    DS4_SIM_SHUFFLE,  // the value of lane ^ parameter
    DS4_SIM_MULTIPLY, // of matrices: a lane gives two elements of each, and gets two of the product
    DS4_SIM_LOAD,
    DS4_SIM_STORE,
    DS4_SIM_BARRIER
};

enum ds4_sim_atomic_operation { DS4_SIM_ATOMIC_LOAD, DS4_SIM_ATOMIC_STORE, DS4_SIM_ATOMIC_ADD };

// Number of the calling lane in its simdgroup.
unsigned ds4_sim_lane();

// Waits until all lanes of the simdgroup have come with the same operation, and gives what is this lane's of the result. An operation
// that not all lanes reach, or reach with another, is an error.
ds4_sim_slot ds4_sim_exchange(ds4_sim_operation operation, ds4_sim_slot value, unsigned parameter);

// Loads and stores of matrices are operations of the whole simdgroup too, but no lane needs another's part: whether all lanes came is
// seen at the next operation for which they wait.
void ds4_sim_uniform(ds4_sim_operation operation);

void ds4_sim_threadgroup_barrier();
void ds4_sim_simdgroup_barrier();

// Atomic accesses to threadgroup memory are no races among themselves.
unsigned ds4_sim_atomic(unsigned *address, ds4_sim_atomic_operation operation, unsigned value);

// ---- kernels -------------------------------------------------------------------------------------------------------

// What a trampoline gives a kernel's parameters.
struct ds4_sim_position {
    unsigned group[3], place_in_grid[3], size[3], index;
};

struct ds4_sim_call {
    const void *arguments;
    void *shared;
    ds4_sim_position at;
};

struct ds4_sim_kernel {
    const char *name;
    size_t argument_bytes;
    void (*run)(const ds4_sim_call &call);
};

// The kernels of this build, ending with one without a name (made by the generator of trampolines).
extern const ds4_sim_kernel ds4_sim_kernels[];

/* Kernels with faults, one each, which the simulator must find; and a few without. Not a part of the engine. */
#include "faults.h"

kernel void fault_none(constant fault_arguments &a [[buffer(0)]],
                       threadgroup float *shared [[threadgroup(0)]],
                       uint tid [[thread_index_in_threadgroup]])
{
    shared[tid] = a.values[tid];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    float sum = simd_sum(shared[31 - tid % 32 + tid / 32 * 32]);
    a.values[tid] = sum;
}

/* Every threadgroup reads the first 48 numbers, 16 of them twice, and 32 of the model. */
kernel void fault_copy_twice(constant fault_arguments &a [[buffer(0)]],
                             uint2 place [[threadgroup_position_in_grid]],
                             uint tid [[thread_index_in_threadgroup]])
{
    a.values[128 + 32 * place.x + tid] = a.values[tid] + a.values[tid + 16] + a.model[tid];
}

kernel void fault_matrix(constant fault_arguments &a [[buffer(0)]],
                         uint tid [[thread_index_in_threadgroup]])
{
    simdgroup_float8x8 x, y, sum = make_filled_simdgroup_matrix<float, 8, 8>(0.5f);
    simdgroup_load(x, a.values, 8);
    simdgroup_load(y, a.values + 64, 8, ulong2(0, 0), true);
    simdgroup_multiply_accumulate(sum, x, y, sum);
    simdgroup_store(sum, a.values + 128, 8);
    if (tid == 0)
        a.values[192] = float(tid);
}

kernel void fault_reads_beyond(constant fault_arguments &a [[buffer(0)]],
                               uint tid [[thread_index_in_threadgroup]])
{
    a.values[tid] = a.values[a.count + tid];
}

kernel void fault_writes_beyond(constant fault_arguments &a [[buffer(0)]],
                                uint tid [[thread_index_in_threadgroup]])
{
    a.values[a.count + tid] = 1.0f;
}

kernel void fault_writes_model(constant fault_arguments &a [[buffer(0)]],
                               uint tid [[thread_index_in_threadgroup]])
{
    a.model[tid] = 1.0f;
}

kernel void fault_misaligned(constant fault_arguments &a [[buffer(0)]],
                             uint tid [[thread_index_in_threadgroup]])
{
    device const uchar *bytes = (device const uchar *)a.model + 2;
    a.values[tid] = float(*(device const uint *)bytes);
}

kernel void fault_shared_beyond(constant fault_arguments &a [[buffer(0)]],
                                threadgroup float *shared [[threadgroup(0)]],
                                uint tid [[thread_index_in_threadgroup]])
{
    shared[tid + 1] = a.values[tid];
}

kernel void fault_unwritten(constant fault_arguments &a [[buffer(0)]],
                            threadgroup float *shared [[threadgroup(0)]],
                            uint tid [[thread_index_in_threadgroup]])
{
    a.values[tid] = shared[tid];
}

kernel void fault_shared_race(constant fault_arguments &a [[buffer(0)]],
                              threadgroup float *shared [[threadgroup(0)]],
                              uint tid [[thread_index_in_threadgroup]])
{
    shared[tid] = a.values[tid];
    a.values[tid] = shared[tid ^ 1]; /* no barrier between */
}

kernel void fault_shared_overwritten(constant fault_arguments &a [[buffer(0)]],
                                     threadgroup float *shared [[threadgroup(0)]],
                                     uint tid [[thread_index_in_threadgroup]])
{
    shared[tid] = a.values[tid];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    float other = shared[tid ^ 32];
    shared[tid] = other; /* before the other has read it */
}

kernel void fault_simdgroups_without_barrier(constant fault_arguments &a [[buffer(0)]],
                                             threadgroup float *shared [[threadgroup(0)]],
                                             uint tid [[thread_index_in_threadgroup]])
{
    shared[tid] = a.values[tid];
    simdgroup_barrier(mem_flags::mem_threadgroup); /* orders one simdgroup only */
    a.values[tid] = shared[tid ^ 32];
}

kernel void fault_device_race(constant fault_arguments &a [[buffer(0)]],
                              uint tid [[thread_index_in_threadgroup]])
{
    a.values[tid / 2] = 1.0f;
}

kernel void fault_device_read_race(constant fault_arguments &a [[buffer(0)]],
                                   uint2 place [[thread_position_in_grid]])
{
    a.values[place.x] = a.values[place.x ^ 64]; /* of another threadgroup */
}

kernel void fault_divergent_barrier(constant fault_arguments &a [[buffer(0)]],
                                    uint tid [[thread_index_in_threadgroup]])
{
    if (tid < 40)
        threadgroup_barrier(mem_flags::mem_threadgroup);
    a.values[tid] = 1.0f;
}

kernel void fault_partial_sum(constant fault_arguments &a [[buffer(0)]],
                              uint tid [[thread_index_in_threadgroup]])
{
    if (tid % 32 < 31)
        a.values[tid] = simd_sum(1.0f);
}

kernel void fault_mixed_operations(constant fault_arguments &a [[buffer(0)]],
                                   uint tid [[thread_index_in_threadgroup]])
{
    a.values[tid] = tid % 2 ? simd_sum(1.0f) : float(simd_max(1u));
}

kernel void fault_partial_load(constant fault_arguments &a [[buffer(0)]],
                               uint tid [[thread_index_in_threadgroup]])
{
    simdgroup_float8x8 x = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
    if (tid % 32 != 5)
        simdgroup_load(x, a.values, 8);
    simdgroup_multiply_accumulate(x, x, x, x);
    a.values[64 + tid] = simd_sum(float(tid));
}

kernel void fault_copy(constant fault_arguments &a [[buffer(0)]],
                       uint tid [[thread_index_in_threadgroup]])
{
    float numbers[32];
    if (tid != 0)
        return;
    for (uint i = 0; i < 32; i++)
        numbers[i] = a.values[i];
    for (uint i = 0; i < 32; i++)
        a.values[128 + i] = numbers[i];
}

kernel void fault_copy_vectors(constant fault_arguments &a [[buffer(0)]],
                               uint tid [[thread_index_in_threadgroup]])
{
    ((device float4 *)a.values)[32 + tid] = ((device const float4 *)a.values)[tid];
}

kernel void fault_leaves_array(constant fault_arguments &a [[buffer(0)]],
                               uint tid [[thread_index_in_threadgroup]])
{
    float numbers[16];
    for (uint i = 0; i < 16; i++)
        numbers[i] = a.values[i];
    a.values[64 + tid] = numbers[tid % 17];
}

kernel void fault_double(constant fault_arguments &a [[buffer(0)]],
                         uint tid [[thread_index_in_threadgroup]])
{
    a.values[tid] *= 2.0f;
}

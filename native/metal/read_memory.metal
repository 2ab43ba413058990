/* Reads a buffer once and adds up its words: how fast the device reads, and that it reads what is there. No part of a model.
 * Grid: threads in x, each of which takes every so manieth quad of words, so that neighbours read neighbours. */
#include "arguments.h"

kernel void read_memory(constant ds4_gpu_read_memory &a [[buffer(0)]],
                        uint place [[thread_position_in_grid]])
{
    device const uint4 *quads = (device const uint4 *)a.words;
    uint4 sum = uint4(0);
    for (ulong i = place; i < a.quads; i += a.threads)
        sum += quads[i];
    a.sums[place] = sum.x + sum.y + sum.z + sum.w;
}

/* Sorts the (token, expert) pairs of a batch by expert, and lists the tiles of 32 pairs of one expert that cover them.
 *
 * DESIGN   A thread per expert walks through all choices, so that pairs keep the order of tokens without any exchange. One threadgroup
 *          of 256 threads.
 */
#include "arguments.h"

enum { SORT_THREADS = 256 };

kernel void sort_pairs(constant ds4_gpu_pairs &a [[buffer(0)]],
                       uint tid [[thread_index_in_threadgroup]])
{
    uint choices = a.rows * a.used;
    for (uint e = tid; e < a.experts; e += SORT_THREADS) {
        uint count = 0;
        for (uint i = 0; i < choices; i++)
            count += a.chosen[i] == e ? 1 : 0;
        a.start[e + 1] = count;
    }
    threadgroup_barrier(mem_flags::mem_device);
    if (tid == 0) {
        uint pairs = 0, tiles = 0;
        for (uint e = 0; e < a.experts; e++) {
            uint count = a.start[e + 1];
            a.start[e] = pairs;
            for (uint first = 0; first < count; first += DS4_GPU_TILE) {
                a.tile_expert[tiles] = e;
                a.tile_first[tiles++] = pairs + first;
            }
            pairs += count;
        }
        a.start[a.experts] = pairs;
        while (tiles < a.most_tiles)
            a.tile_expert[tiles++] = a.experts;
    }
    threadgroup_barrier(mem_flags::mem_device);
    for (uint e = tid; e < a.experts; e += SORT_THREADS) {
        uint pair = a.start[e];
        for (uint i = 0; i < choices; i++)
            if (a.chosen[i] == e) {
                a.token[pair] = i / a.used;
                a.pair_weight[pair] = a.weight[i];
                a.place[i] = pair++;
            }
    }
}

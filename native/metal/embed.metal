/* Embedding rows into the four streams of every token. Grid: hidden / 8 threads of 64 in x, tokens in y. */
#include "formats.h"

kernel void embed(constant ds4_gpu_embed &a [[buffer(0)]],
                  uint2 place [[thread_position_in_grid]])
{
    uint hidden = a.embedding.columns, o = place.x;
    if (o >= hidden / 8)
        return;
    octet values = octet_at(a.embedding.format, a.embedding.data + ulong(a.rows[place.y].token) * a.embedding.row_bytes, o);
    device float4 *streams = (device float4 *)(a.streams + ulong(place.y) * 4 * hidden);
    for (uint s = 0; s < 4; s++) {
        streams[s * hidden / 4 + 2 * o] = values.low;
        streams[s * hidden / 4 + 2 * o + 1] = values.high;
    }
}

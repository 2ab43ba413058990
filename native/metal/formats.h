/* formats.h: eight consecutive weights at a time, in every tensor format.
 *
 * DESIGN   Blocks of 34 and 66 bytes begin on even addresses only, so they are read by 16-bit words; those of 84 and 144 bytes by
 *          32-bit words. Octet o of a row holds its values 8·o … 8·o + 7.
 */
#ifndef DS4_GPU_FORMATS_H
#define DS4_GPU_FORMATS_H

#include "arguments.h"
#include "iq2_codes.h"

struct octet {
    float4 low, high;
};

inline float half_at(device const uchar *bytes)
{
    return float(*(device const half *)bytes);
}

inline octet octet_f32(device const uchar *row, uint o)
{
    device const float4 *values = (device const float4 *)row + 2 * o;
    return octet{values[0], values[1]};
}

inline octet octet_f16(device const uchar *row, uint o)
{
    device const half4 *values = (device const half4 *)row + 2 * o;
    return octet{float4(values[0]), float4(values[1])};
}

inline float signed_byte(uint word, uint shift)
{
    return float(int(word << (24 - shift)) >> 24);
}

/* d f16 · q int8[32] */
inline octet octet_q8_0(device const uchar *row, uint o)
{
    device const uchar *block = row + 34 * (o / 4);
    device const ushort *q = (device const ushort *)(block + 2 + 8 * (o % 4));
    float d = half_at(block);
    uint a = q[0], b = q[1], c = q[2], e = q[3];
    return octet{d * float4(signed_byte(a, 0), signed_byte(a, 8), signed_byte(b, 0), signed_byte(b, 8)),
                 d * float4(signed_byte(c, 0), signed_byte(c, 8), signed_byte(e, 0), signed_byte(e, 8))};
}

inline float4 bit_fields(uint word, uint shift, uint mask)
{
    return float4(float(word >> shift & mask), float(word >> (shift + 8) & mask), float(word >> (shift + 16) & mask),
                  float(word >> (shift + 24) & mask));
}

/* scale nibbles [16] · quants of 2 bits [64] · d f16 · dmin f16 */
inline octet octet_q2_k(device const uchar *row, uint o)
{
    device const uchar *block = row + 84 * (o / 32);
    uint sub = o % 32 / 2, shift = 2 * (sub % 8 / 2), scales = block[sub];
    device const uint *q = (device const uint *)(block + 16 + 32 * (sub / 8) + 16 * (sub % 2) + 8 * (o % 2));
    float scale = half_at(block + 80) * float(scales & 15), minimum = half_at(block + 82) * float(scales >> 4);
    return octet{scale * bit_fields(q[0], shift, 3) - minimum, scale * bit_fields(q[1], shift, 3) - minimum};
}

/* d f16 · dmin f16 · 6-bit scales and minimums [12] · quants of 4 bits [128] */
inline octet octet_q4_k(device const uchar *row, uint o)
{
    device const uchar *block = row + 144 * (o / 32), *s = block + 4;
    uint sub = o % 32 / 4, shift = 4 * (sub % 2);
    device const uint *q = (device const uint *)(block + 16 + 32 * (sub / 2) + 8 * (o % 4));
    uint scale = sub < 4 ? s[sub] & 63 : (s[sub + 4] & 15) | (s[sub - 4] >> 6 << 4);
    uint minimum = sub < 4 ? s[sub + 4] & 63 : (s[sub + 4] >> 4) | (s[sub] >> 6 << 4);
    float factor = half_at(block) * float(scale), offset = half_at(block + 2) * float(minimum);
    return octet{factor * bit_fields(q[0], shift, 15) - offset, factor * bit_fields(q[1], shift, 15) - offset};
}

constant ushort ds4_gpu_iq2_codes[256] = {DS4_IQ2_CODES(DS4_IQ2_CODE)};

/* A code of two bits per element: 0, 1, 2 stand for 8, 25, 43. */
inline float4 iq2_magnitudes(uint code)
{
    uint a = code & 3, b = code >> 2 & 3, c = code >> 4 & 3, e = code >> 6 & 3;
    return float4(float(8 + 17 * a + (a >> 1)), float(8 + 17 * b + (b >> 1)), float(8 + 17 * c + (c >> 1)), float(8 + 17 * e + (e >> 1)));
}

inline float4 with_signs(float4 values, uint signs)
{
    return float4(signs & 1 ? -values.x : values.x, signs & 2 ? -values.y : values.y, signs & 4 ? -values.z : values.z,
                  signs & 8 ? -values.w : values.w);
}

/* d f16 · eight groups of { grid index uint8[4] · signs and scale u32 }; the eighth sign makes the number of negatives even. */
inline octet octet_iq2_xxs(device const uchar *row, uint o)
{
    device const uchar *block = row + 66 * (o / 32);
    uint run = o % 4;
    device const ushort *group = (device const ushort *)(block + 2 + 8 * (o % 32 / 4));
    uint packed = uint(group[2]) | uint(group[3]) << 16;
    uint index = group[run / 2] >> (8 * (run % 2)) & 255, signs = packed >> (7 * run) & 127, code = ds4_gpu_iq2_codes[index];
    float scale = half_at(block) * (0.5f + float(packed >> 28)) * 0.25f;
    signs |= (popcount(signs) & 1) << 7;
    return octet{scale * with_signs(iq2_magnitudes(code), signs), scale * with_signs(iq2_magnitudes(code >> 8), signs >> 4)};
}

enum { FORMAT_F32 = 0, FORMAT_F16 = 1, FORMAT_Q8_0 = 8, FORMAT_Q2_K = 10, FORMAT_Q4_K = 12, FORMAT_IQ2_XXS = 16 };

/* An octet of a format that is known when the kernel is compiled. */
template <uint FORMAT> inline octet octet_of(device const uchar *row, uint o)
{
    return FORMAT == FORMAT_F32    ? octet_f32(row, o)
           : FORMAT == FORMAT_F16  ? octet_f16(row, o)
           : FORMAT == FORMAT_Q8_0 ? octet_q8_0(row, o)
           : FORMAT == FORMAT_Q2_K ? octet_q2_k(row, o)
           : FORMAT == FORMAT_Q4_K ? octet_q4_k(row, o)
                                   : octet_iq2_xxs(row, o);
}

/* One of a format that is the same for all threads of a threadgroup. */
inline octet octet_at(uint format, device const uchar *row, uint o)
{
    switch (format) {
    case FORMAT_F32: return octet_f32(row, o);
    case FORMAT_F16: return octet_f16(row, o);
    case FORMAT_Q8_0: return octet_q8_0(row, o);
    case FORMAT_Q2_K: return octet_q2_k(row, o);
    case FORMAT_Q4_K: return octet_q4_k(row, o);
    default: return octet_iq2_xxs(row, o);
    }
}

/* Values 4·q … of a row, likewise. */
inline float4 quad_at(uint format, device const uchar *row, uint q)
{
    octet values = octet_at(format, row, q / 2);
    return q % 2 == 0 ? values.low : values.high;
}

/* Calls ACTION(format) with the format as a constant. */
#define DS4_FOR_FORMAT(format, ACTION)                     \
    switch (format) {                                      \
    case FORMAT_F32: ACTION(FORMAT_F32); break;            \
    case FORMAT_F16: ACTION(FORMAT_F16); break;            \
    case FORMAT_Q8_0: ACTION(FORMAT_Q8_0); break;          \
    case FORMAT_Q2_K: ACTION(FORMAT_Q2_K); break;          \
    case FORMAT_Q4_K: ACTION(FORMAT_Q4_K); break;          \
    case FORMAT_IQ2_XXS: ACTION(FORMAT_IQ2_XXS); break;    \
    }

/* The product with eight values of a vector. */
inline float dot_octet(octet w, device const float *x)
{
    device const float4 *values = (device const float4 *)x;
    return dot(w.low, values[0]) + dot(w.high, values[1]);
}

#endif

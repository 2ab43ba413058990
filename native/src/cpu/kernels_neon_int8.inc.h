/* kernels_neon_int8.inc.h: products of bytes, and the parts of quantised blocks in registers of 16 bytes.
 *
 * DESIGN   A group is 32 consecutive weights, two registers. Weights are signed bytes in all formats.
 */

/* Adds to each lane of `sum` the four products of bytes in that lane. Weights may be -128, activations not: the sum of two products
 * is at most 32512 in magnitude. */
INLINE int32x4_t add_products(int32x4_t sum, int8x16_t w, int8x16_t x)
{
#ifdef DS4_NEON_DOTPROD
    return vdotq_s32(sum, w, x);
#else
    return vpadalq_s16(sum, vpaddq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(x)), vmull_high_s8(w, x)));
#endif
}

INLINE float half_at(const uint8_t *bytes)
{
    uint16_t half;
    memcpy(&half, bytes, sizeof half);
    return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(half))), 0);
}

INLINE uint32_t word_at(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Weights 0 … 15 and 16 … 31 of a group. */
typedef int8x16x2_t group_weights;

INLINE group_weights q8_0_group(const uint8_t *block)
{
    const int8_t *q = (const int8_t *)(block + 2);
    return (group_weights){{vld1q_s8(q), vld1q_s8(q + 16)}};
}

/* `position` is known when this is compiled, as are those of other formats. */
INLINE int8x16_t two_bits(uint8x16_t bytes, int position)
{
    switch (position) {
    case 1: bytes = vshrq_n_u8(bytes, 2); break;
    case 2: bytes = vshrq_n_u8(bytes, 4); break;
    case 3: return vreinterpretq_s8_u8(vshrq_n_u8(bytes, 6));
    default: break;
    }
    return vreinterpretq_s8_u8(vandq_u8(bytes, vdupq_n_u8(3)));
}

INLINE group_weights q2_k_group(const uint8_t *block, int group)
{
    const uint8_t *q = block + 16 + 32 * (group / 4);
    return (group_weights){{two_bits(vld1q_u8(q), group % 4), two_bits(vld1q_u8(q + 16), group % 4)}};
}

INLINE int8x16_t four_bits(uint8x16_t bytes, int position)
{
    return vreinterpretq_s8_u8(position == 0 ? vandq_u8(bytes, vdupq_n_u8(15)) : vshrq_n_u8(bytes, 4));
}

INLINE group_weights q4_k_group(const uint8_t *block, int group)
{
    const uint8_t *q = block + 16 + 32 * (group / 2);
    return (group_weights){{four_bits(vld1q_u8(q), group % 2), four_bits(vld1q_u8(q + 16), group % 2)}};
}

INLINE int8x16_t iq2_sixteen(const uint8_t *index, uint32_t signs)
{
    int8x16_t magnitude = vreinterpretq_s8_u8(vcombine_u8(vld1_u8(ds4_iq2_grid[index[0]]), vld1_u8(ds4_iq2_grid[index[1]])));
    return vmulq_s8(magnitude, vcombine_s8(vld1_s8(ds4_iq2_signs[signs & 127]), vld1_s8(ds4_iq2_signs[signs >> 7 & 127])));
}

INLINE group_weights iq2_group(const uint8_t *block, int group)
{
    const uint8_t *data = block + 2 + 8 * group;
    uint32_t signs = word_at(data + 4);
    return (group_weights){{iq2_sixteen(data, signs), iq2_sixteen(data + 2, signs >> 14)}};
}

INLINE group_weights group_of(ds4_format format, const uint8_t *row, int group)
{
    switch (format) {
    case DS4_FORMAT_Q2_K: return q2_k_group(row, group);
    case DS4_FORMAT_Q4_K: return q4_k_group(row, group);
    case DS4_FORMAT_IQ2_XXS: return iq2_group(row, group);
    default: return q8_0_group(row + 34 * (size_t)group);
    }
}

/* ---- scales ------------------------------------------------------------------------------------------------- */

/* Of a block of 256: scales of its sub-blocks (16 in Q2_K, else 8), minimums for its 16 sums of activations. */
typedef struct block_scales {
    int16_t scale[16], minimum[16];
} block_scales;

INLINE void q2_k_scales(const uint8_t *block, block_scales *out)
{
    uint8x16_t bytes = vld1q_u8(block), scales = vandq_u8(bytes, vdupq_n_u8(15)), minimums = vshrq_n_u8(bytes, 4);
    vst1q_s16(out->scale, vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(scales))));
    vst1q_s16(out->scale + 8, vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(scales))));
    vst1q_s16(out->minimum, vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(minimums))));
    vst1q_s16(out->minimum + 8, vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(minimums))));
}

INLINE uint8x8_t eight_bytes(uint32_t low, uint32_t high)
{
    return vcreate_u8((uint64_t)high << 32 | low);
}

INLINE void q4_k_scales(const uint8_t *block, block_scales *out)
{
    uint32_t a = word_at(block + 4), b = word_at(block + 8), c = word_at(block + 12);
    uint8x8_t scales = eight_bytes(a & 0x3f3f3f3f, (c & 0x0f0f0f0f) | (a >> 2 & 0x30303030));
    uint8x8_t minimums = eight_bytes(b & 0x3f3f3f3f, (c >> 4 & 0x0f0f0f0f) | (b >> 2 & 0x30303030));
    vst1q_s16(out->scale, vreinterpretq_s16_u16(vmovl_u8(scales)));
    vst1q_s16(out->minimum, vreinterpretq_s16_u16(vmovl_u8(vzip1_u8(minimums, minimums))));
    vst1q_s16(out->minimum + 8, vreinterpretq_s16_u16(vmovl_u8(vzip2_u8(minimums, minimums))));
}

INLINE void iq2_scales(const uint8_t *block, block_scales *out)
{
    for (int group = 0; group < 8; group++)
        out->scale[group] = (int16_t)(word_at(block + 2 + 8 * group + 4) >> 27 | 1);
}

INLINE void scales_of(ds4_format format, const uint8_t *block, block_scales *out)
{
    if (format == DS4_FORMAT_Q2_K)
        q2_k_scales(block, out);
    else if (format == DS4_FORMAT_Q4_K)
        q4_k_scales(block, out);
    else
        iq2_scales(block, out);
}

/* iq2_tables.c: the fixed tables of the IQ2_XXS format, as data.
 *
 * DESIGN   A sign entry is its index: bit i negates element i, and element 7 makes the number of negatives even.
 */
#include "iq2_tables.h"
#include "iq2_codes.h"

#define BIT(index, i) ((index) >> (i)&1)
#define PARITY(k) (BIT(k, 0) ^ BIT(k, 1) ^ BIT(k, 2) ^ BIT(k, 3) ^ BIT(k, 4) ^ BIT(k, 5) ^ BIT(k, 6))
#define S(k)                                                                                                              \
    {                                                                                                                     \
        1 - 2 * BIT(k, 0), 1 - 2 * BIT(k, 1), 1 - 2 * BIT(k, 2), 1 - 2 * BIT(k, 3), 1 - 2 * BIT(k, 4), 1 - 2 * BIT(k, 5), \
            1 - 2 * BIT(k, 6), 1 - 2 * PARITY(k)                                                                          \
    }
#define S8(k) S(k), S(k + 1), S(k + 2), S(k + 3), S(k + 4), S(k + 5), S(k + 6), S(k + 7)

const int8_t ds4_iq2_signs[128][8] = {
    S8(0), S8(8), S8(16), S8(24), S8(32), S8(40), S8(48), S8(56), S8(64), S8(72), S8(80), S8(88), S8(96), S8(104), S8(112), S8(120),
};

#define M(code, i) ((code) >> (2 * (i)) & 3) == 0 ? 8 : ((code) >> (2 * (i)) & 3) == 1 ? 25 : 43
#define MAGNITUDES(code) {M(code, 0), M(code, 1), M(code, 2), M(code, 3), M(code, 4), M(code, 5), M(code, 6), M(code, 7)},
#define LOW(code) (code) & 255,
#define HIGH(code) (code) >> 8,

const uint8_t ds4_iq2_grid[256][8] = {DS4_IQ2_CODES(MAGNITUDES)};
const uint8_t ds4_iq2_code_low[256] = {DS4_IQ2_CODES(LOW)};
const uint8_t ds4_iq2_code_high[256] = {DS4_IQ2_CODES(HIGH)};

#define B(k) (k) | PARITY(k) << 7
#define B8(k) B(k), B(k + 1), B(k + 2), B(k + 3), B(k + 4), B(k + 5), B(k + 6), B(k + 7)

const uint8_t ds4_iq2_negative[128] = {
    B8(0), B8(8), B8(16), B8(24), B8(32), B8(40), B8(48), B8(56), B8(64), B8(72), B8(80), B8(88), B8(96), B8(104), B8(112), B8(120),
};

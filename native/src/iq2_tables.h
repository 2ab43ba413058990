/* iq2_tables.h: the magnitude and sign patterns of the IQ2_XXS format. */
#ifndef DS4_IQ2_TABLES_H
#define DS4_IQ2_TABLES_H

#include <stdint.h>

/* Entry: eight magnitudes out of 8, 25 and 43. */
extern const uint8_t ds4_iq2_grid[256][8];

/* Entry: eight factors 1 or -1, an even number of them negative. */
extern const int8_t ds4_iq2_signs[128][8];

/* The same in bits, for kernels that expand many entries at once: two bits per magnitude, 0, 1, 2 for 8, 25, 43, element 0
 * lowest, as the low and the high byte of such a code; and a mask of the elements that are negative. */
extern const uint8_t ds4_iq2_code_low[256], ds4_iq2_code_high[256];
extern const uint8_t ds4_iq2_negative[128];

#endif

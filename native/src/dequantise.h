/* dequantise.h: quantised blocks to float32. */
#ifndef DS4_DEQUANTISE_H
#define DS4_DEQUANTISE_H

#include "weights.h"

/* Writes the `columns` values of a row. Any format but I32. */
void ds4_dequantise_row(const ds4_matrix *matrix, uint32_t row, float *values);

#endif

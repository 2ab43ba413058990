/* work.h: the arithmetic that a model's weights cost. */
#ifndef WORK_H
#define WORK_H

#include "shape.h"

/* Multiply-adds with weights that evaluating tokens at positions start … start + count − 1 needs, and one row of logits.
 * Only what a token needs is counted: its own experts, and the indexer's query once there is something to choose from.
 * Attention, norms and everything else without weights count as nothing, so a share of the peak that is made from this
 * is a lower bound of how busy the machine was. */
double weight_products(const ds4_shape *shape, uint64_t start, uint64_t count);

#endif

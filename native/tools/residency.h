/* residency.h: brings a model's weights into memory. */
#ifndef RESIDENCY_H
#define RESIDENCY_H

#include "ds4.h"
#include "pool.h"

/* Reads a byte of every page, so that no later reading waits for the disk or builds page tables. */
void touch_weights(const ds4_model *model, ds4_pool *pool);

#endif

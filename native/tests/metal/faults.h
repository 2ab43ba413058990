/* faults.h: what the kernels of faults.metal take. */
#ifndef FAULTS_H
#define FAULTS_H

#include "../../metal/arguments.h"

typedef struct fault_arguments {
    DS4_DEVICE(float) values; /* [count] */
    DS4_DEVICE(float) model;  /* memory that is wrapped */
    uint32_t count, reserved;
} fault_arguments;

#endif

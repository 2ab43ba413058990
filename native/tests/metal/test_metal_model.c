#include "harness.h"
const test metal_model_tests[] = {{NULL, NULL}};

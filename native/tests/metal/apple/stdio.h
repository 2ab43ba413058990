/* stdio.h: what gpu_metal.m needs of it. */
#pragma once

#include <stddef.h>

int snprintf(char *restrict text, size_t size, const char *restrict format, ...) __attribute__((format(printf, 3, 4)));

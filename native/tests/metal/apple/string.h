/* string.h: what gpu_metal.m needs of it. */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *memory, int value, size_t bytes);
int strcmp(const char *left, const char *right);

/* mach.h: the size of a page. */
#pragma once

#include <stdint.h>

typedef uintptr_t vm_size_t;
extern vm_size_t vm_page_size;

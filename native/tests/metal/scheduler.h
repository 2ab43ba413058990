// scheduler.h: runs the threads of a threadgroup in turn.
#pragma once

#include "simulator.h"

#include <string>

// What went wrong first in any kernel since the message was last taken; "" when nothing did.
std::string take_failure();

// Ends the running dispatch; does not return. The message names kernel, threadgroup and thread.
[[noreturn]] __attribute__((format(printf, 1, 2))) void fail_kernel(const char *format, ...);

// Runs every threadgroup of a grid, one after the other. After a failure the rest is left out, and so is everything until it is taken.
void run_grid(const ds4_sim_kernel &kernel, const void *arguments, const unsigned grid[3], unsigned threads, unsigned threadgroup_bytes);

// fibers.h: cooperative threads, switched in a few nanoseconds.
#pragma once

#include <cstddef>
#include <cstdint>

// A stack of its own for each of a number of fibers. One at a time runs; the others wait where they switched away.
class Fibers {
public:
    static constexpr std::size_t stack_bytes = 128 << 10;

    explicit Fibers(unsigned count);
    ~Fibers();
    Fibers(const Fibers &) = delete;
    Fibers &operator=(const Fibers &) = delete;

    // Makes fiber `index` begin `entry` when it is first switched to. `entry` never returns.
    void prepare(unsigned index, void (*entry)());

    // From the host to a fiber, from one fiber to another, and back to the host.
    void enter(unsigned index);
    void change(unsigned from, unsigned to);
    void leave(unsigned from);

    std::uintptr_t stack(unsigned index) const { return reinterpret_cast<std::uintptr_t>(memory) + index * stack_bytes; }

private:
    unsigned count;
    unsigned char *memory;
    void **saved; // stack pointers; the last one is the host's
};

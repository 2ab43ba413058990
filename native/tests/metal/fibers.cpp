// fibers.cpp: the switch itself is a dozen instructions: what a function must preserve is pushed, the stacks are exchanged, and the
// other fiber's values are popped. The library's contexts would save a signal mask with two system calls each time.
#include "fibers.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>

extern "C" void ds4_fiber_switch(void **save, void *load);

#if defined(__x86_64__)
asm(R"(
    .text
    .globl ds4_fiber_switch
    .type ds4_fiber_switch, @function
ds4_fiber_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size ds4_fiber_switch, .-ds4_fiber_switch
)");
// Six registers, the address to begin at, and a word that keeps the stack aligned as after a call.
enum { SAVED_WORDS = 8, ENTRY_WORD = 6 };
#elif defined(__aarch64__)
asm(R"(
    .text
    .globl ds4_fiber_switch
    .type ds4_fiber_switch, %function
ds4_fiber_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x2, sp
    str x2, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
    .size ds4_fiber_switch, .-ds4_fiber_switch
)");
enum { SAVED_WORDS = 20, ENTRY_WORD = 11 };
#else
#error "the simulator's fibers need a switch for this architecture"
#endif

Fibers::Fibers(unsigned count) : count(count), saved(new void *[count + 1])
{
    void *pages = mmap(nullptr, count * stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED)
        throw std::bad_alloc();
    memory = static_cast<unsigned char *>(pages);
}

Fibers::~Fibers()
{
    munmap(memory, count * stack_bytes);
    delete[] saved;
}

void Fibers::prepare(unsigned index, void (*entry)())
{
    void **top = reinterpret_cast<void **>(memory + (index + 1) * stack_bytes) - 2;
    void **words = top - SAVED_WORDS;
    std::memset(words, 0, SAVED_WORDS * sizeof *words);
    words[ENTRY_WORD] = reinterpret_cast<void *>(entry);
    saved[index] = words;
}

void Fibers::enter(unsigned index)
{
    ds4_fiber_switch(&saved[count], saved[index]);
}

void Fibers::change(unsigned from, unsigned to)
{
    ds4_fiber_switch(&saved[from], saved[to]);
}

void Fibers::leave(unsigned from)
{
    ds4_fiber_switch(&saved[from], saved[count]);
}

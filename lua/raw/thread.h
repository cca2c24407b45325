/* thread.h - clone3 for a thread on a stack of its own, per architecture
 *
 * What sys_clone3() can't do from C: the child returns on another stack, where there is nothing to
 * return to. Here it calls a function instead, and ends with it. Nothing of the C library knows of
 * such a thread: what it runs makes system calls and computes, and must not allocate, nor print.
 *
 * Sources: clone(2); the System V ABIs for x86-64 (stack aligned by 16 before a call), AArch64 and
 * RISC-V; include/linux/sched.h and kernel/fork.c (the child keeps all registers but the result's).
 */
#ifndef LUA_RAW_THREAD_H
#define LUA_RAW_THREAD_H

#include <linux/futex.h>

#include "lua/raw/entry.h"
#include "lua/raw/uapi.h"
#include "raw/number.h"

#if defined(__clang_analyzer__)

long raw_thread(struct clone_args *args, void (*run)(void *), void *argument);

#elif defined(__x86_64__)

static inline long raw_thread(struct clone_args *args, void (*run)(void *), void *argument)
{
	register void (*r8)(void *) __asm__("r8") = run;
	register void *r9 __asm__("r9") = argument;
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "mov %[exit], %%eax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "syscall\n\t"
			 "1:"
			 : "=a"(result)
			 : "a"((long)RAW_clone3), "D"(args), "S"(sizeof(*args)), "r"(r8),
			   "r"(r9), [exit] "i"(RAW_exit)
			 : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

static inline long raw_thread(struct clone_args *args, void (*run)(void *), void *argument)
{
	register long x8 __asm__("x8") = RAW_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof(*args);
	register void (*x2)(void *) __asm__("x2") = run;
	register void *x3 __asm__("x3") = argument;

	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x3\n\t"
			 "blr x2\n\t"
			 "mov x8, %[exit]\n\t"
			 "mov x0, xzr\n\t"
			 "svc 0\n\t"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), [exit] "i"(RAW_exit)
			 : "memory");
	return x0;
}

#elif defined(__riscv) && __riscv_xlen == 64

static inline long raw_thread(struct clone_args *args, void (*run)(void *), void *argument)
{
	register long a7 __asm__("a7") = RAW_clone3;
	register long a0 __asm__("a0") = (long)args;
	register long a1 __asm__("a1") = sizeof(*args);
	register void (*a2)(void *) __asm__("a2") = run;
	register void *a3 __asm__("a3") = argument;

	__asm__ volatile("ecall\n\t"
			 "bnez a0, 1f\n\t"
			 "mv s0, zero\n\t"
			 "mv a0, a3\n\t"
			 "jalr a2\n\t"
			 "li a7, %[exit]\n\t"
			 "li a0, 0\n\t"
			 "ecall\n\t"
			 "1:"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), [exit] "i"(RAW_exit)
			 : "memory");
	return a0;
}

#endif

/* In build=faults one call comes after the other, so that each run numbers them alike. */
#ifdef LUNETTE_FAULTS
#define RAW_THREAD_WAITS RAW_CLONE_VFORK
#else
#define RAW_THREAD_WAITS 0
#endif

/* sys_thread() - @run(@argument) in a thread that shares this one's memory, descriptors and
 * signal handlers, but neither its credentials nor its working directory. The caller fills in
 * args->stack and ->stack_size, both multiples of 16, and ->child_tid, if it likes: that word is
 * set to 0, and a futex there woken, when the thread has ended. Returns its id. Linux 5.5 where it
 * has set_tid. */
static inline long sys_thread(struct clone_args *args, void (*run)(void *), void *argument)
{
	long fault = raw_fault(RAW_clone3, 0);

	args->flags |= RAW_CLONE_VM | RAW_CLONE_FILES | RAW_CLONE_SIGHAND | RAW_CLONE_THREAD |
		       RAW_THREAD_WAITS;
	return fault ? fault : raw_thread(args, run, argument);
}

/* FUTEX_WAIT, the one operation that has a use here. @value: the word's as long as it is to be
 * waited for; the wait may end early. */
static inline long sys_futex_wait(volatile uint32_t *word, uint32_t value)
{
	return raw_entry(RAW_futex, (long)word, FUTEX_WAIT, (long)value, 0, 0, 0);
}

#endif

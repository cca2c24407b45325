/* entry.h - the one instruction that enters the kernel, per architecture
 *
 * raw_entry() takes a number and six words and returns what the kernel left in the result
 * register: a value, or -errno in [-4095, -1]. Nothing here allocates, prints, keeps state or
 * touches errno. In build=faults tests/faults/faults.c is asked first, and can let a call fail.
 *
 * Sources: syscall(2) "Architecture calling conventions".
 */
#ifndef LUA_RAW_ENTRY_H
#define LUA_RAW_ENTRY_H

#if defined(__clang_analyzer__)

/* Assembly hides from the analyzer that the kernel writes into memory; a call does not. */
long raw_kernel(long number, long a, long b, long c, long d, long e, long f);

#elif defined(__x86_64__)

static inline long raw_kernel(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

static inline long raw_kernel(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

#elif defined(__riscv) && __riscv_xlen == 64

static inline long raw_kernel(long number, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}

#else
#error "lunette knows x86_64, aarch64 and riscv64"
#endif

enum { RAW_FAULT_MEMORY = 9999 }; /* not a call, but one more thing that can be made to fail */

#ifdef LUNETTE_FAULTS

/* 0: the call, whose first argument is @a, is made; else -errno instead of it */
long raw_fault(long number, long a);

#else

static inline long raw_fault(long number, long a)
{
	(void)number;
	(void)a;
	return 0;
}

#endif

static inline long raw_entry(long number, long a, long b, long c, long d, long e, long f)
{
	long fault = raw_fault(number, a);

	return fault ? fault : raw_kernel(number, a, b, c, d, e, f);
}

#endif

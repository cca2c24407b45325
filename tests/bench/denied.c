/* denied.c - how long a refused call takes: prints the median of many, in microseconds
 *
 * The call is umask, which the bench's profile refuses and which costs the kernel nothing
 * otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { CALLS = 20000 };

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	static double took[CALLS];

	for (int i = 0; i < CALLS; i++) {
		struct timespec begin, end;

		clock_gettime(CLOCK_MONOTONIC, &begin);
		(void)umask(022);
		clock_gettime(CLOCK_MONOTONIC, &end);
		took[i] = (double)(end.tv_sec - begin.tv_sec) * 1e6 +
			  (double)(end.tv_nsec - begin.tv_nsec) / 1e3;
	}
	qsort(took, CALLS, sizeof(took[0]), compare);
	printf("%.2f\n", took[CALLS / 2]);
	return 0;
}

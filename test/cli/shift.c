/* A clock of another year for a program that is started with this in LD_PRELOAD: SHIFT_YEARS later.
   What a machine measures durations by stays. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

enum { YEAR_SECONDS = 31557600 };

int clock_gettime(clockid_t id, struct timespec *out) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    const char *years = getenv("SHIFT_YEARS");
    int code = real(id, out);
    if (code == 0 && id == CLOCK_REALTIME && years) out->tv_sec += atol(years) * YEAR_SECONDS;
    return code;
}

#include "load.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int report_to = -1; /* of the server process */

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* On a machine with one core both share it: the ratios still compare. */
static void pin(size_t core) {
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0) die("sched_setaffinity");
}

static void report(int port) {
    if (write(report_to, &port, sizeof port) != sizeof port) die("write");
}

Served load_serve(void (*serve)(void *arg, ServeReport report), void *arg) {
    int pipes[2];
    if (pipe(pipes) < 0) die("pipe");
    Served served = {.pid = fork()};
    if (served.pid < 0) die("fork");
    if (served.pid == 0) {
        close(pipes[0]);
        report_to = pipes[1];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pin(0);
        serve(arg, report);
        _exit(0);
    }
    close(pipes[1]);
    if (read(pipes[0], &served.port, sizeof served.port) != sizeof served.port) die("the server");
    close(pipes[0]);
    return served;
}

void load_end(Served served) {
    kill(served.pid, SIGKILL);
    waitpid(served.pid, NULL, 0);
}

static void run_wrk(int to, int port, const char *path, int connections, int seconds) {
    char url[256], count[16], duration[16];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    snprintf(count, sizeof count, "-c%d", connections);
    snprintf(duration, sizeof duration, "-d%d", seconds);
    pin(1);
    dup2(to, STDOUT_FILENO);
    execlp("wrk", "wrk", "-t1", count, duration, url, (char *)NULL);
    die("wrk (Debian package wrk)");
}

double load_get(int port, const char *path, int connections, int seconds) {
    int pipes[2];
    if (pipe(pipes) < 0) die("pipe");
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) run_wrk(pipes[1], port, path, connections, seconds);
    close(pipes[1]);
    char text[4096];
    size_t len = 0;
    for (ssize_t n; (n = read(pipes[0], text + len, sizeof text - 1 - len)) > 0;)
        len += (size_t)n;
    text[len] = 0;
    close(pipes[0]);
    waitpid(pid, NULL, 0);
    const char *rate = strstr(text, "Requests/sec:");
    if (!rate || strstr(text, "Non-2xx") || strstr(text, "Socket errors")) {
        fprintf(stderr, "wrk did not get its answers:\n%s\n", text);
        exit(1);
    }
    return strtod(rate + strlen("Requests/sec:"), NULL);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double load_median(double *values, size_t n) {
    qsort(values, n, sizeof *values, by_value);
    return values[n / 2];
}

void load_row(const char *name, const char *budget, double measured, const char *unit) {
    printf("%s\t%s\t%.*f\t%s\n", name, budget, measured < 100 ? 2 : 0, measured, unit);
    fflush(stdout);
}

#include "log.h"

#include "time.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LOG_LINE = 2048 };

/* Control characters would let a message forge a second line or drive a terminal. */
static void blank_controls(char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) text[i] = ' ';
}

void log_write(LogLevel level, const char *room, const char *format, ...) {
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    Clock clock = {.fixed = TIME_NONE};
    char line[LOG_LINE];
    size_t len = time_write(line, time_now(&clock));
    len += (size_t)snprintf(line + len, sizeof line - len, " %s %s: ", levels[level], room);
    va_list args;
    va_start(args, format);
    int wrote = vsnprintf(line + len, sizeof line - len - 1, format, args);
    va_end(args);
    size_t room_left = sizeof line - len - 2;
    len += wrote < 0 ? 0 : (size_t)wrote < room_left ? (size_t)wrote : room_left;
    blank_controls(line, len);
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written; /* there is nowhere left to complain to */
}

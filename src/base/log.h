/* log: one line per event on standard error: time, level, room, message. Never personal data, never
 * a secret. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "str.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;

/* room is the folder's name ("ledger"). A newline or control character in the message is escaped.
 */
[[gnu::format(printf, 3, 4), gnu::nonnull(3)]] void log_write(LogLevel level, const char *room,
                                                              const char *format, ...);

#define log_debug(room, ...) log_write(LOG_DEBUG, room, __VA_ARGS__)
#define log_info(room, ...)  log_write(LOG_INFO, room, __VA_ARGS__)
#define log_warn(room, ...)  log_write(LOG_WARN, room, __VA_ARGS__)
#define log_error(room, ...) log_write(LOG_ERROR, room, __VA_ARGS__)

#endif

/* helpers: the functions that a template may call, one row each: name, fewest and most arguments.
   The template compiler refuses another name or count; the runtime implements web_help_NAME for
   each row. */
#ifndef WEB_HELPERS_H
#define WEB_HELPERS_H

#define WEB_HELPERS(X)                                                                             \
    X(yen, 1, 1)       /* 1200: 1,200円, ¥1,200 */                                               \
    X(num, 1, 2)       /* 1234.5: 1,234.5; second argument: decimals */                            \
    X(percent, 1, 1)   /* 0.125: 12.5% */                                                          \
    X(bytes, 1, 1)     /* 20480: 20 KB */                                                          \
    X(date, 1, 1)      /* 令和7年4月1日（火）, 1 April 2025 (Tue) */                       \
    X(shortdate, 1, 1) /* 4月1日（火）, 1 April (Tue) */                                      \
    X(day, 1, 1)       /* 1, the day of the month */                                               \
    X(isodate, 1, 1)   /* 2025-04-01 */                                                            \
    X(datetime, 1, 1)  /* 令和7年4月1日 9:05, 1 April 2025, 9:05 */                           \
    X(iso, 1, 1)       /* 2025-04-01T09:05:00+09:00, for machines */                               \
    X(clock, 1, 1)     /* 9:05 */                                                                  \
    X(minutes, 1, 1)   /* seconds as 3:20 */                                                       \
    X(eq, 2, 2)                                                                                    \
    X(ne, 2, 2)                                                                                    \
    X(gt, 2, 2)                                                                                    \
    X(not, 1, 1)                                                                                   \
    X(and, 2, 8)                                                                                   \
    X(or, 2, 8) /* the first that is true, else the last */                                        \
    X(concat, 2, 8)                                                                                \
    X(len, 1, 1)    /* of an array or object */                                                    \
    X(member, 2, 2) /* the member of an object whose name is the second argument */                \
    X(json, 1, 1)   /* compact text, for data- attributes */                                       \
    X(lang, 0, 0)   /* "ja" or "en" */

#endif

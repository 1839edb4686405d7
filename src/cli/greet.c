#include "city_int.h"

void city_greet(const City *city, FILE *out) {
    int port = city_port(city);
    /* An address of IPv6 stands in brackets (RFC 3986, 3.2.2). */
    bool brackets = str_find_char(city->options.host, ':') >= 0;
    Str host =
        str_fmt(city->arena, brackets ? "[" STR_FMT "]" : STR_FMT, STR_ARG(city->options.host));
    static const struct {
        const char *path, *what;
    } pages[] = {
        {"/", "for residents"},       {"/staff", "for officials"},
        {"/wall", "the city's wall"}, {"/map", "its places on a map"},
        {"/data", "open data"},       {"/api", "the APIs, with NGSI-LD under /ngsi-ld/v1"},
    };
    fprintf(out, "machi listens on http://" STR_FMT ":%d\n", STR_ARG(host), port);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        fprintf(out, "  http://" STR_FMT ":%d%-8s %s\n", STR_ARG(host), port, pages[i].path,
                pages[i].what);
    if (city->options.sandbox) fprintf(out, "  This is a sandbox: anyone may do everything.\n");
    VEC_EACH (PagesDemo, demo, &city->demos)
        fprintf(out, "  sign in as %-10s with password " STR_FMT "\n",
                str_z(city->arena, demo->login), STR_ARG(demo->password));
}

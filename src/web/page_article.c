/* page_article: what a rule cites (条例第12条第1項), told in English as well: the names of laws by
 * their official translations, articles, paragraphs and items by their numbers. */
#include "pages_int.h"

enum { ARTICLE_MAX = 500 };

typedef struct Word {
    const char *ja, *en;
} Word;

/* Laws and ordinances, longest first where one begins as another does. */
static const Word laws[] = {
    {"行政不服審査法", "Administrative Complaint Review Act"},
    {"行政事件訴訟法", "Administrative Case Litigation Act"},
    {"行政手続法", "Administrative Procedure Act"},
    {"地方自治法", "Local Autonomy Act"},
    {"条例", "Ordinance"},
    {"規則", "Rules"},
    {"別表", "Table"},
};

static const Word units[] = {{"条", "art."}, {"項", "para."}, {"号", "item"}, {"章", "chapter"}};

static bool word_take(Str *rest, const Word *words, size_t n, const char **en) {
    for (size_t i = 0; i < n; i++) {
        if (!str_starts(*rest, str_of(words[i].ja))) continue;
        *rest = str_sub(*rest, str_of(words[i].ja).len, rest->len);
        *en = words[i].en;
        return true;
    }
    return false;
}

static bool number_take(Str *rest, Str *number) {
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] >= '0' && rest->ptr[n] <= '9')
        n++;
    *number = str_head(*rest, n);
    *rest = str_sub(*rest, n, rest->len);
    return n > 0;
}

static void apart(Buf *to, const char *text) {
    if (to->len) buf_add(to, str_of(text));
}

/* 第12条, 第4条の2, and 第3の4 of a table. */
static bool part_take(Str *rest, Buf *to) {
    static const Str th = {"第", 3}, of = {"の", 3};
    Str number, under = STR_NONE;
    const char *unit = NULL;
    if (!str_starts(*rest, th)) return false;
    *rest = str_sub(*rest, th.len, rest->len);
    if (!number_take(rest, &number)) return false;
    bool known = word_take(rest, units, sizeof units / sizeof *units, &unit);
    if (str_starts(*rest, of)) {
        *rest = str_sub(*rest, of.len, rest->len);
        if (!number_take(rest, &under)) return false;
    }
    if (known)
        buf_addf(to, "%s%s ", to->len ? ", " : "", unit);
    else
        apart(to, " ");
    buf_add(to, number);
    if (under.len) buf_addf(to, "-" STR_FMT, STR_ARG(under));
    return true;
}

/* False: it says something that is not known here. */
static bool english(Str ja, Buf *to) {
    static const Str and = {"・", 3};
    const char *law;
    while (ja.len) {
        if (str_starts(ja, and)) ja = str_sub(ja, and.len, ja.len);
        if (word_take(&ja, laws, sizeof laws / sizeof *laws, &law)) {
            apart(to, "; ");
            buf_add(to, str_of(law));
        } else if (!part_take(&ja, to)) {
            return false;
        }
    }
    return buf_rc(to) == RC_OK;
}

Json page_article(Arena *arena, Str ja) {
    Buf en = buf_new(arena, ARTICLE_MAX);
    if (str_empty(ja)) return json_of_null();
    return english(ja, &en) ? view_text(arena, ja, buf_str(&en)) : json_of_str(ja);
}

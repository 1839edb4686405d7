#include "procedure_int.h"

#include "members.h"

typedef enum Shape {
    SHAPE_ANY,
    SHAPE_TEXT,
    SHAPE_WHOLE,
    SHAPE_TRUTH,
    SHAPE_OBJECTS, /* from here on objects, with the members of `shapes` */
    SHAPE_WORDING = SHAPE_OBJECTS,
    SHAPE_DEFINITION,
    SHAPE_EFFECTIVE,
    SHAPE_IDENTITY,
    SHAPE_PAGE,
    SHAPE_FIELD,
    SHAPE_OPTION,
    SHAPE_RULE,
    SHAPE_NAMED_RULE,
    SHAPE_TABLES,
    SHAPE_TABLE,
    SHAPE_INPUT,
    SHAPE_OUTPUT,
    SHAPE_TABLE_RULE,
    SHAPE_FEE,
    SHAPE_STATE,
    SHAPE_MOVE,
    SHAPE_REDUCTION,
    SHAPE_LETTER,
    SHAPE_FACT,
    SHAPE_AUTOMATIC,
    SHAPE_THREAD,
    SHAPE_EXAMPLE,
    SHAPE_ANSWERS,
    SHAPE_EXPECT,
    SHAPE_FAULTS,
    SHAPE_BINS,
    SHAPE_VALUES,
    SHAPE_RESERVATION,
    SHAPE_PLACE,
    SHAPE_COHORT,
    SHAPE_RETURNS,
    SHAPE_LOTTERY,
    SHAPE_ROOM,
    SHAPE_FAQ,
    SHAPE_RANKING,
    SHAPE_RANKED,
    SHAPE_PART,
    SHAPE_HANDED,
    SHAPES
} Shape;

typedef enum Many { ONE, LIST, EITHER } Many;

typedef struct Member {
    const char *name; /* "*": any */
    Shape shape;
    Many many;     /* whether such values stand here in a list */
    uint32_t most; /* of a list; 0: as LIST_MAX says */
} Member;

/* What is read goes through what was read before, and lint tries combinations: so there are bounds.
   The city's largest definition has a tenth of them. */
/* One more than the largest shape has: what is left is empty, and ends it. */
enum { MEMBERS_MAX = 35, NAMES_MAX = 200, LIST_MAX = 200, TEXT_MAX = 10000 };

static const Member shapes[SHAPES][MEMBERS_MAX] = {
    [SHAPE_WORDING] = {{"*", SHAPE_TEXT}},
    [SHAPE_DEFINITION] = {{"id", SHAPE_TEXT},
                          {"version", SHAPE_WHOLE},
                          {"effective", SHAPE_EFFECTIVE},
                          {"audience", SHAPE_TEXT},
                          {"label", SHAPE_WORDING},
                          {"summary", SHAPE_WORDING},
                          {"category", SHAPE_TEXT},
                          {"words", SHAPE_TEXT, LIST},
                          {"basis", SHAPE_TEXT},
                          {"retention", SHAPE_TEXT},
                          {"post", SHAPE_TEXT},
                          {"days", SHAPE_WHOLE},
                          {"duplicates", SHAPE_WHOLE},
                          {"signIn", SHAPE_TRUTH},
                          {"identity", SHAPE_IDENTITY},
                          {"bring", SHAPE_WORDING, LIST},
                          {"after", SHAPE_WORDING},
                          {"faq", SHAPE_FAQ, LIST, 30},
                          {"reservation", SHAPE_RESERVATION},
                          {"pages", SHAPE_PAGE, LIST, 100},
                          {"parts", SHAPE_PART, LIST, 20},
                          {"tables", SHAPE_TABLES},
                          {"conditions", SHAPE_NAMED_RULE, LIST},
                          {"checks", SHAPE_NAMED_RULE, LIST},
                          {"fee", SHAPE_FEE},
                          {"amount", SHAPE_TEXT},
                          {"states", SHAPE_STATE, LIST},
                          {"moves", SHAPE_MOVE, LIST},
                          {"letters", SHAPE_LETTER, LIST, 20},
                          {"automatic", SHAPE_AUTOMATIC, LIST, 20},
                          {"thread", SHAPE_THREAD},
                          {"ranking", SHAPE_RANKING},
                          {"statistics", SHAPE_TEXT, LIST},
                          {"examples", SHAPE_EXAMPLE, LIST, 100}},
    [SHAPE_EFFECTIVE] = {{"from", SHAPE_TEXT}, {"until", SHAPE_TEXT}},
    [SHAPE_IDENTITY] = {{"authentication", SHAPE_TEXT}, {"proof", SHAPE_TEXT}},
    [SHAPE_PAGE] = {{"id", SHAPE_TEXT},
                    {"title", SHAPE_WORDING},
                    {"lead", SHAPE_WORDING},
                    {"when", SHAPE_TEXT},
                    {"fields", SHAPE_FIELD, LIST, 50}},
    [SHAPE_FIELD] = {{"id", SHAPE_TEXT},
                     {"kind", SHAPE_TEXT},
                     {"label", SHAPE_WORDING},
                     {"hint", SHAPE_WORDING},
                     {"when", SHAPE_TEXT},
                     {"optional", SHAPE_TRUTH},
                     {"least", SHAPE_WHOLE},
                     {"most", SHAPE_WHOLE},
                     {"accept", SHAPE_TEXT, LIST, 2},
                     {"options", SHAPE_OPTION, LIST, 500},
                     {"checks", SHAPE_RULE, LIST},
                     {"class", SHAPE_TEXT},
                     {"from", SHAPE_TEXT}},
    [SHAPE_OPTION] = {{"id", SHAPE_TEXT}, {"label", SHAPE_WORDING}, {"hint", SHAPE_WORDING}},
    [SHAPE_RULE] = {{"id", SHAPE_TEXT}, {"test", SHAPE_TEXT}, {"text", SHAPE_WORDING}},
    [SHAPE_NAMED_RULE] = {{"id", SHAPE_TEXT},
                          {"test", SHAPE_TEXT},
                          {"asOf", SHAPE_TEXT},
                          {"text", SHAPE_WORDING}},
    [SHAPE_TABLES] = {{"*", SHAPE_TABLE}},
    [SHAPE_TABLE] = {{"hit", SHAPE_TEXT},
                     {"inputs", SHAPE_INPUT, LIST},
                     {"outputs", SHAPE_OUTPUT, LIST},
                     {"rules", SHAPE_TABLE_RULE, LIST, 1000}},
    [SHAPE_INPUT] = {{"label", SHAPE_TEXT},
                     {"expression", SHAPE_TEXT},
                     {"values", SHAPE_TEXT},
                     {"type", SHAPE_TEXT}},
    [SHAPE_OUTPUT] = {{"label", SHAPE_TEXT},
                      {"name", SHAPE_TEXT},
                      {"values", SHAPE_TEXT},
                      {"otherwise", SHAPE_TEXT}},
    [SHAPE_TABLE_RULE] = {{"name", SHAPE_TEXT},
                          {"when", SHAPE_ANY, LIST},
                          {"then", SHAPE_ANY, LIST}},
    [SHAPE_FEE] = {{"amount", SHAPE_TEXT},
                   {"asOf", SHAPE_TEXT},
                   {"article", SHAPE_TEXT},
                   {"account", SHAPE_TEXT},
                   {"collect", SHAPE_TEXT},
                   {"days", SHAPE_WHOLE},
                   {"unpaid", SHAPE_TEXT},
                   {"paid", SHAPE_TEXT}},
    [SHAPE_STATE] = {{"id", SHAPE_TEXT},
                     {"label", SHAPE_WORDING},
                     {"owner", SHAPE_TEXT},
                     {"days", SHAPE_WHOLE},
                     {"outcome", SHAPE_TEXT}},
    [SHAPE_MOVE] = {{"id", SHAPE_TEXT},
                    {"label", SHAPE_WORDING},
                    {"from", SHAPE_TEXT, LIST},
                    {"to", SHAPE_TEXT},
                    {"by", SHAPE_TEXT},
                    {"reason", SHAPE_TRUTH},
                    {"decision", SHAPE_TEXT},
                    {"together", SHAPE_TRUTH},
                    {"reduction", SHAPE_REDUCTION}},
    [SHAPE_REDUCTION] = {{"amount", SHAPE_TEXT}, {"article", SHAPE_TEXT}},
    [SHAPE_LETTER] = {{"id", SHAPE_TEXT},
                      {"move", SHAPE_TEXT},
                      {"when", SHAPE_TEXT},
                      {"title", SHAPE_WORDING},
                      {"signer", SHAPE_WORDING},
                      {"body", SHAPE_WORDING, LIST, 20},
                      {"facts", SHAPE_FACT, LIST, 50},
                      {"remedies", SHAPE_TRUTH},
                      {"replaces", SHAPE_TEXT, LIST, 20}},
    [SHAPE_FAQ] = {{"question", SHAPE_WORDING}, {"answer", SHAPE_WORDING}},
    [SHAPE_RANKING] = {{"round", SHAPE_TEXT},
                       {"when", SHAPE_TEXT},
                       {"states", SHAPE_TEXT, LIST, 20},
                       {"order", SHAPE_RANKED, LIST, 10},
                       {"choices", SHAPE_TEXT, LIST, 20},
                       {"group", SHAPE_RANKED},
                       {"admit", SHAPE_TEXT},
                       {"hold", SHAPE_TEXT}},
    [SHAPE_RANKED] = {{"value", SHAPE_TEXT}, {"label", SHAPE_WORDING}},
    [SHAPE_FACT] = {{"label", SHAPE_WORDING}, {"value", SHAPE_TEXT}, {"yen", SHAPE_TRUTH}},
    [SHAPE_AUTOMATIC] = {{"id", SHAPE_TEXT},
                         {"label", SHAPE_WORDING},
                         {"state", SHAPE_TEXT},
                         {"test", SHAPE_TEXT},
                         {"move", SHAPE_TEXT},
                         {"fallback", SHAPE_TEXT},
                         {"text", SHAPE_WORDING},
                         {"target", SHAPE_WHOLE},
                         {"sample", SHAPE_WHOLE}},
    [SHAPE_THREAD] = {{"states", SHAPE_TEXT, LIST},
                      {"writers", SHAPE_TEXT},
                      {"class", SHAPE_TEXT},
                      {"accept", SHAPE_TEXT, LIST, 2},
                      {"days", SHAPE_WHOLE},
                      {"asks", SHAPE_TRUTH},
                      {"hint", SHAPE_WORDING}},
    [SHAPE_EXAMPLE] = {{"id", SHAPE_TEXT},
                       {"label", SHAPE_WORDING},
                       {"on", SHAPE_TEXT},
                       {"answers", SHAPE_ANSWERS},
                       {"expect", SHAPE_EXPECT}},
    [SHAPE_ANSWERS] = {{"*", SHAPE_TEXT, EITHER}},
    [SHAPE_EXPECT] = {{"fee", SHAPE_WHOLE},
                      {"amount", SHAPE_WHOLE},
                      {"fails", SHAPE_TEXT, LIST},
                      {"checks", SHAPE_TEXT, LIST},
                      {"faults", SHAPE_FAULTS},
                      {"tables", SHAPE_VALUES},
                      {"automatic", SHAPE_BINS}},
    [SHAPE_BINS] = {{"*", SHAPE_TEXT}},
    [SHAPE_FAULTS] = {{"*", SHAPE_TEXT}},
    [SHAPE_VALUES] = {{"*", SHAPE_ANY}},
    [SHAPE_RESERVATION] = {{"resource", SHAPE_TEXT},
                           {"mode", SHAPE_TEXT},
                           {"minutes", SHAPE_WHOLE},
                           {"places", SHAPE_PLACE, LIST, 50},
                           {"need", SHAPE_TEXT},
                           {"soonest", SHAPE_WHOLE},
                           {"furthest", SHAPE_WHOLE},
                           {"cohorts", SHAPE_COHORT, LIST, 20},
                           {"share", SHAPE_WHOLE},
                           {"hold", SHAPE_WHOLE},
                           {"change", SHAPE_WHOLE},
                           {"lottery", SHAPE_LOTTERY},
                           {"room", SHAPE_ROOM},
                           {"returns", SHAPE_RETURNS}},
    [SHAPE_PLACE] = {{"id", SHAPE_TEXT},
                     {"label", SHAPE_WORDING},
                     {"units", SHAPE_WHOLE},
                     {"weekdays", SHAPE_TEXT, LIST, 7},
                     {"hours", SHAPE_TEXT, LIST, 24}},
    [SHAPE_COHORT] = {{"label", SHAPE_WORDING}, {"test", SHAPE_TEXT}, {"opens", SHAPE_TEXT}},
    [SHAPE_ROOM] = {{"opens", SHAPE_TEXT},
                    {"until", SHAPE_TEXT},
                    {"before", SHAPE_WHOLE},
                    {"stay", SHAPE_WHOLE}},
    [SHAPE_LOTTERY] = {{"from", SHAPE_WHOLE},
                       {"until", SHAPE_WHOLE},
                       {"free", SHAPE_WHOLE},
                       {"confirm", SHAPE_WHOLE},
                       {"randomness", SHAPE_TEXT},
                       {"entered", SHAPE_TEXT},
                       {"won", SHAPE_TEXT},
                       {"waiting", SHAPE_TEXT},
                       {"lost", SHAPE_TEXT},
                       {"confirms", SHAPE_TEXT}},
    [SHAPE_PART] = {{"procedure", SHAPE_TEXT}, {"when", SHAPE_TEXT}, {"answers", SHAPE_HANDED}},
    [SHAPE_HANDED] = {{"*", SHAPE_TEXT}},
    [SHAPE_RETURNS] = {{"at", SHAPE_TEXT}, {"within", SHAPE_WHOLE}},
};

static const Member *member_of(Shape shape, Str name) {
    for (const Member *member = shapes[shape]; member->name; member++)
        if (str_eq(str_of(member->name), name) || member->name[0] == '*') return member;
    return NULL;
}

static Rc unknown(Ctx *ctx, Shape shape, Str name, Str path) {
    Near near = {.wanted = name};
    for (const Member *member = shapes[shape]; member->name; member++)
        near_offer(&near, str_of(member->name));
    if (str_empty(near.best))
        return ctx_fail(ctx, RC_INVALID, "bad-definition", path,
                        "A definition knows no member of this name here: take it out.");
    return ctx_fail(ctx, RC_INVALID, "bad-definition", path,
                    "A definition knows no member of this name here: is \"" STR_FMT "\" meant?",
                    STR_ARG(near.best));
}

static Rc expected(Ctx *ctx, Str path, const char *what) {
    return ctx_fail(ctx, RC_INVALID, "bad-definition", path, "%s is expected here.", what);
}

static Rc check_member(Ctx *ctx, const Member *member, const Json *value, Str path);

static Rc too_many(Ctx *ctx, Str path, uint32_t most, const char *what) {
    return ctx_fail(ctx, RC_LIMIT, "too-many", path, "At most %u %s may stand here.", most, what);
}

static Rc check_object(Ctx *ctx, Shape shape, const Json *object, Str path) {
    if (object->kind != JSON_OBJECT) return expected(ctx, path, "An object");
    if (object->len > NAMES_MAX) return too_many(ctx, path, NAMES_MAX, "members");
    for (uint32_t i = 0; i < object->len; i++) {
        Str name = object->value.members[i].name;
        Str parts[] = {path, name};
        Str place = str_empty(path) ? name : str_join(ctx->arena, parts, 2, STR("."));
        const Member *member = member_of(shape, name);
        if (!member) return unknown(ctx, shape, name, place);
        TRY(check_member(ctx, member, &object->value.members[i].value, place));
    }
    return RC_OK;
}

static Rc check_value(Ctx *ctx, Shape shape, const Json *value, Str path) {
    static const struct {
        JsonKind kind;
        const char *what;
    } scalars[SHAPE_OBJECTS] = {[SHAPE_TEXT] = {JSON_STRING, "A text"},
                                [SHAPE_WHOLE] = {JSON_NUMBER, "A whole number"},
                                [SHAPE_TRUTH] = {JSON_BOOL, "true or false"}};
    if (shape >= SHAPE_OBJECTS) return check_object(ctx, shape, value, path);
    if (value->kind == JSON_STRING && value->len > TEXT_MAX)
        return too_many(ctx, path, TEXT_MAX, "bytes");
    bool good = shape == SHAPE_ANY ||
                (value->kind == scalars[shape].kind && (shape != SHAPE_WHOLE || value->is_int));
    return good ? RC_OK : expected(ctx, path, scalars[shape].what);
}

static Rc check_member(Ctx *ctx, const Member *member, const Json *value, Str path) {
    if (value->kind == JSON_NULL) return RC_OK;
    if (member->many == ONE || (member->many == EITHER && value->kind != JSON_ARRAY))
        return check_value(ctx, member->shape, value, path);
    if (value->kind != JSON_ARRAY) return expected(ctx, path, "A list");
    uint32_t most = member->most ? member->most : LIST_MAX;
    if (value->len > most) return too_many(ctx, path, most, "values");
    for (uint32_t i = 0; i < value->len; i++)
        TRY(check_value(ctx, member->shape, json_at(value, i),
                        str_fmt(ctx->arena, STR_FMT "[%u]", STR_ARG(path), i)));
    return RC_OK;
}

static bool is_map(Shape shape) {
    return shapes[shape][0].name[0] == '*';
}

static MemberForm form_of(const Member *member) {
    static const MemberForm scalars[SHAPE_OBJECTS] = {[SHAPE_ANY] = MEMBER_TEXT,
                                                      [SHAPE_TEXT] = MEMBER_TEXT,
                                                      [SHAPE_WHOLE] = MEMBER_WHOLE,
                                                      [SHAPE_TRUTH] = MEMBER_TRUTH};
    if (member->shape < SHAPE_OBJECTS)
        return member->many == ONE ? scalars[member->shape] : MEMBER_TEXTS;
    if (member->many == LIST) return MEMBER_LIST;
    if (member->shape == SHAPE_WORDING) return MEMBER_WORDING;
    if (!is_map(member->shape)) return MEMBER_OBJECT;
    return shapes[member->shape][0].shape >= SHAPE_OBJECTS ? MEMBER_MAP : MEMBER_NAMED;
}

static bool is_any(const Member *member) {
    bool map = member->shape >= SHAPE_OBJECTS && is_map(member->shape);
    return member->shape == SHAPE_ANY || (map && shapes[member->shape][0].shape == SHAPE_ANY);
}

bool members_row(unsigned shape, size_t n, MemberRow *out) {
    const Member *member = &shapes[shape == MEMBERS_ROOT ? SHAPE_DEFINITION : shape][n];
    if (!member->name) return false;
    MemberForm form = form_of(member);
    Shape inner = form == MEMBER_MAP ? shapes[member->shape][0].shape : member->shape;
    *out = (MemberRow){.name = member->name,
                       .form = form,
                       .inner = inner,
                       .typed = is_any(member),
                       .most = member->most ? member->most : LIST_MAX};
    return true;
}

Rc members_check(Ctx *ctx, const Json *source) {
    return check_object(ctx, SHAPE_DEFINITION, source, STR_NONE);
}

Rc members_check_one(Ctx *ctx, const Json *source, Str name) {
    const Json *value = json_get(source, name);
    return value ? check_member(ctx, member_of(SHAPE_DEFINITION, name), value, name) : RC_OK;
}

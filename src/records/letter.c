#include "records.h"

#define IRI(term) STR(LD_DEFAULT term)

enum { CODE_CHARS = 26, ID_CHARS = 26 };

static const Str state_words[LETTER_STATES] = {
    [LETTER_ISSUED] = {"issued", 6}, [LETTER_REPLACED] = {"replaced", 8}};

Str letter_state_word(LetterState state) {
    assert(state < LETTER_STATES);
    return state_words[state];
}

/* ---- reading ---- */

static int64_t instant_of(const Entity *entity, Str iri) {
    int64_t at;
    return time_parse(entity_text(entity, iri), &at) ? at : TIME_NONE;
}

void letter_read(const Entity *entity, Letter *out) {
    const Attr *contents = entity_attr(entity, IRI("contents"));
    Str state = entity_text(entity, IRI("state"));
    *out = (Letter){.id = entity->id,
                    .case_id = entity_text(entity, IRI("about")),
                    .kind = entity_text(entity, IRI("kind")),
                    .number = entity_text(entity, IRI("number")),
                    .procedure = entity_text(entity, IRI("procedure")),
                    .post = entity_text(entity, IRI("post")),
                    .replaced_by = entity_text(entity, IRI("replacedBy")),
                    .on_paper = str_eq(entity_text(entity, IRI("delivery")), LETTER_ON_PAPER),
                    .issued_at = instant_of(entity, IRI("issuedAt")),
                    .sent_at = instant_of(entity, IRI("sentAt")),
                    .leaf = (uint64_t)entity_int(entity, IRI("leaf"), 0),
                    .version = entity->version,
                    .contents = contents ? contents->value : NULL};
    if (str_eq(state, state_words[LETTER_REPLACED])) out->state = LETTER_REPLACED;
}

/* ---- names ---- */

Str letter_code(Arena *arena, Ledger *ledger, Str case_id, unsigned n) {
    Str name = str_fmt(arena, STR_FMT " %u", STR_ARG(case_id), n);
    Digest digest = ledger_keyed_hash(ledger, STR("letter"), name);
    return hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, CODE_CHARS);
}

Str letter_id(Arena *arena, Str code) {
    const Str parts[] = {STR("machi-letter"), code};
    Digest digest = hash_sha256_parts(parts, 2);
    Str suffix = hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, ID_CHARS);
    return str_fmt(arena, LETTER_ID_PREFIX STR_FMT, STR_ARG(suffix));
}

bool letter_code_good(Str code) {
    for (size_t i = 0; i < code.len; i++) {
        char c = code.ptr[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z')) return false;
    }
    return code.len == CODE_CHARS;
}

/* A mark is Japanese: an id is not. */
Str letter_counter(Arena *arena, Str mark, int fiscal_year) {
    Digest digest = hash_sha256(mark);
    Str name = hash_base32(arena, (Str){(char *)digest.bytes, sizeof digest.bytes}, 8);
    Str series = str_empty(mark) ? STR("letter") : str_fmt(arena, "letter-" STR_FMT, STR_ARG(name));
    return counter_id(arena, series, fiscal_year);
}

/* ---- parts ---- */

static Rc issue_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartLetter *part = args;
    if (!stage_entity(stage, part->letter->id)) return RC_OK;
    return ctx_fail(ctx, RC_CONFLICT, "moved-on", part->letter->id,
                    "Another letter was issued meanwhile: load the page again.");
}

static void change(Stage *stage, Entity *after) {
    stage_put(stage, &(Delta){.op = DELTA_CHANGE, .id = after->id, .after = after});
}

static void replace(Ctx *ctx, Stage *stage, Str id, Str number) {
    if (!stage_entity(stage, id)) return;
    Entity *after = entity_new(ctx->arena, id, STR(LETTER_TYPE));
    entity_set(ctx->arena, after, IRI("state"), json_of_str(state_words[LETTER_REPLACED]));
    entity_set(ctx->arena, after, IRI("replacedBy"), json_of_str(number));
    entity_set(ctx->arena, after, IRI("waits"), json_of_str(STR("none")));
    change(stage, after);
}

static Rc issue_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartLetter *part = args;
    Arena *arena = ctx->arena;
    Entity *after = entity_dup(arena, part->letter);
    int64_t n = counter_next(ctx, stage, part->counter);
    Str number = str_fmt(arena, STR_FMT "第%lld号", STR_ARG(part->mark), (long long)n);
    bool on_paper = str_eq(entity_text(after, IRI("delivery")), LETTER_ON_PAPER);
    entity_set(arena, after, IRI("number"), json_of_str(number));
    entity_set(arena, after, IRI("fiscalYear"), json_of_int(part->fiscal_year));
    entity_set(arena, after, IRI("issuedAt"), json_of_str(time_format(arena, stage_now(stage))));
    entity_set(arena, after, IRI("state"), json_of_str(state_words[LETTER_ISSUED]));
    entity_set(arena, after, IRI("waits"), json_of_str(on_paper ? STR("office") : STR("none")));
    entity_set(arena, after, IRI("leaf"), json_of_int((int64_t)stage_position(stage)));
    stage_put(stage, &(Delta){.op = DELTA_PUT, .id = after->id, .after = after});
    VEC_EACH (const Str, id, &part->replaces)
        replace(ctx, stage, *id, number);
    return RC_OK;
}

static Rc sent_guard(Ctx *ctx, Stage *stage, const void *args) {
    const PartLetterSent *part = args;
    const Entity *before = stage_entity(stage, part->id);
    if (!before || !entity_has_type(before, STR(LETTER_TYPE)))
        return ctx_fail(ctx, RC_NOT_FOUND, "no-letter", part->id, "There is no such letter.");
    return RC_OK;
}

static Rc sent_apply(Ctx *ctx, Stage *stage, const void *args) {
    const PartLetterSent *part = args;
    const Entity *before = stage_entity(stage, part->id);
    bool replaced = str_eq(entity_text(before, IRI("state")), state_words[LETTER_REPLACED]);
    if (replaced || !str_empty(entity_text(before, IRI("sentAt")))) return RC_OK;
    Entity *after = entity_new(ctx->arena, part->id, STR(LETTER_TYPE));
    Str now = time_format(ctx->arena, stage_now(stage));
    entity_set(ctx->arena, after, IRI("sentAt"), json_of_str(now));
    entity_set(ctx->arena, after, IRI("waits"), json_of_str(STR("none")));
    change(stage, after);
    return RC_OK;
}

const PartKind part_letter_issue = {"letter.issue", 1, issue_guard, issue_apply};
const PartKind part_letter_sent = {"letter.sent", 1, sent_guard, sent_apply};

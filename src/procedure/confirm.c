#include "procedure_int.h"

enum { SAID_MAX = 1 << 20 };

/* ---- what of a draft is shown ---- */

static void member_add(Arena *arena, JsonMembers *members, const char *name, Json value) {
    vec_push(arena, members, (JsonMember){str_of(name), value});
}

static Str json_text_of(Ctx *ctx, const Json *json, Rc *rc) {
    Buf text = buf_new(ctx->arena, SAID_MAX);
    json_write(&text, json);
    *rc = buf_rc(&text) == RC_OK ? RC_OK
                                 : ctx_fail(ctx, RC_LIMIT, "too-long", STR_NONE,
                                            "These answers are too long for a tablet.");
    return buf_str(&text);
}

Rc tablet_part(Ctx *ctx, const DefinedDraft *draft, TabletPart *out) {
    Arena *arena = ctx->arena;
    int64_t fee;
    Rc rc;
    JsonMembers said = {0}, shown = {0};
    Json *kept = NEW(arena, Json);
    for (size_t i = 0; i < draft->form.n; i++)
        if (draft->form.answers[i].said)
            vec_push(arena, &said,
                     (JsonMember){draft->form.answers[i].field->id, *draft->form.answers[i].said});
    *kept = json_of_members(said.items, said.len);
    *out = (TabletPart){.definition = draft->definition, .said = kept, .token = draft->token};
    if (letters_asked(ctx, &draft->form)) out->notice = draft->notice;
    TRY(form_fee(ctx, &draft->form, &fee));
    member_add(arena, &shown, "procedure", json_of_str(draft->definition->id));
    member_add(arena, &shown, "version", json_of_int(draft->definition->version));
    member_add(arena, &shown, "answers", form_json(arena, &draft->form, false));
    member_add(arena, &shown, "sensitive", form_json(arena, &draft->form, true));
    member_add(arena, &shown, "notice", json_of_str(out->notice));
    member_add(arena, &shown, "fee", json_of_int(fee));
    Json all = json_of_members(shown.items, shown.len);
    Digest digest = hash_sha256(json_text_of(ctx, &all, &rc));
    out->hash = hash_hex(arena, (Str){(char *)digest.bytes, sizeof digest.bytes});
    return rc;
}

static Json part_json(Arena *arena, const TabletPart *part) {
    JsonMembers members = {0};
    member_add(arena, &members, "procedure", json_of_str(part->definition->id));
    member_add(arena, &members, "version", json_of_int(part->definition->version));
    member_add(arena, &members, "said", *part->said);
    member_add(arena, &members, "notice", json_of_str(part->notice));
    return json_of_members(members.items, members.len);
}

Rc tablet_parts_text(Ctx *ctx, const TabletParts *parts, Str *out) {
    JsonItems items = {0};
    Rc rc;
    VEC_EACH (const TabletPart, part, parts)
        vec_push(ctx->arena, &items, part_json(ctx->arena, part));
    Json all = json_of_items(items.items, items.len);
    *out = json_text_of(ctx, &all, &rc);
    return rc;
}

Rc tablet_parts_read(Ctx *ctx, Str said, TabletParts *out) {
    const Json *all;
    TRY(json_read(ctx, said, JSON_LIMITS_DEFAULT, &all));
    for (size_t i = 0; i < all->len; i++) {
        const Json *one = json_at(all, i);
        TabletPart part = {
            .definition =
                catalogue_version(procedures_catalogue(ctx->tenant), json_get_str(one, "procedure"),
                                  json_get_int(one, "version", 0)),
            .said = json_get(one, STR("said")),
            .notice = json_get_str(one, "notice"),
        };
        vec_push(ctx->arena, out, part);
    }
    return RC_OK;
}

static bool in_part(Ctx *ctx, const TabletPart *part, Str what) {
    Form form;
    const Definition *definition = part->definition;
    if (!definition || !str_starts(what, definition->id)) return false;
    Str rest = str_sub(what, definition->id.len, what.len);
    if (str_eq(rest, STR(TABLET_FEE))) return definition->fee != NULL;
    if (str_eq(rest, STR(TABLET_NOTICE))) return !str_empty(part->notice);
    if (!str_starts(rest, STR("."))) return false;
    form_read(ctx, definition, part->said, &form);
    const FormAnswer *answer = form_answer(&form, str_sub(rest, 1, rest.len));
    return answer && answer->due && answer->value.kind != FEEL_NULL;
}

bool tablet_can_mark(Ctx *ctx, const TabletParts *parts, Str what) {
    VEC_EACH (const TabletPart, part, parts)
        if (in_part(ctx, part, what)) return true;
    return str_eq(what, STR(TABLET_MISSING));
}

/* ---- sending ---- */

static const char *const reasons[] = {"paper", "read-aloud", "no-tablet", "declined"};

const char *tablet_reason_at(size_t n) {
    return n < sizeof reasons / sizeof *reasons ? reasons[n] : NULL;
}

bool tablet_asks(const Ctx *ctx, const DefinedDraft *draft) {
    return str_eq(draft->channel, STR("counter")) && visit_counter_at(ctx, 0);
}

static bool is_reason(Str word) {
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (str_eq(word, str_of(reasons[i]))) return true;
    return false;
}

/* It was shown before there was a record of him: that it was is in his log from its first event on.
 */
static void look_add(Command *command, const Entity *application) {
    Arena *arena = command_arena(command);
    PartLook *look = NEW(arena, PartLook);
    look->why = STR(TABLET_WHY);
    vec_push(arena, &look->subjects, entity_text(application, IRI("applicant")));
    vec_push(arena, &look->records, application->id);
    command_add(command, &part_look, look);
}

static Json confirmation_json(Arena *arena, const TabletStanding *by) {
    JsonMembers members = {0};
    member_add(arena, &members, "by", json_of_str(STR("tablet")));
    member_add(arena, &members, "at", json_of_str(time_format(arena, by->answered_at)));
    member_add(arena, &members, "shownAt", json_of_str(time_format(arena, by->shown_at)));
    member_add(arena, &members, "language", json_of_str(str_dup(arena, by->language)));
    member_add(arena, &members, "counter", json_of_str(str_dup(arena, by->at.counter)));
    member_add(arena, &members, "desk", json_of_str(str_dup(arena, by->at.desk)));
    member_add(arena, &members, "tablet", json_of_str(str_dup(arena, by->tablet)));
    member_add(arena, &members, "pairedBy", json_of_str(str_dup(arena, by->paired_by)));
    return json_of_members(members.items, members.len);
}

Rc tablet_write(Ctx *ctx, Command *command, const DefinedDraft *draft, Entity *application) {
    Arena *arena = command_arena(command);
    TabletPart part;
    TabletStanding by;
    if (!tablet_asks(ctx, draft)) return RC_OK;
    TRY(tablet_part(ctx, draft, &part));
    if (tablet_confirmed(ctx, &part, &by)) {
        entity_set_kind(arena, application, ATTR_JSON, IRI("confirmation"),
                        confirmation_json(arena, &by));
        entity_set(arena, application, IRI("confirmedHash"),
                   json_of_str(str_dup(arena, part.hash)));
        look_add(command, application);
        return RC_OK;
    }
    if (!is_reason(draft->unconfirmed))
        return ctx_fail(ctx, RC_INVALID, "no-confirmation", STR("unconfirmed"),
                        "Have it confirmed on the tablet, or say why it goes in without that.");
    JsonMembers members = {0};
    member_add(arena, &members, "by", json_of_str(STR("none")));
    member_add(arena, &members, "reason", json_of_str(str_dup(arena, draft->unconfirmed)));
    entity_set_kind(arena, application, ATTR_JSON, IRI("confirmation"),
                    json_of_members(members.items, members.len));
    return RC_OK;
}

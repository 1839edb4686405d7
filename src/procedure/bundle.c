#include "procedure_int.h"

/* Of the bundle's draft: {procedure: token} of what is being sent or was. It is written before:
   what of it is a case, the ledger knows, whatever became of the draft. */
#define PARTS STR(".parts")

static Date today(const Ctx *ctx) {
    return time_jst_date(time_now(ctx->clock));
}

/* ---- what was sent */

static const Json *sent_of(Arena *arena, const Json *draft, const Definition *bundle) {
    Str name = str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(bundle->id), STR_ARG(PARTS));
    return json_get(draft, name);
}

static Rc sent_load(Ctx *ctx, const Definition *bundle, const Json **out) {
    const Json *draft;
    TRY(draft_load(ctx, draft_whose(ctx), &draft));
    *out = sent_of(ctx->arena, draft, bundle);
    return RC_OK;
}

static Rc sent_save(Ctx *ctx, const Definition *bundle, Json sent) {
    JsonMembers said = {0};
    vec_push(ctx->arena, &said, (JsonMember){PARTS, sent});
    return defined_keep(ctx, bundle, &said);
}

static Rc sending_add(Ctx *ctx, const Definition *bundle, const BundleTask *task) {
    const Json *before;
    JsonMembers after = {0};
    TRY(sent_load(ctx, bundle, &before));
    for (size_t i = 0; before && i < before->len; i++)
        if (!str_eq(before->value.members[i].name, task->part->procedure))
            vec_push(ctx->arena, &after, before->value.members[i]);
    vec_push(ctx->arena, &after,
             (JsonMember){task->part->procedure, json_of_str(task->draft.token)});
    return sent_save(ctx, bundle, json_of_members(after.items, after.len));
}

/* ---- the tasks */

/* As it is in force for residents. */
static const Definition *in_force(const Ctx *ctx, const BundlePart *part) {
    const Definition *now =
        catalogue_current(procedures_catalogue(ctx->tenant), part->procedure, today(ctx));
    return now && !now->inside && !now->parts.len ? now : NULL;
}

/* An error of asking is no error of who asks. */
static bool may_begin(Ctx *ctx, const Definition *definition, Str channel) {
    Error before = ctx->error;
    bool may = defined_may_begin(ctx, definition, channel) == RC_OK;
    ctx->error = before;
    return may;
}

/* Empty: no case came of it. */
static Rc token_of(Ctx *ctx, Str token, Str *out) {
    bool sent;
    TRY(apply_sent(ctx, token, &sent));
    *out = sent ? token : STR_NONE;
    return RC_OK;
}

static bool is_begun(const DefinedDraft *bundle, const BundleTask *task) {
    return !str_empty(task->draft.token) && str_eq(task->draft.bundle, bundle->definition->id);
}

/* now: the definition in force; NULL: none is. */
static BundleState state_of(Ctx *ctx, const DefinedDraft *bundle, const BundleTask *task,
                            const Definition *now) {
    if (!str_empty(task->token)) return BUNDLE_SENT;
    if (!now) return BUNDLE_CLOSED;
    if (!may_begin(ctx, now, bundle->channel)) return BUNDLE_SIGN_IN;
    bool open = !is_begun(bundle, task) || form_next(&task->draft.form);
    return open ? BUNDLE_OPEN : BUNDLE_READY;
}

Rc bundle_tasks(Ctx *ctx, const DefinedDraft *bundle, BundleTasks *out) {
    const Json *draft;
    const Catalogue *catalogue = procedures_catalogue(ctx->tenant);
    *out = (BundleTasks){0};
    TRY(draft_load(ctx, draft_whose(ctx), &draft));
    const Json *sent = sent_of(ctx->arena, draft, bundle->definition);
    VEC_EACH (const BundlePart, part, &bundle->definition->parts) {
        const Definition *now = in_force(ctx, part);
        BundleTask task = {.part = part,
                           .definition = now ? now : catalogue_newest(catalogue, part->procedure)};
        if (!task.definition || !form_holds(ctx, &bundle->form, part->when)) continue;
        TRY(token_of(ctx, json_str(json_get(sent, part->procedure)), &task.token));
        defined_draft_of(ctx, task.definition, draft, &task.draft);
        task.state = state_of(ctx, bundle, &task, now);
        vec_push(ctx->arena, out, task);
    }
    return RC_OK;
}

bool bundle_has(Ctx *ctx, const DefinedDraft *part) {
    DefinedDraft bundle;
    BundleTasks tasks;
    const Definition *definition =
        catalogue_current(procedures_catalogue(ctx->tenant), part->bundle, today(ctx));
    if (!definition || defined_draft(ctx, definition, &bundle) != RC_OK ||
        bundle_tasks(ctx, &bundle, &tasks) != RC_OK)
        return false;
    VEC_EACH (const BundleTask, task, &tasks)
        if (task->definition == part->definition && task->state <= BUNDLE_READY) return true;
    return false;
}

/* ---- handing on */

/* A value as somebody would have typed it. */
static Json typed(Arena *arena, const FeelValue *value) {
    switch (value->kind) {
    case FEEL_BOOL:
        return json_of_str(value->boolean ? STR("yes") : STR("no"));
    case FEEL_STRING:
        return json_of_str(value->string);
    case FEEL_NUMBER:
        return json_of_str(feel_text(arena, value));
    case FEEL_DATE:
        return json_of_str(time_format_date(arena, value->date));
    case FEEL_LIST: {
        Json *items = NEW_ARRAY(arena, Json, value->len + 1);
        for (uint32_t i = 0; i < value->len; i++)
            items[i] = typed(arena, &value->items[i]);
        return json_of_items(items, value->len);
    }
    default:
        return json_of_null();
    }
}

/* The bundle's answer to a question that means the same; NULL: it has none. */
static const Json *same(const Form *form, Str from) {
    for (size_t i = 0; i < form->n && !str_empty(from); i++)
        if (form->answers[i].due && str_eq(form->answers[i].field->from, from))
            return form->answers[i].said;
    return NULL;
}

/* What the bundle hands to a part, by field; a later one of the name goes before. */
static void values_of(Ctx *ctx, const DefinedDraft *bundle, const BundleTask *task,
                      JsonMembers *out) {
    VEC_EACH (const PartAnswer, one, &task->part->answers) {
        FeelValue value = form_result(ctx, &bundle->form, one->value);
        Json text = typed(ctx->arena, &value);
        if (text.kind != JSON_NULL) vec_push(ctx->arena, out, (JsonMember){one->field, text});
    }
    VEC_EACH (const FormPage, page, &task->definition->pages)
        VEC_EACH (const Field, field, &page->fields) {
            const Json *known = same(&bundle->form, field->from);
            bool said = false;
            for (size_t i = 0; i < out->len; i++)
                said = said || str_eq(out->items[i].name, field->id);
            if (known && !said) vec_push(ctx->arena, out, (JsonMember){field->id, *known});
        }
}

/* Only what is another than it was is written: who has mended an answer in the part keeps it. What
   the bundle says no longer is taken back. */
static Rc hand_on(Ctx *ctx, const DefinedDraft *bundle, const BundleTask *task) {
    Arena *arena = ctx->arena;
    JsonMembers values = {0}, said = {0};
    const Json *before = is_begun(bundle, task) ? task->draft.handed : NULL;
    values_of(ctx, bundle, task, &values);
    Json after = json_of_members(values.items, values.len);
    for (size_t i = 0; i < values.len; i++) {
        const Json *old = json_get(before, values.items[i].name);
        if (!old || !json_equal(old, &values.items[i].value))
            vec_push(arena, &said, values.items[i]);
    }
    for (size_t i = 0; before && i < before->len; i++)
        if (!json_get(&after, before->value.members[i].name))
            vec_push(arena, &said, (JsonMember){before->value.members[i].name, json_of_null()});
    vec_push(arena, &said, (JsonMember){STR(".handed"), after});
    vec_push(arena, &said, (JsonMember){STR(".bundle"), json_of_str(bundle->definition->id)});
    vec_push(arena, &said, (JsonMember){STR(".bundleToken"), json_of_str(bundle->token)});
    return defined_keep(ctx, task->definition, &said);
}

Rc bundle_fill(Ctx *ctx, const DefinedDraft *bundle) {
    BundleTasks tasks;
    TRY(bundle_tasks(ctx, bundle, &tasks));
    VEC_EACH (const BundleTask, task, &tasks) {
        if (task->state != BUNDLE_OPEN && task->state != BUNDLE_READY) continue;
        if (!is_begun(bundle, task)) TRY(defined_begin(ctx, task->definition, bundle->channel));
        TRY(hand_on(ctx, bundle, task));
    }
    return RC_OK;
}

/* ---- sending */

static Rc complete(Ctx *ctx, const DefinedDraft *bundle) {
    const FormPage *open = form_next(&bundle->form);
    if (!open && !str_empty(bundle->token)) return RC_OK;
    return ctx_fail(ctx, RC_INVALID, "incomplete", open ? open->id : STR_NONE,
                    "An answer is missing or wrong: go through the questions again.");
}

/* All is sent that can be: what remains is told, and forgotten with the rest. */
static Rc finish(Ctx *ctx, const DefinedDraft *bundle) {
    const Json *sent;
    TRY(sent_load(ctx, bundle->definition, &sent));
    Json kept = sent ? *sent : json_of_members(NULL, 0);
    TRY(defined_sent(ctx, bundle));
    return sent_save(ctx, bundle->definition, kept);
}

/* It is asked once for all parts, and said before any of them is sent. */
static Rc notice_pass(Ctx *ctx, const DefinedDraft *bundle, BundleTasks *tasks) {
    VEC_EACH (BundleTask, task, tasks) {
        task->draft.notice = bundle->notice;
        task->draft.unconfirmed = bundle->unconfirmed;
        bool asked = task->state == BUNDLE_READY && letters_asked(ctx, &task->draft.form);
        if (asked && !letters_delivery_good(bundle->notice))
            return ctx_fail(ctx, RC_INVALID, "no-notice", STR("notice"),
                            "Say whether letters are to come electronically or on paper.");
    }
    return RC_OK;
}

Rc bundle_send(Ctx *ctx, const DefinedDraft *bundle, BundleSending *out) {
    BundleTasks tasks;
    Receipt receipt;
    *out = (BundleSending){0};
    TRY(complete(ctx, bundle));
    TRY(bundle_tasks(ctx, bundle, &tasks));
    TRY(notice_pass(ctx, bundle, &tasks));
    VEC_EACH (const BundleTask, task, &tasks) {
        out->open += task->state == BUNDLE_OPEN;
        out->sent += task->state == BUNDLE_SENT;
        if (task->state != BUNDLE_READY) continue;
        out->failed = task;
        TRY(sending_add(ctx, bundle->definition, task));
        TRY(defined_send(ctx, &task->draft, &receipt));
        out->failed = NULL;
        out->sent++;
    }
    return out->sent && !out->open ? finish(ctx, bundle) : RC_OK;
}

Rc bundle_receipts(Ctx *ctx, const DefinedDraft *bundle, BundleReceipts *out) {
    const Json *sent;
    *out = (BundleReceipts){0};
    TRY(sent_load(ctx, bundle->definition, &sent));
    for (size_t i = 0; sent && i < sent->len; i++) {
        const JsonMember *one = &sent->value.members[i];
        BundleReceipt row = {.definition =
                                 catalogue_newest(procedures_catalogue(ctx->tenant), one->name)};
        TRY(token_of(ctx, json_str(&one->value), &row.receipt.token));
        if (str_empty(row.receipt.token) || !row.definition) continue;
        row.receipt.id = apply_case_id(ctx->arena, row.receipt.token);
        TRY(send_again(ctx, &row.receipt));
        vec_push(ctx->arena, out, row);
    }
    return RC_OK;
}

/* ---- lint */

/* Why a procedure can be no part; NULL: it can. */
static const char *const *unfit(const Definition *there) {
    static const char
        *const none[] = {"The city has no such procedure for residents.",
                         "住民向けのこの手続きがありません。"},
               *const nested[] = {"A bundle is no part of a bundle.",
                                  "まとめての手続きを、別のまとめてには入れられません。"},
               *const room[] = {"Who books by a waiting room waits there alone: it "
                                "is no part of a bundle.",
                                "待合室のある予約は、まとめての手続きに入れられません。"};
    if (!there || there->inside) return none;
    if (there->parts.len) return nested;
    bool waits = there->reservation && there->reservation->mode == RESERVE_RANDOM_ORDER;
    return waits ? room : NULL;
}

static void part_lint(Ctx *ctx, const BundlePart *part, const Definition *there,
                      DefinitionFindings *out) {
    Str path = str_fmt(ctx->arena, "parts." STR_FMT, STR_ARG(part->procedure));
    const char *const *why = unfit(there);
    if (why) definition_tell(ctx, out, path, why[0], why[1]);
    VEC_EACH (const PartAnswer, one, &part->answers)
        if (!why && !definition_field(there, one->field))
            definition_tell(ctx, out, path, "The procedure doesn't ask for \"" STR_FMT "\".",
                            "この手続きには「" STR_FMT "」の項目がありません。",
                            STR_ARG(one->field));
}

/* What is a part of a bundle stays fit for that. */
static void whole_lint(Ctx *ctx, const Definition *definition, const Definition *bundle,
                       DefinitionFindings *out) {
    if (!bundle || str_eq(bundle->id, definition->id)) return;
    VEC_EACH (const BundlePart, part, &bundle->parts)
        if (str_eq(part->procedure, definition->id) && unfit(definition))
            definition_tell(
                ctx, out, STR("parts"),
                "\"" STR_FMT "\" applies for this procedure: take it out there first.",
                "「" STR_FMT
                "」がこの手続きをまとめて申請しています。先にそちらから外してください。",
                STR_ARG(bundle->id));
}

void bundle_lint(Ctx *ctx, const Definition *definition, const Catalogue *catalogue,
                 DefinitionFindings *out) {
    StrVec ids = {0};
    VEC_EACH (const BundlePart, part, &definition->parts) {
        bool own = str_eq(part->procedure, definition->id);
        part_lint(ctx, part, own ? definition : catalogue_newest(catalogue, part->procedure), out);
    }
    if (!unfit(definition)) return;
    catalogue_ids(ctx->arena, catalogue, &ids);
    VEC_EACH (const Str, id, &ids)
        whole_lint(ctx, definition, catalogue_newest(catalogue, *id), out);
}

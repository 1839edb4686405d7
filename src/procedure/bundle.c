#include "procedure_int.h"

/* Of the bundle's draft: {procedure: token} of what is being sent or was. It is written before:
   what of it is a case, the ledger knows, whatever became of the draft. */
#define PARTS STR(".parts")

static Date today(const Ctx *ctx) {
    return time_jst_date(time_now(ctx->clock));
}

/* ---- what was sent */

static Rc sent_load(Ctx *ctx, const Definition *bundle, const Json **out) {
    const Json *draft;
    Str name = str_fmt(ctx->arena, STR_FMT "/" STR_FMT, STR_ARG(bundle->id), STR_ARG(PARTS));
    TRY(draft_load(ctx, ctx->actor->browser, &draft));
    *out = json_get(draft, name);
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

static const Definition *in_force(const Ctx *ctx, const BundlePart *part) {
    return catalogue_current(procedures_catalogue(ctx->tenant), part->procedure, today(ctx));
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
    const Entity *application;
    *out = STR_NONE;
    if (str_empty(token)) return RC_OK;
    Rc rc = ledger_entity(ctx, ctx->tenant->ledger, apply_case_id(ctx->arena, token), &application);
    if (rc == RC_OK) *out = token;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static BundleState state_of(Ctx *ctx, const BundleTask *task, Str channel) {
    if (!str_empty(task->token)) return BUNDLE_SENT;
    if (!may_begin(ctx, task->definition, channel)) return BUNDLE_SIGN_IN;
    bool open = str_empty(task->draft.token) || form_next(&task->draft.form);
    return open ? BUNDLE_OPEN : BUNDLE_READY;
}

Rc bundle_tasks(Ctx *ctx, const DefinedDraft *bundle, BundleTasks *out) {
    const Json *sent;
    *out = (BundleTasks){0};
    TRY(sent_load(ctx, bundle->definition, &sent));
    VEC_EACH (const BundlePart, part, &bundle->definition->parts) {
        BundleTask task = {.part = part, .definition = in_force(ctx, part)};
        if (!task.definition || !form_holds(ctx, &bundle->form, part->when)) continue;
        TRY(token_of(ctx, json_str(json_get(sent, part->procedure)), &task.token));
        TRY(defined_draft(ctx, task.definition, &task.draft));
        task.state = state_of(ctx, &task, bundle->channel);
        vec_push(ctx->arena, out, task);
    }
    return RC_OK;
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

static void handed(Ctx *ctx, const DefinedDraft *bundle, const BundleTask *task,
                   JsonMembers *said) {
    VEC_EACH (const FormPage, page, &task->definition->pages)
        VEC_EACH (const Field, field, &page->fields) {
            const Json *known = same(&bundle->form, field->from);
            if (known) vec_push(ctx->arena, said, (JsonMember){field->id, *known});
        }
    VEC_EACH (const PartAnswer, one, &task->part->answers) {
        FeelValue value = form_result(ctx, &bundle->form, one->value);
        Json text = typed(ctx->arena, &value);
        if (text.kind != JSON_NULL) vec_push(ctx->arena, said, (JsonMember){one->field, text});
    }
    JsonItems names = {0};
    for (size_t i = 0; i < said->len; i++)
        vec_push(ctx->arena, &names, json_of_str(said->items[i].name));
    vec_push(ctx->arena, said, (JsonMember){STR(".handed"), json_of_items(names.items, names.len)});
    vec_push(ctx->arena, said, (JsonMember){STR(".bundle"), json_of_str(bundle->definition->id)});
}

Rc bundle_fill(Ctx *ctx, const DefinedDraft *bundle) {
    BundleTasks tasks;
    TRY(bundle_tasks(ctx, bundle, &tasks));
    VEC_EACH (const BundleTask, task, &tasks) {
        JsonMembers said = {0};
        if (task->state == BUNDLE_SENT || task->state == BUNDLE_SIGN_IN) continue;
        if (str_empty(task->draft.token))
            TRY(defined_begin(ctx, task->definition, bundle->channel));
        handed(ctx, bundle, task, &said);
        TRY(defined_keep(ctx, task->definition, &said));
    }
    return RC_OK;
}

/* ---- sending */

static Rc ready(Ctx *ctx, const DefinedDraft *bundle, const BundleTasks *tasks,
                const BundleTask **failed) {
    const FormPage *open = form_next(&bundle->form);
    if (open)
        return ctx_fail(ctx, RC_INVALID, "incomplete", open->id,
                        "An answer is missing or wrong: go through the questions again.");
    VEC_EACH (const BundleTask, task, tasks) {
        if (task->state == BUNDLE_SENT || task->state == BUNDLE_READY) continue;
        *failed = task;
        return ctx_fail(ctx, RC_INVALID, "incomplete", task->part->procedure,
                        "A procedure of the bundle isn't complete: go on with it.");
    }
    return RC_OK;
}

Rc bundle_send(Ctx *ctx, const DefinedDraft *bundle, const BundleTask **failed) {
    BundleTasks tasks;
    Receipt receipt;
    const Json *sent;
    *failed = NULL;
    TRY(bundle_tasks(ctx, bundle, &tasks));
    TRY(ready(ctx, bundle, &tasks, failed));
    VEC_EACH (const BundleTask, task, &tasks) {
        if (task->state == BUNDLE_SENT) continue;
        *failed = task;
        TRY(sending_add(ctx, bundle->definition, task));
        TRY(defined_send(ctx, &task->draft, &receipt));
    }
    *failed = NULL;
    TRY(sent_load(ctx, bundle->definition, &sent));
    Json kept = sent ? *sent : json_of_members(NULL, 0);
    TRY(defined_sent(ctx, bundle));
    return sent_save(ctx, bundle->definition, kept);
}

Rc bundle_receipts(Ctx *ctx, const DefinedDraft *bundle, BundleReceipts *out) {
    const Json *sent;
    *out = (BundleReceipts){0};
    TRY(sent_load(ctx, bundle->definition, &sent));
    if (str_empty(bundle->sent)) return RC_OK;
    for (size_t i = 0; sent && i < sent->len; i++) {
        const JsonMember *one = &sent->value.members[i];
        BundleReceipt row = {.definition =
                                 catalogue_newest(procedures_catalogue(ctx->tenant), one->name)};
        row.receipt.token = json_str(&one->value);
        row.receipt.id = apply_case_id(ctx->arena, row.receipt.token);
        TRY(send_again(ctx, &row.receipt));
        vec_push(ctx->arena, out, row);
    }
    return RC_OK;
}

/* ---- lint */

static void part_lint(Ctx *ctx, const BundlePart *part, const Definition *there,
                      DefinitionFindings *out) {
    Str path = str_fmt(ctx->arena, "parts." STR_FMT, STR_ARG(part->procedure));
    if (!there || there->parts.len || there->inside)
        definition_tell(ctx, out, path, "The city has no such procedure for residents.",
                        "住民向けのこの手続きがありません。");
    VEC_EACH (const PartAnswer, one, &part->answers)
        if (there && !definition_field(there, one->field))
            definition_tell(ctx, out, path, "The procedure doesn't ask for \"" STR_FMT "\".",
                            "この手続きには「" STR_FMT "」の項目がありません。",
                            STR_ARG(one->field));
}

void bundle_lint(Ctx *ctx, const Definition *bundle, const Catalogue *catalogue,
                 DefinitionFindings *out) {
    VEC_EACH (const BundlePart, part, &bundle->parts)
        part_lint(ctx, part, catalogue_newest(catalogue, part->procedure), out);
}

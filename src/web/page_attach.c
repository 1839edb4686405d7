/* page_attach: files that belong to answers: taken in with the questions of a page, shown back from
 * the draft, and from the case to those who may see it. */
#include "pages_int.h"

/* ---- as views ---- */

/* "1.2 MB", as telephones and computers show sizes. */
static Str size_text(Arena *arena, int64_t bytes) {
    enum { KB = 1 << 10, MB = 1 << 20 };
    long long tenths = bytes * 10 / MB;
    if (bytes < MB) return str_fmt(arena, "%lld KB", (long long)((bytes + KB - 1) / KB));
    return tenths % 10 ? str_fmt(arena, "%lld.%lld MB", tenths / 10, tenths % 10)
                       : str_fmt(arena, "%lld MB", tenths / 10);
}

static void files_set(View *view, const Attachments *files, Str base) {
    JsonItems items = {0};
    VEC_EACH (const Attachment, file, files) {
        View one = view_new(view->arena);
        bool gone = str_empty(file->file);
        view_str(&one, "id", file->file);
        view_str(&one, "name", file->name);
        view_str(&one, "size", size_text(view->arena, file->bytes));
        view_bool(&one, "photo", media_is_photo(media_of_type(file->type)));
        view_bool(&one, "gone", gone);
        view_str(&one, "url",
                 gone || str_empty(base) ? STR_NONE
                                         : str_fmt(view->arena, STR_FMT "/files/" STR_FMT,
                                                   STR_ARG(base), STR_ARG(file->file)));
        vec_push(view->arena, &items, view_value(&one));
    }
    view_items(view, "files", &items);
}

void page_files(View *view, const FormAnswer *answer, Str base) {
    Attachments files;
    form_attachments(view->arena, answer, &files);
    files_set(view, &files, base);
}

void page_files_of(View *view, const Json *said, Str base) {
    Attachments files;
    attachments_of(view->arena, said, &files);
    files_set(view, &files, base);
}

static const char *accept_of(unsigned accept) {
    static const char *const types[] = {[ACCEPT_PHOTO] = "image/jpeg,image/png,image/webp",
                                        [ACCEPT_DOCUMENT] = "application/pdf",
                                        [ACCEPT_PHOTO | ACCEPT_DOCUMENT] =
                                            "image/jpeg,image/png,image/webp,application/pdf"};
    return types[accept];
}

void page_accept(View *view, unsigned accept, int64_t most, const AttachLimits *limits) {
    view_str(view, "accept", accept ? str_of(accept_of(accept)) : STR_NONE);
    view_bool(view, "photos", (accept & ACCEPT_PHOTO) != 0);
    view_bool(view, "documents", (accept & ACCEPT_DOCUMENT) != 0);
    view_int(view, "most", most);
    view_str(view, "size", size_text(view->arena, limits->file));
}

void page_file_field(View *view, const FormAnswer *answer, const AttachLimits *limits, Str base) {
    const Field *field = answer->field;
    int64_t most = field_most(field);
    Attachments files;
    form_attachments(view->arena, answer, &files);
    page_files(view, answer, base);
    page_accept(view, field->accept, most, limits);
    view_bool(view, "more", (int64_t)files.len < most);
}

/* ---- taking them in ---- */

/* A question while its files come and go. */
typedef struct Taking {
    Ctx *ctx;
    const HttpForm *form;
    const FormAnswer *answer;
    Attachments files, removed;
    size_t others; /* files of other questions */
    FileFaults *faults;
} Taking;

static size_t files_elsewhere(Arena *arena, const Form *form, const FormAnswer *answer) {
    size_t n = 0;
    for (size_t i = 0; i < form->n; i++) {
        Attachments files;
        const FormAnswer *other = &form->answers[i];
        if (other->field == answer->field || other->field->kind != FIELD_FILE) continue;
        form_attachments(arena, other, &files);
        n += files.len;
    }
    return n;
}

static void files_remove(Taking *taking) {
    Str remove = http_form_value(taking->form, "remove");
    Attachments before = taking->files;
    taking->files = (Attachments){0};
    VEC_EACH (const Attachment, file, &before) {
        bool gone = str_empty(file->file) || str_eq(file->file, remove);
        vec_push(taking->ctx->arena, gone ? &taking->removed : &taking->files, *file);
    }
}

/* A refusal is about this file alone; what went wrong besides isn't. */
static Rc file_add(Taking *taking, const HttpField *sent) {
    Ctx *ctx = taking->ctx;
    Attachment added;
    AttachWish wish = {.field = taking->answer->field,
                       .name = sent->file_name,
                       .bytes = sent->value,
                       .have = taking->files.len,
                       .all = taking->files.len + taking->others};
    Rc rc = attach_add(ctx, draft_whose(ctx), &wish, &added);
    if (rc == RC_OK) vec_push(ctx->arena, &taking->files, added);
    if (rc == RC_OK || !attach_refused(ctx, rc)) return rc;
    FileFault fault = {taking->answer->field, attach_name(ctx->arena, sent->file_name),
                       str_z(ctx->arena, ctx->error.code)};
    vec_push(ctx->arena, taking->faults, fault);
    ctx->error = (Error){0};
    return RC_OK;
}

static Rc files_add(Taking *taking) {
    VEC_EACH (const HttpField, sent, taking->form) {
        bool chosen = sent->file_name.len || sent->value.len;
        if (chosen && sent->file_name.ptr && str_eq(sent->name, taking->answer->field->id))
            TRY(file_add(taking, sent));
    }
    return RC_OK;
}

Rc page_files_take(Ctx *ctx, const Form *answers, const FormAnswer *answer, const HttpForm *form,
                   FileTaken *out) {
    Taking taking = {.ctx = ctx, .form = form, .answer = answer, .faults = &out->faults};
    JsonItems items = {0};
    taking.others = files_elsewhere(ctx->arena, answers, answer);
    form_attachments(ctx->arena, answer, &taking.files);
    files_remove(&taking);
    TRY(files_add(&taking));
    TRY(attach_forget(ctx, draft_whose(ctx), &taking.removed));
    VEC_EACH (const Attachment, file, &taking.files)
        vec_push(ctx->arena, &items, attachment_json(ctx->arena, file));
    out->said = items.len ? json_of_items(items.items, items.len) : json_of_null();
    return RC_OK;
}

static void answer_faults(Arena *arena, FormAnswer *answer, const FileFaults *faults) {
    StrVec names = {0};
    const char *code = NULL;
    VEC_EACH (const FileFault, fault, faults) {
        if (fault->field != answer->field) continue;
        vec_push(arena, &names, fault->name);
        bool same = !code || str_eq(str_of(code), str_of(fault->code));
        code = same ? fault->code : "several";
    }
    if (!code) return;
    answer->fault = code;
    answer->about = str_join(arena, names.items, names.len, STR(", "));
}

void page_files_faults(Arena *arena, Form *form, const FileFaults *faults) {
    for (size_t i = 0; i < form->n; i++)
        answer_faults(arena, &form->answers[i], faults);
}

/* ---- showing one ---- */

/* Nothing in it may run, be taken for something else, or be kept by others than who asked. */
static void file_answer(HttpExchange *x, const Attachment *file, Str bytes) {
    Ctx *ctx = http_ctx(x);
    bool photo = media_is_photo(media_of_type(file->type));
    Str name = http_url_encode(ctx->arena, file->name);
    http_set_header(x, "Content-Disposition",
                    str_fmt(ctx->arena, "%s; filename*=UTF-8''" STR_FMT,
                            photo ? "inline" : "attachment", STR_ARG(name)));
    http_set_header(x, "X-Content-Type-Options", STR("nosniff"));
    http_set_header(x, "Content-Security-Policy", STR("default-src 'none'; sandbox"));
    http_set_header(x, "Cross-Origin-Resource-Policy", STR("same-origin"));
    http_set_header(x, "Cache-Control", STR("private, max-age=300"));
    http_answer(x, 200, file->type, bytes);
}

static Rc no_file(Ctx *ctx, Str id) {
    return ctx_fail(ctx, RC_NOT_FOUND, "no-file", id, "There is no such file.");
}

static bool file_among(Arena *arena, const FormAnswer *answer, Str id, Attachment *out) {
    Attachments files;
    if (answer->field->kind != FIELD_FILE) return false;
    form_attachments(arena, answer, &files);
    VEC_EACH (const Attachment, file, &files)
        if (str_eq(file->file, id) && !str_empty(id)) {
            *out = *file;
            return true;
        }
    return false;
}

static Rc draft_file(Ctx *ctx, const Definition *definition, Str id, Attachment *file, Str *bytes) {
    DefinedDraft draft;
    if (!definition) return no_file(ctx, id);
    TRY(defined_draft(ctx, definition, &draft));
    for (size_t i = 0; i < draft.form.n; i++)
        if (file_among(ctx->arena, &draft.form.answers[i], id, file))
            return attach_draft(ctx, draft_whose(ctx), id, bytes);
    return no_file(ctx, id);
}

static void draft_file_get(HttpExchange *x) {
    Ctx *ctx = http_ctx(x);
    Attachment file;
    Str bytes;
    Date today = time_jst_date(time_now(ctx->clock));
    const Definition *definition = catalogue_current(procedures_catalogue(ctx->tenant),
                                                     http_path_param(x, "procedure"), today);
    if (draft_file(ctx, definition, http_path_param(x, "file"), &file, &bytes) == RC_OK)
        file_answer(x, &file, bytes);
    else
        page_fail(x);
}

/* What the case names and the disk doesn't have is the city's fault, not who asks's. */
static Rc stored_file(Ctx *ctx, const Attachment *file, Str *bytes) {
    Digest id;
    if (!hash_digest_of(ctx->arena, file->file, &id)) return no_file(ctx, file->file);
    Rc rc = ledger_attached(ctx, ctx->tenant->ledger, &id, bytes);
    bool missing = rc == RC_NOT_FOUND && str_eq(ctx->error.code, STR("attachment-missing"));
    if (!missing && rc != RC_FAILED) return rc;
    log_error("web", "an attached file can't be shown: " STR_FMT, STR_ARG(ctx->error.detail));
    return ctx_fail(ctx, RC_FAILED, "attachment-missing", file->file,
                    "This file can't be shown: it is missing or damaged. The fault was logged.");
}

Rc page_file_send(HttpExchange *x, const Attachment *file) {
    Str bytes;
    TRY(stored_file(http_ctx(x), file, &bytes));
    file_answer(x, file, bytes);
    return RC_OK;
}

/* What has been corrected stays beside what is answered now. */
static bool corrected_file(Ctx *ctx, const Entity *application, Str id, Attachment *file) {
    Correcteds done;
    correct_done(ctx, application, &done);
    VEC_EACH (const Corrected, one, &done)
        VEC_EACH (const CorrectedAnswer, answer, &one->answers)
            if (file_among(ctx->arena, &answer->before, id, file) ||
                file_among(ctx->arena, &answer->after, id, file))
                return true;
    return false;
}

/* application: as who asks may see it. */
static Rc answer_file(Ctx *ctx, const Entity *application, Str id, Attachment *file) {
    Definitions versions;
    versions_of(ctx, application, &versions);
    for (size_t i = versions.len; i-- > 0;) {
        VEC_EACH (const FormPage, page, &versions.items[i]->pages)
            VEC_EACH (const Field, field, &page->fields) {
                FormAnswer answer;
                if (defined_answer(ctx->arena, application, field, &answer) &&
                    file_among(ctx->arena, &answer, id, file))
                    return RC_OK;
            }
    }
    return corrected_file(ctx, application, id, file) ? RC_OK : no_file(ctx, id);
}

Rc page_file_show(HttpExchange *x, const Entity *application, bool found) {
    Ctx *ctx = http_ctx(x);
    Attachment file;
    Str id = http_path_param(x, "file");
    Rc rc = answer_file(ctx, application, id, &file);
    if (rc == RC_NOT_FOUND && !page_thread_withheld(ctx, application, found))
        rc = thread_file(ctx, application, id, &file);
    TRY(rc);
    return page_file_send(x, &file);
}

static void case_file_get(HttpExchange *x) {
    const Entity *application;
    CasePlace place;
    Rc rc = page_held(x, &application, &place, WHAT_FILE);
    if (rc == RC_OK) rc = page_file_show(x, application, place.until != 0);
    if (rc != RC_OK) page_fail(x);
}

const HttpAnswer page_file_answers[] = {{200, "image/jpeg", NULL},
                                        {200, "image/png", NULL},
                                        {200, "image/webp", NULL},
                                        {200, "application/pdf", NULL},
                                        PAGE_FAULT(400),
                                        PAGE_FAULT(409),
                                        PAGE_FAULTS,
                                        {0, NULL, NULL}};

#define FILE_ROW(path, get, access, tag)                                                           \
    {                                                                                              \
        HTTP_GET, path "/files/{file}", get, HTTP_POOL, 0, access, tag, "An attached file", NULL,  \
            NULL, page_file_answers                                                                \
    }

const HttpRoute page_attach_rows[] = {
    FILE_ROW("/procedures/{procedure}", draft_file_get, GATE_PUBLIC, "Procedures"),
    FILE_ROW("/c/{token}", case_file_get, GATE_PUBLIC, "Cases"),
    FILE_ROW("/my/cases/{case}", case_file_get, GATE_RESIDENT, "Cases"),
    FILE_ROW("/staff/cases/{number}", case_file_get, PAGE_OFFICE, "Office"),
};
ROWS(page_attach_count, page_attach_rows);

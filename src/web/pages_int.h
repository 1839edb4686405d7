/* pages_int: what the page handlers share. */
#ifndef WEB_PAGES_INT_H
#define WEB_PAGES_INT_H

#include "pages.h"

#include "insight/insight.h"
#include "procedure/procedure.h"

/* A form with files: as many as a question takes on one page, in reason. */
enum { PAGE_UPLOAD_MAX = 48 << 20 };
enum { PAGE_FORM_MAX = 1 << 16, PAGE_PATH_MAX = 2000, CONDITION_MAX = 4096 };

/* ---- what routes answer ---- */
#define PAGE_HTML(status)                                                                          \
    { status, "text/html", NULL }
/* The city's own officials who see to cases; and with them a contractor, who sees no other case
   than its own: for pages that show nothing but what the gate shows of the cases of a post. */
#define PAGE_CITY                                                                                  \
    (GATE_STAFF | 1u << (GATE_ROLE_SHIFT + ROLE_CLERK) | 1u << (GATE_ROLE_SHIFT + ROLE_CHIEF))
#define PAGE_OFFICE        (PAGE_CITY | 1u << (GATE_ROLE_SHIFT + ROLE_CONTRACTOR))
#define PAGE_FAULT(status) PAGE_HTML(status), HTTP_PROBLEM(status)
/* Whatever is asked for: sign in first, not yours, not there, erased, too often, not now; a name
 * that the city does not answer to. */
#define PAGE_FAULTS                                                                                \
    PAGE_FAULT(403), PAGE_FAULT(404), PAGE_FAULT(410), PAGE_FAULT(422), PAGE_FAULT(429),           \
        PAGE_FAULT(500), PAGE_FAULT(503), {303, NULL, NULL}, {                                     \
        421, "text/plain", NULL                                                                    \
    }
#define PAGE_ANSWERS(name, ...)                                                                    \
    static const HttpAnswer name[] = {__VA_ARGS__, PAGE_FAULTS, {0, NULL, NULL}}
extern const HttpAnswer page_shown[];  /* a page */
extern const HttpAnswer page_posted[]; /* 303 to the next page, or the form again with its faults */

/* A row of a page, and of a form that is sent to one; handlers run on the pool. */
#define PAGE_SHOW(path, access, tag, get, what)                                                    \
    { HTTP_GET, path, get, HTTP_POOL, 0, access, tag, what, NULL, NULL, page_shown }
#define PAGE_SEND(path, access, tag, post, what)                                                   \
    {                                                                                              \
        HTTP_POST, path, post, HTTP_POOL, PAGE_FORM_MAX, (access) | GATE_FORM, tag, what, NULL,    \
            NULL, page_posted                                                                      \
    }

/* ---- building a view ---- */
typedef struct View {
    Arena *arena;
    JsonMembers members;
} View;

View view_new(Arena *arena);
void view_set(View *view, const char *name, Json value);
void view_null(View *view, const char *name);
void view_str(View *view, const char *name, Str value); /* empty: null */
void view_int(View *view, const char *name, int64_t value);
void view_instant(View *view, const char *name, int64_t at); /* TIME_NONE: null */
void view_bool(View *view, const char *name, bool value);
void view_json(View *view, const char *name, const Json *value); /* NULL: null */
void view_items(View *view, const char *name, const JsonItems *items);
Json view_value(const View *view);
/* {"ja": .., "en": ..} */
Json view_text(Arena *arena, Str ja, Str en);

/* The page's view with its `site`: city, path, language, user, csrf, sandbox, notice, nav. */
View page_view(HttpExchange *x);
/* The same with a `notice` above the page: {kind, text}. */
View page_view_saying(HttpExchange *x, Json notice);
/* Begins a draft: null, or the channel of an entry for somebody else. */
void page_bulky_begin(HttpExchange *x, Json channel);
/* The page of the first question that is open. */
/* The last part of the path of its n-th page of questions, from 1; empty past the last. */
Str page_bulky_step(int64_t step);
Str page_bulky_open(Ctx *ctx, const Answers *answers);
/* What the pages of such a draft say above everything; null on the browser's own. */
Json page_entry_notice(const Ctx *ctx, const Json *draft);
/* The channel of a draft that a clerk enters for a caller or visitor: "phone" or "counter"; empty:
 * it is the browser's own. */
Str page_entering(const Ctx *ctx, const Json *draft);
/* The page on which an actor's work begins: where the brand of the office leads. */
const char *page_home_of(HttpExchange *x, const Actor *actor);
/* Renders and answers. */
void page_show(HttpExchange *x, int status, WebPage page, View *view);
/* The status that an error is answered with. */
int page_status(const Error *error);
/* Draws ctx->error as a page. */
void page_fail(HttpExchange *x);
/* An address that can stand in a header: no blanks or control characters, at most PAGE_PATH_MAX
 * bytes. */
bool page_path_ok(Str path);
/* 303 after a form; to the front door when the address cannot stand in a header. */
void page_see(HttpExchange *x, Str location);
void page_crumb(View *view, Str ja, Str en, Str url);
void page_crumb_to(View *view, Json label, Str url);

const PagesOptions *pages_options(const HttpExchange *x);
/* organisation.json of the municipality that is asked; NULL: none. */
const Json *page_organisation(HttpExchange *x);
/* Its name, as a text. */
Json page_city(HttpExchange *x);
/* Sets what its `contact` says of `name`: "phone", or "hours", in which that is answered. */
void page_contact(HttpExchange *x, View *view, const char *name);
/* "環境課 窓口係" as residents see an official: the post's title in both languages; never a name.
 */
Json page_post(HttpExchange *x, Str post);
/* A division's name; its id where the city has none such any more. */
Json page_division(HttpExchange *x, Str id);
/* What a meeting is called: in both languages while the city has such a series. */
struct Meeting;
struct MeetYear;
Json page_meeting_name(Ctx *ctx, const struct Meeting *meeting);
/* The fiscal year that the address asks for; 0: none. */
int page_year(HttpExchange *x);
/* `years` and `more` of a list of meetings at this address. */
void page_meeting_years(View *view, const struct MeetYear *year, const char *url);
/* An account's name in both languages, where the organisation knows them. */
Json page_name(HttpExchange *x, Str name);
/* An official's name for who works beside him, or takes over from him; null where his account is no
 * more. */
Json page_holder_name(HttpExchange *x, const GateHolders *holders, Str account);
/* `proof` of a leaf, as the component shows it; its path of hashes in *out, NULL while no
 * checkpoint covers it. out NULL: not asked for. */
Rc page_proof(Ctx *ctx, uint64_t position, View *view, const Json **out);
/* What a page shows of a person, as the look says it: kept in Japanese, told in both languages. */
typedef enum PageWhat {
    WHAT_INBOX,
    WHAT_SEEK,
    WHAT_CASE,
    WHAT_RECEIPT,
    WHAT_ROUND,
    WHAT_REDUCTION,
    WHAT_PLAN,
    WHAT_DECISION,
    WHAT_REPORTER,
    WHAT_FILE,
    WHAT_LETTER,
    WHAT_PREPARED,
    WHAT_THREAD,
    WHAT_SHELF,
    WHAT_TABLET,
    WHAT_OWNER,
    WHAT_RECOVERED,
    WHAT_OPENED,
    PAGE_WHATS
} PageWhat;
Str page_what(PageWhat what);
/* Looks as the component shows them. */
void page_looks(HttpExchange *x, View *view, const Looks *looks);
/* Waiting proposals by a condition, whole: who shows one masks it before. */
Rc page_proposals(Ctx *ctx, Str condition, ProjectAnswer *out);
/* What of a proposal this official may see, its contents among it; RC_DENIED says what is missing.
 */
Rc page_proposal_view(Ctx *ctx, const Entity **decision);
/* What a page shows, for its look. */
typedef VEC(const Entity *) PageSeen;
/* Adds the cases that were taken out of a proposal: its contents still tell number and reason, but
 * it no longer lists them. contents NULL, or a case that has gone: nobody is told of. */
Rc page_seen_out(Ctx *ctx, const Json *contents, PageSeen *seen);
/* What an official looks at proposals for. */
Str page_decide_purpose(const Ctx *ctx);
/* Does what the form of a proposal says: approve, return, reject, withdraw. */
Rc page_decide_form(HttpExchange *x, const HttpForm *form, Str id);
/* More has to be said than such a form asks: on the decision's own page. */
bool page_decide_further(const Ctx *ctx, Rc rc);
/* A fault that belongs to the form; false: to an error page. */
bool page_decide_fault(Ctx *ctx, Rc rc, Faults *faults);
/* Who decides confirms who he is before he sees the form: RC_DENIED "needs-step-up". */
Rc page_confirm_first(Ctx *ctx, const Entity *decision);
/* Whether a decision is about a move of a definition: no other kind has a page of its own. */
bool page_is_matter(const Entity *decision);
/* Its title in both languages. */
Json page_decision_title(Arena *arena, const Entity *decision);
/* `stages`: who proposed a decision and each stage of its route, as the component `route` shows it.
 */
Rc page_stages(HttpExchange *x, const Entity *decision, View *view);
/* The same, and what whoever looks may do: `acts`, `turns`, `withdraws`, `amends`, `pulls_up`,
 * `adds`, `confirm` (where he confirms his identity first). */
Rc page_route_acts(HttpExchange *x, const Entity *decision, const HttpForm *form, View *view);
/* The same of the whole, for the pages of one kind: what is the drafter's, and deciding it as its
 * decider. */
typedef struct PageMay {
    bool drafts, decides;
} PageMay;
Rc page_route_may(Ctx *ctx, const Entity *decision, PageMay *out);
/* Of approving, returning and rejecting what ctx's actor may do on the stage that is his by a form
   that asks for an opinion alone (bits 1 << RouteVerb): else the proposal's page asks for more. */
Rc page_route_plain(Ctx *ctx, const Entity *decision, unsigned *verbs);
/* Does what a form on such a page says; and the fault that belongs to it, false: to an error page.
 */
/* What the post of who asks was told of a proposal (notice.h) and hasn't read: what, by, at, url
   and seen; what is null: nothing. */
Rc page_told_set(HttpExchange *x, View *view, const Entity *decision);
/* `dropped`, `told` and `back`: proposals of which who asks is told; what is shown of a person
   joins the look of the page. */
Rc page_news_set(HttpExchange *x, View *view, PageSeen *seen);
/* `corrections`: what was declared a minor correction of a proposal, by whom, old beside new. */
Rc page_corrections_set(HttpExchange *x, View *view, const Entity *decision);
/* What its drafter may change of a proposal, as it stands or as he sent it (form; NULL: he didn't);
   null: nothing here. Handing it in; what was wrong with that, at the fields. */
Rc page_amend_value(Ctx *ctx, const Entity *decision, const HttpForm *form, Json *out);
Rc page_amend_do(Ctx *ctx, const Entity *decision, const HttpForm *form);
bool page_amend_fault(Ctx *ctx, Rc rc, Faults *faults);
Rc page_route_do(HttpExchange *x, const Entity *decision, const HttpForm *form);
bool page_route_fault(Ctx *ctx, Rc rc, Faults *faults);
/* `how` of an act that isn't the holder's own. */
void page_how_set(View *view, OrgHow how);
/* A condition on proposals: a stage of the actor's post is due. */
void page_waits_for(Ctx *ctx, Buf *condition);
/* An article of a law or ordinance in both languages; one that cites otherwise, as it is. */
Json page_article(Arena *arena, Str ja);
/* A purpose's code as people read it. */
Json page_purpose(HttpExchange *x, Str code);
/* Error of a fault list as the template wants it: field to "field.code". */
void page_faults(View *view, const Faults *faults);
/* The same, where the fault of one code ("due.late") is told by a text that names something. */
void page_faults_saying(View *view, const Faults *faults, const char *code, Json text);

/* ---- who comes in: page_account, page_keys, page_passkey ---- */
/* The page of the password, the one that asks for it once more, and that of one's sign-ins; faults
   may be NULL. */
void page_sign_in(HttpExchange *x, int status, Str account, const Faults *faults);
/* Says when a password may be tried again. login: empty for whoever is signed in. */
void page_retry_after(HttpExchange *x, Str login);
void page_step_up(HttpExchange *x, int status, const Faults *faults);
void page_account(HttpExchange *x, int status, const Faults *faults);
/* On to where was asked for, with the session's cookie. */
void page_signed_in(HttpExchange *x, Str next, Str token);
/* The same for whoever was signed in already. token: another one of his session; empty: it has kept
   its own. */
void page_go_on(HttpExchange *x, Str next, Str token);
/* `next`, where it is a path of our own. */
Str page_own_path(Str next, const char *otherwise);
/* `offer`: by which the page's script asks for a passkey; null: here none works. */
Rc page_passkey_offer(HttpExchange *x, GatePasskeyUse use, View *view);
/* `passkeys` of who is signed in; `passkeys_here`: they work under this Host; `confirm`: where he
   confirms who he is before he adds one; `offer` to add one; `values` of the form. */
Rc page_passkeys(HttpExchange *x, View *view);
/* `held`: of who confirms by a passkey alone, under which names his are, and the login by which the
   counter finds his account; null: he has none. */
Rc page_passkey_held(HttpExchange *x, View *view);

/* page_outside.c: `providers` by which one may come in; those by which who is signed in may confirm
   who he is; `outsides`, those that he has linked, with `providers` that he may yet. */
void page_providers(HttpExchange *x, View *view);
Rc page_providers_linked(HttpExchange *x, View *view);
Rc page_outsides(HttpExchange *x, View *view);
/* page_mail.c: `mail`, the address to which who is signed in is told that there is news. */
Rc page_mail(HttpExchange *x, View *view);
/* page_code.c: `code_until`, until when a code of the counter waits for who is signed in; null:
 * none.
 */
Rc page_code_waits(HttpExchange *x, View *view);
/* A provider in both languages; null: no id, or it is none any more. */
Json page_provider_label(HttpExchange *x, Str id);
/* Where one was on the way to who comes back from a provider; empty on every other page. */
Str page_outside_next(HttpExchange *x);

/* Where something is put out: a usual place in every language, somebody's own words as they are;
 * null: it was not said. */
Json page_place(HttpExchange *x, Str place);
/* Where a case was asked for. */
typedef struct CasePlace {
    Str base;
    int64_t until; /* a found case: when its address ends; 0: it stays */
    bool office;   /* an official looks, for the caller or visitor before him */
} CasePlace;
/* The case of the address, as who asks may see it; an official's look is recorded. RC_NOT_FOUND. */
Rc page_held_case(HttpExchange *x, const Entity **out, CasePlace *place);
/* The same, where something else of it is shown. */
Rc page_held(HttpExchange *x, const Entity **out, CasePlace *place, PageWhat what);
/* What an official looks at a case for. */
Str page_check_purpose(const Ctx *ctx, const Entity *application);
/* `until` of a found case, which is reachable for a while only. */
void page_until(View *view, const CasePlace *place);
/* `looks` at the person of a case; `keep_url`, `keep_sign_in`: how who holds the address takes it
 * into his account. */
Rc page_case_looks(HttpExchange *x, View *view, const Entity *application);
/* `remedies` against a refusal, as they were told then. */
void page_remedies(View *view, const Entity *application);
Json page_remedy(Arena *arena, const Json *told); /* one of them */
Rc page_keep(HttpExchange *x, View *view, const Entity *application, const CasePlace *place);

/* ---- procedures that are definitions ---- */
/* The procedure of the address as it is in force; NULL: it has answered. */
const Definition *page_procedure_asked(HttpExchange *x);
Str page_procedure_url(Arena *arena, const Definition *definition, const char *rest);
/* page_procedure.c: the list, and what one is. */
void page_procedures_get(HttpExchange *x);
void page_procedure_get(HttpExchange *x);
/* An error of beginning one: more has to be shown, or made sure of him. */
bool page_identity_low(const Error *error);
/* Begins a draft of one and leads to its first question. ticket: of the waiting room that let him
   in; empty: there is none. */
void page_procedure_begin(HttpExchange *x, const Definition *definition, Str channel, Str ticket);
/* What the pages of an entry for somebody else say above everything; null on one's own. */
Json page_channel_notice(const Ctx *ctx, Str channel);
/* `fields` of a page (NULL: of all) as the component `answer` asks them; `errors` of those that are
   wrong. files: the address under which files of the draft are; empty: none are taken in. */
void page_fields(HttpExchange *x, View *view, const Form *form, const FormPage *page, Str files);
void page_field_faults(HttpExchange *x, View *view, const Form *form, const FormPage *page);
/* The same of all pages, in an `errors` under way. */
void page_faults_of(HttpExchange *x, View *errors, const Form *form);
/* What a form said to a question, as a draft keeps it: null where it said nothing. Files aside. */
Json page_field_said(Arena *arena, const HttpForm *form, const Field *field);
/* page_correct.c: `fields` of a move that may ask for a correction, as the office marks them (form:
   what it sent before, or NULL); nothing is set of another move. */
typedef struct PageMarks {
    const Entity *application;
    const DefinedMove *move;
    const HttpForm *form;
} PageMarks;
void page_correct_marks(HttpExchange *x, View *view, const PageMarks *marks);
/* What the office marked. */
void page_correct_said(Arena *arena, const HttpForm *form, CorrectFields *out);
/* `asks` of what is to be corrected now, and `correct`, the address at which who acts does it; the
   move by which it is answered, NULL: nothing is to be corrected. */
const DefinedMove *page_correct_asked(HttpExchange *x, View *view, const Entity *application,
                                      Str base);
/* `corrections` of a case, old beside new. base: its address, under which its files are. */
void page_corrections(HttpExchange *x, View *view, const Entity *application, Str base);
/* `step` and `steps` of a form: the pages that are asked of this person, and the check at the end
 * (here NULL). */
void page_form_steps(View *view, const Form *form, const FormPage *here);
/* The rule that one of defined_found or frozen contents is about, as the version by which it was
   judged says it; `first` where none is named. NULL: none. */
const DefinedRule *page_found_rule(const Ctx *ctx, const Definition *first, const Json *found,
                                   bool checks);
/* What is checked before it is sent: `sections` (base: the address of a page's questions, but for
 * its id; files: that of its files, or empty), `warnings`, `priced`, `fee`, `fee_day`. */
Rc page_form_check(HttpExchange *x, View *view, const Form *form, Str base, Str files);
/* Where a draft goes on: the first question that is open, or the check (of its bundle, if it is of
 * one). */
Str page_draft_url(Arena *arena, const DefinedDraft *draft);
/* page_bundle.c: `parts` on the page of a procedure; the check of a bundle, whose own answers and
   `errors` are in the view; what was sent. */
void page_bundle_parts(HttpExchange *x, View *view, const Definition *definition);
void page_bundle_check(HttpExchange *x, View *view, const DefinedDraft *draft, int status);
/* `notice`: whether it is asked how letters are to come; `way`: what was said of that. */
void page_notice(View *view, bool asked, Str way);
/* page_tablet.c: what of a refused check is told on its page, and its `errors`. */
bool page_check_told(const Error *error);
void page_check_faults(View *view, const Error *error);
/* Drafts that are confirmed and sent together; about: which one they belong to. */
typedef struct TabletCheck {
    const DefinedDraft *about;
    VEC(const DefinedDraft *) drafts;
} TabletCheck;
/* `tablet` of their check: how they stand with the tablet at the desk; `state` "off": none of them
   is entered at a counter. The page asks again by itself while somebody reads. */
Rc page_tablet_set(HttpExchange *x, View *view, const TabletCheck *check);
/* Whether the form of a check is about the tablet; does what it says. Errors of tablet_show,
   "no-notice"; all that page_check_told takes. */
bool page_tablet_meant(const HttpForm *form);
Rc page_tablet_do(HttpExchange *x, const TabletCheck *check, const HttpForm *form);
/* page_bundle.c: the parts of a bundle that are ready, in ctx->arena. */
Rc page_bundle_drafts(Ctx *ctx, const DefinedDraft *draft, TabletCheck *out);
/* `confirmed` of a case from the counter: on the tablet, or why not; null of another. */
void page_confirmed(HttpExchange *x, View *view, const Entity *application);
/* The tablet itself. */
void page_tablet_get(HttpExchange *x);
void page_tablet_post(HttpExchange *x);
/* The tablets of a counter, and a code that was made: `tablets`, `code`. */
Rc page_tablets(HttpExchange *x, View *view, Str counter, Str code);
/* page_handover.c: `got`, what was handed to who acts, `left`, whose cases stayed behind in his
   division, and `elsewhere`, how many he has of posts whose inbox isn't before him; `handover`: the
   note by which a case came to whoever has it. */
Rc page_handover_inbox(HttpExchange *x, View *view);
void page_handover_case(View *view, const Entity *application);
/* page_duty.c: `vacant`: posts beneath who acts, or of whose acting holders he decides, that nobody
   holds today and for which something waits. */
Rc page_vacant(HttpExchange *x, View *view);
/* A page that asks again by itself, without a script. */
void page_again(HttpExchange *x, int seconds);
/* page_files.c: `index` of records, on the page of the procedure by which they are asked for. */
void page_files_index(HttpExchange *x, View *view, const Definition *definition);
/* What a letter says (Letter.contents), as its pages and the page of its decision show it. */
void page_letter_text(View *view, const Json *contents);
/* `letters` of a decision that waits, and whether its case has `moved`; contents NULL: no letter
   comes of it. Who reads the contents looks at the case, too. */
Rc page_letter_drafts(Ctx *ctx, View *view, const Entity *decision, const Json *contents);
/* `letters` of a case, and how they are reached: by their own addresses, by the office's, not at
 * all. */
typedef enum LettersWay { LETTERS_OWN, LETTERS_OFFICE, LETTERS_NAMED } LettersWay;
Rc page_letters(HttpExchange *x, View *view, const Entity *application, LettersWay way);
Rc page_letters_add(HttpExchange *x, JsonItems *items, const Entity *application, LettersWay way);
void page_bundle_sent(HttpExchange *x, const DefinedDraft *draft);
/* {label, value} of an answer as a person reads it; and with {files, at}: base: the address under
   which its files are, empty: they are named only. */
Json page_answer_text(Arena *arena, const FormAnswer *answer);
Json page_answer_row(HttpExchange *x, const FormAnswer *answer, Str base);
/* A place: `at` (null, or its point as GeoJSON has it), `outside` (whether that is beyond the
   municipality), `text`, `latitude`, `longitude` as they were said, and what its map is drawn with:
   `ground`, `bounds`. */
void page_spot(HttpExchange *x, View *view, const FormAnswer *answer);
/* What a form says to a question for one: words, or texts of words and point. */
Json page_spot_said(Arena *arena, const HttpForm *form, Str field);
/* Warnings of points that are beyond the municipality. */
void page_spots_outside(HttpExchange *x, JsonItems *warnings, const Form *form);
/* `files` of an answer; and what its question asks besides: `accept`, `most`, `size`, `more`. */
void page_files(View *view, const FormAnswer *answer, Str base);
void page_file_field(View *view, const FormAnswer *answer, const AttachLimits *limits, Str base);
/* `files` of a list as answers and messages have it; and `accept`, `photos`, `documents`, `most`,
   `size` of what may be chosen: accept: bits of ACCEPT_..., 0: nothing. */
void page_files_of(View *view, const Json *said, Str base);
void page_accept(View *view, unsigned accept, int64_t most, const AttachLimits *limits);
/* A file that was not taken in, and why: a word of attach_add. */
typedef struct FileFault {
    const Field *field;
    Str name;
    const char *code;
} FileFault;
typedef VEC(FileFault) FileFaults;
typedef struct FileTaken {
    Json said; /* what the draft is to have of the question */
    FileFaults faults;
} FileTaken;
/* Answers with the file of the address, if it is among the answers of a case that who asks may see.
   RC_NOT_FOUND; RC_FAILED: it is missing or damaged. */
Rc page_file_show(HttpExchange *x, const Entity *application, bool found);
/* Answers with a file that lies beside the ledger; nothing in it may run. RC_NOT_FOUND; RC_FAILED:
   it is missing or damaged. */
Rc page_file_send(HttpExchange *x, const Attachment *file);
extern const HttpAnswer page_file_answers[];
/* Takes in what a form sent to a question for files, and out what it removes. answers: of all
   questions, whose files count as well. */
Rc page_files_take(Ctx *ctx, const Form *answers, const FormAnswer *answer, const HttpForm *form,
                   FileTaken *out);
/* Tells them at their questions, all files of one together. */
void page_files_faults(Arena *arena, Form *form, const FileFaults *faults);
/* `state`, `level`, and `state_label` where the procedure calls it otherwise. */
void page_case_state(HttpExchange *x, View *view, const Entity *application);
/* The name of bulky-waste pickup, and of the procedure of a case. */
Json page_bulky_label(Arena *arena);
Json page_procedure_label(HttpExchange *x, const Entity *application);
/* `errors` of a move that was refused: ctx->error, at the form of the move that was sent. */
void page_move_faults(HttpExchange *x, View *view, const HttpForm *form, bool office);
/* page_items.c: the list of things after one button: add, one more, one less, remove. What goes
   beyond the limit of one item is not taken, and *over says so. */
Json page_items_after(Ctx *ctx, const Answers *answers, const HttpForm *form, bool *over);
/* page_due.c: until when the office acts on a case whose own day is `due`, which may be that of an
   answer; year 0: nobody has to. {level, date} of that, of a case whose answer is due on `answer`,
   and of any day. */
Date page_due_day(Ctx *ctx, const Entity *application, Date due);
Json page_due(HttpExchange *x, const Entity *application, Date answer);
Json page_due_value(HttpExchange *x, Date due);
bool page_is_late(const Ctx *ctx, Date due);
/* The resident's page of any case. form: when a message that it sent was refused; else NULL. */
void page_case(HttpExchange *x, const Entity *application, const CasePlace *place,
               const HttpForm *form);
/* Pages of a case of a definition: the resident's, its receipt, the office's. */
/* form: when a move or a message that it sent was refused (ctx->error); else NULL. */
void page_defined_case(HttpExchange *x, const Entity *application, const CasePlace *place,
                       const HttpForm *form);
void page_defined_receipt(HttpExchange *x, const Entity *application, const CasePlace *place);
void page_defined_review(HttpExchange *x, int status, const Entity *application,
                         const HttpForm *form);
/* `automatic`: what rules made of a case; `refutes`: whether who looks may say that one is wrong,
   `refuting`, `refuted`: what he was about to say. form: as below. */
void page_automatic(HttpExchange *x, View *view, const Entity *application, const HttpForm *form);
/* `alike`, `joined_to`, `joined`, `parting`, `parted`: cases that look the same, the one that it
   ended in, those that ended in it, and what was about to be said. The second alone for its
   resident. */
Rc page_join(HttpExchange *x, View *view, const Entity *application, const HttpForm *form);
void page_joined_to(View *view, const Entity *application);
/* ---- messages ---- */
/* Where messages are shown: base: the address of the case's page; found: to who has found the case
   for an hour; form: when a form that it sent was refused; stand: NULL, or where it is kept how
   they stand (left as it is where the procedure has none). */
typedef struct PageThread {
    Str base;
    bool office, found;
    const HttpForm *form;
    ThreadStand *stand;
} PageThread;
/* `thread` of a case, null where its procedure has none: an official's look at what is shown is
   recorded, and that its resident has read it; but not where he has found the case for an hour. */
Rc page_thread(HttpExchange *x, View *view, const Entity *application, const PageThread *at);
/* Whether who has found the case is told only how many messages there are, as of its letters: what
   needs care is for who has its address. */
bool page_thread_withheld(const Ctx *ctx, const Entity *application, bool found);
/* `messages` of the inbox: the cases of one's post in which the last one waits for an answer, which
   are added to what is seen; `messages_more`: there are more; `messages_late`: how many of all are
   late. */
Rc page_thread_inbox(HttpExchange *x, View *view, PageSeen *seen);
/* Whether a form is that of a message, whether an error is told at it, and its `errors`; office: as
   who wrote it. */
bool page_thread_sent(const HttpForm *form);
bool page_thread_told(const Error *error);
void page_thread_faults(HttpExchange *x, View *view, bool office);

/* The review of the case of the address, looked at anew: form, when what it sent was refused
 * (ctx->error). */
void page_review(HttpExchange *x, int status, const HttpForm *form);

/* An application as the component `application` shows it. */
Json page_application(HttpExchange *x, const Entity *application);
Json page_answers(HttpExchange *x, const Answers *answers);

/* Why a day could not be booked (RC_CONFLICT), in a word of the pages; NULL: for another reason. */
const char *page_day_fault(const Error *error);
/* Why a day could not be held (RC_CONFLICT), in a word of the pages. */
const char *page_hold_fault(const Error *error);

/* ---- slots of procedures that are definitions ---- */
typedef struct SlotsAsk {
    BookingAsk booking;
    Str value; /* what was chosen, or empty */
    Str path;  /* of the page, for its links */
} SlotsAsk;
/* `places`, `days`, `times` and what else the page of slots shows, as the address asks for them. */
Rc page_slots(HttpExchange *x, View *view, const SlotsAsk *ask);
/* Why a slot can't be had (ctx->error), in a word of the pages; and the `errors` of the field. */
const char *page_slot_fault(const Error *error);
void page_slot_errors(View *view, Str field, const char *code);
/* Another time of a case: its page and its form. */
void page_booking_get(HttpExchange *x, const Entity *application, const CasePlace *place);
void page_booking_post(HttpExchange *x, const Entity *application, const CasePlace *place,
                       const HttpForm *form);
/* `slot_change`, `slot_story`: where a case's slot is changed, and what happened to it. */
void page_booking(HttpExchange *x, View *view, const Entity *application, Str base);

/* A waiting room, and the place of a ticket in it. */
Str page_wait_url(Arena *arena, const Definition *definition, Str ticket);
/* Whether it is open and has not let a draft in yet. */
bool page_wait_keeps(Ctx *ctx, const DefinedDraft *draft);
/* Begins with an admitted ticket; what was answered before the room opened stays. */
void page_wait_begin(HttpExchange *x, const Definition *definition, Str ticket);
/* `entry` of a case to a lottery; null: it entered none. */
void page_draw_entry(HttpExchange *x, View *view, const Entity *application);

/* Days of a district that can be chosen, by month; one more is free on the day that is one's own
 * already (year 0: none). */
Rc page_days(HttpExchange *x, View *view, const WasteDistrict *district, Date own);
/* `state` and `level` of a case, and its `steps`. */
void page_state(View *view, CaseState state);
Str page_state_word(CaseState state); /* "received" ...: of the words "state." */
void page_steps(HttpExchange *x, View *view, const Entity *application);
/* Who made a step: the post of an official, else "applicant". */
Json page_step_post(HttpExchange *x, const CaseStep *step);
/* The word for step i of a case: "received", "asked", "answered", "changed", "reduction" ... */
const char *page_event(const CaseSteps *steps, size_t i);

/* "ソファ ×2, 布団" of all items of an application or of a frozen list. */
Json page_items_all(HttpExchange *x, const Json *items);
/* Where something is fetched, in both languages. */
Json page_address(HttpExchange *x, const Entity *application);
/* Items of an application in a few words, a district's name, the address of a case in the office.
 */
Json page_items(HttpExchange *x, const Entity *application);
Json page_district(HttpExchange *x, Str id);
/* page_inbox.c: the choices of the inbox in their order, NULL past the last; the states that one
   means, 0: there is none of that name. */
const char *page_filter_at(size_t n);
unsigned page_filter_states(Str word);
/* Whose cases the inbox shows: those of the post that is asked for, else one's own; who never had
   any, as a chief, sees those of a post of his division that has. */
Rc page_inbox_post(Ctx *ctx, Str asked, Str *out);
/* How many of what rules found ({CHECK or CONDITION, ok} each) doesn't hold; NULL: 0. */
int64_t page_unmet(const Json *found);
/* `together`: what may be proposed as one of the procedures of a post. */
void page_together_links(HttpExchange *x, View *view, Str post);
/* A choice of a select: `id`, `label`, `chosen`. */
void page_option(View *view, JsonItems *items, Str id, Json label, Str chosen);
Str page_case_url(Arena *arena, Str number);
/* The page of a decision. */
Str page_decision_url(Arena *arena, Str id);
/* A town in both languages, kept by its Japanese name; one that the city has no longer, as kept. */
Json page_town(HttpExchange *x, Str town);

/* The whole address of a path, for people to keep: as the browser asked for it. */
Str page_whole_address(HttpExchange *x, Str path);
/* What a report is about, with a page to look at it: {id, label, url}; null for nothing known. */
Json page_about(HttpExchange *x, Str about);
/* Levels of the tags of reports. */
Str page_report_level(Str state);

/* An address as a QR code: `size` in modules with its quiet zone, and the `path` of its dark ones;
 * null when it is too long for one. */
Json page_qr(Ctx *ctx, Str text);

/* What a found case is reachable by for a while, in the place of its token. False: no ticket of
 * ours, or no longer valid. */
typedef struct Ticket {
    Str case_id;
    int64_t until;
} Ticket;
bool page_ticket(Ctx *ctx, Str token, Ticket *out);

/* ---- fees ---- */
/* {by, label, day} of what form_fee_json or a case has; null: nothing of it. */
Json page_fee_day(HttpExchange *x, const Definition *definition, const Json *as_of);
Json page_case_fee_day(HttpExchange *x, const Entity *application);
/* `payment` of a case as its resident follows it; null: nothing is owed. */
void page_fee(HttpExchange *x, View *view, const Entity *application, const CasePlace *place);
/* The same as the office sees to it; form: of an act that was refused, whose text stays. */
void page_fee_desk(HttpExchange *x, View *view, const Entity *application, const HttpForm *form);
/* `paid` on the receipt of a case: what came in, when and by which way; null: nothing has. */
void page_fee_paid(HttpExchange *x, View *view, const Entity *application);
/* Something that an official does to the case of the address, by a form; and back to its review,
   which tells what he filled in wrongly or somebody else did before him. */
typedef Rc PageAct(HttpExchange *x, const HttpForm *form, Str id);
void page_office_does(HttpExchange *x, PageAct *act);
/* The same, which leads to a place of the case's page. */
void page_office_does_at(HttpExchange *x, PageAct *act, const char *place);

/* A handler that begins with a form; false when it has answered. */
bool page_form(HttpExchange *x, const HttpForm **form);

/* ?page=, counted from 1, and the links to the pages before and after. */
typedef struct Pager {
    Str path, query;
    size_t page, size, total;
} Pager;
size_t page_number(const HttpExchange *x);
void page_pager(View *view, const Pager *pager);
/* `trend`: how the most pressing gauge stood in the last days; null where none is read. */
Rc page_trend(HttpExchange *x, View *view);
/* `tiles` and `layers` (on: bits 1 << PlaceLayer) of the wall and the map; `ground`, `bounds` (what
 * the map opens with: the municipality, or its places) and `all` (the extent of all places where
 * that is more; else null). */
void page_tiles(View *view, const Tiles *tiles);
void page_layers(View *view, const Places *places, unsigned on);
void page_bounds(HttpExchange *x, View *view, const Places *places);
/* "layer=shelter&layer=aed"; empty for all. */
Str page_layers_query(Arena *arena, unsigned layers);

/* The routes of page_NAME.c. */
#define PAGE_ROWS(name)                                                                            \
    extern const HttpRoute page_##name##_rows[];                                                   \
    extern const size_t page_##name##_count
PAGE_ROWS(home);
PAGE_ROWS(start);
PAGE_ROWS(procedures);
PAGE_ROWS(handover);
PAGE_ROWS(inbox);
PAGE_ROWS(seek);
PAGE_ROWS(slots);
PAGE_ROWS(wait);
PAGE_ROWS(lottery);
PAGE_ROWS(design);
PAGE_ROWS(design_edit);
PAGE_ROWS(transition);
PAGE_ROWS(preview);
PAGE_ROWS(attach);
PAGE_ROWS(effect);
PAGE_ROWS(defined);
PAGE_ROWS(rules);
PAGE_ROWS(join);
PAGE_ROWS(bulky);
PAGE_ROWS(case);
PAGE_ROWS(correct);
PAGE_ROWS(counter);
PAGE_ROWS(pay);
PAGE_ROWS(settle);
PAGE_ROWS(entry);
PAGE_ROWS(export);
PAGE_ROWS(find);
PAGE_ROWS(absence);
PAGE_ROWS(duty);
PAGE_ROWS(account);
PAGE_ROWS(my);
PAGE_ROWS(drafts);
PAGE_ROWS(identity);
PAGE_ROWS(code);
PAGE_ROWS(keys);
PAGE_ROWS(letter);
PAGE_ROWS(thread);
PAGE_ROWS(files);
PAGE_ROWS(passkey);
PAGE_ROWS(outside);
PAGE_ROWS(mail);
PAGE_ROWS(meet);
PAGE_ROWS(council);
PAGE_ROWS(staff);
PAGE_ROWS(round);
PAGE_ROWS(decide);
PAGE_ROWS(plan);
PAGE_ROWS(lists);
PAGE_ROWS(together);
PAGE_ROWS(ranking);
PAGE_ROWS(counts);
PAGE_ROWS(decisions);
PAGE_ROWS(waiting);
PAGE_ROWS(watch);
PAGE_ROWS(audit);
PAGE_ROWS(api);
PAGE_ROWS(wall);
PAGE_ROWS(map);
PAGE_ROWS(gauge);
PAGE_ROWS(data);
PAGE_ROWS(release);
PAGE_ROWS(report);
PAGE_ROWS(reports);

#define ROWS(name, rows) const size_t name = sizeof(rows) / sizeof *(rows)

#endif

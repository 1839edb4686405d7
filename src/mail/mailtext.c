/* mailtext: what is written. That there is news, and where it stands; never what, and of nobody. */
#include "mail_int.h"

#include <string.h>

static Str city(Ctx *ctx, const char *language) {
    const Json *name = json_get(gate_organisation(ctx->tenant->gate), STR("name"));
    return json_get_str(name, language);
}

void mailtext_news(Ctx *ctx, const Mail *mail, MailLetter *out) {
    Arena *arena = ctx->arena;
    Str ja = city(ctx, "ja"), en = city(ctx, "en");
    out->subject =
        str_fmt(arena, STR_FMT "からのお知らせ / News from " STR_FMT, STR_ARG(ja), STR_ARG(en));
    out->text = str_fmt(
        arena,
        STR_FMT "への申請について、新しいお知らせがあります。\r\n"
                "サインインして、マイページで確かめてください。\r\n\r\n" STR_FMT "/my\r\n\r\n"
                "There is news on an application of yours. Sign in and look at your page: the "
                "address is the one above.\r\n\r\n-- \r\n"
                "このメールを止めるには / To stop these mails:\r\n" STR_FMT "\r\n",
        STR_ARG(ja), STR_ARG(mail->site), STR_ARG(out->stop));
}

/* Where somebody asks who didn't do it himself. */
static Str telephone(Ctx *ctx) {
    const Json *contact = json_get(gate_organisation(ctx->tenant->gate), STR("contact"));
    Str phone = json_get_str(contact, "phone");
    return str_empty(phone) ? STR_NONE : str_fmt(ctx->arena, " (" STR_FMT ")", STR_ARG(phone));
}

void mailtext_way(Ctx *ctx, const Mail *mail, MailLetter *out) {
    Arena *arena = ctx->arena;
    Str ja = city(ctx, "ja"), en = city(ctx, "en"), phone = telephone(ctx);
    out->subject = str_fmt(arena,
                           STR_FMT "：サインインの方法が変わりました / How you sign in to " STR_FMT
                                   " has changed",
                           STR_ARG(ja), STR_ARG(en));
    out->text = str_fmt(
        arena,
        STR_FMT "のアカウントで、パスワード、パスキーまたは連携が変わりました。\r\n"
                "ご自分でしたことなら、何もする必要はありません。心当たりがないときは、すぐに市役所"
                "の窓口か電話でお知らせください" STR_FMT "。\r\n\r\n" STR_FMT "/account\r\n\r\n"
                "A password, a passkey or a link of your account was changed. If it was you, there "
                "is nothing to do. If it wasn't, tell the city at once, at a counter or by "
                "telephone" STR_FMT ". What has changed stands at the address above.\r\n\r\n-- \r\n"
                "このメールを止めるには / To stop these mails:\r\n" STR_FMT "\r\n",
        STR_ARG(ja), STR_ARG(phone), STR_ARG(mail->site), STR_ARG(phone), STR_ARG(out->stop));
}

/* As people read it: a day in Japan, and the minute. */
static Str minute(Arena *arena, int64_t at, Str day) {
    int64_t into = (at - time_jst_start(time_jst_date(at))) / TIME_MINUTE;
    return str_fmt(arena, STR_FMT " %02d:%02d", STR_ARG(day), (int)(into / 60), (int)(into % 60));
}

void mailtext_recover(Ctx *ctx, const Mail *mail, int64_t until, MailLetter *out) {
    Arena *arena = ctx->arena;
    Str ja = city(ctx, "ja"), en = city(ctx, "en"), phone = telephone(ctx);
    Date day = time_jst_date(until);
    Str until_ja = minute(arena, until, time_format_japanese(arena, day));
    Str until_en = minute(arena, until, time_format_date(arena, day));
    out->subject =
        str_fmt(arena,
                STR_FMT "：サインインのためのコードを窓口で渡しました / A counter of " STR_FMT
                        " has given a code for your account",
                STR_ARG(ja), STR_ARG(en));
    out->text = str_fmt(
        arena,
        STR_FMT "の窓口で本人確認をして、あなたのアカウントにサインインするためのコードを渡しまし"
                "た。前のパスワードとパスキーは使えなくなりました。コードは" STR_FMT
                "まで使えます。\r\n"
                "ご自分で窓口に来たのなら、何もする必要はありません。心当たりがないときは、すぐに市"
                "役所の窓口か電話でお知らせください" STR_FMT "。\r\n\r\n" STR_FMT "/my\r\n\r\n"
                "At a counter of the city somebody was identified as you and given a code to sign "
                "in with your account. The former password and passkeys have ended. The code holds "
                "until " STR_FMT ". If it was you, there is nothing to do. If it wasn't, tell the "
                "city at once, at a counter or by telephone" STR_FMT ".\r\n\r\n-- \r\n"
                "このメールを止めるには / To stop these mails:\r\n" STR_FMT "\r\n",
        STR_ARG(ja), STR_ARG(until_ja), STR_ARG(phone), STR_ARG(mail->site), STR_ARG(until_en),
        STR_ARG(phone), STR_ARG(out->stop));
}

void mailtext_former(Ctx *ctx, const Mail *mail, MailLetter *out) {
    Arena *arena = ctx->arena;
    Str ja = city(ctx, "ja"), en = city(ctx, "en"), phone = telephone(ctx);
    out->subject = str_fmt(arena,
                           STR_FMT "：お知らせの宛先が変わりました / Where " STR_FMT
                                   " tells you of news has changed",
                           STR_ARG(ja), STR_ARG(en));
    out->text = str_fmt(
        arena,
        STR_FMT
        "からのお知らせは、もうこのアドレスには届きません。宛先が、ほかのアドレスに変わったか"
        "、取り消されました。\r\n"
        "ご自分でしたことなら、何もする必要はありません。心当たりがないときは、すぐに市役所"
        "の窓口か電話でお知らせください" STR_FMT "。\r\n\r\n" STR_FMT "/account\r\n\r\n"
        "The city tells you of nothing at this address any more: another was given, or "
        "none. If it was you, there is nothing to do. If it wasn't, tell the city at once, "
        "at a counter or by telephone" STR_FMT ".\r\n",
        STR_ARG(ja), STR_ARG(phone), STR_ARG(mail->site), STR_ARG(phone));
}

void mailtext_code(Ctx *ctx, const Mail *mail, Str code, MailLetter *out) {
    Arena *arena = ctx->arena;
    Str ja = city(ctx, "ja"), en = city(ctx, "en");
    (void)mail;
    out->subject =
        str_fmt(arena, STR_FMT "の確認コード / Code of " STR_FMT, STR_ARG(ja), STR_ARG(en));
    out->text = str_fmt(
        arena,
        "確認コード / Code: " STR_FMT "\r\n\r\n" STR_FMT
        "のページに、10分以内にこのコードを入れてください。心当たりがないときは、何もしないでくださ"
        "い。\r\n\r\n"
        "Enter this code on the city's page within ten minutes. If you did not ask for it, do "
        "nothing.\r\n",
        STR_ARG(code), STR_ARG(ja));
}

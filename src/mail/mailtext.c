/* mailtext: what is written. That there is news, and where it stands; never what, and of nobody. */
#include "mail_int.h"

#include <string.h>

static Str city(Ctx *ctx, const char *language) {
    const Json *name = json_get(gate_organisation(ctx->tenant->gate), STR("name"));
    return json_get_str(name, language);
}

void mailtext_news(Ctx *ctx, const Mail *mail, Str stop, MailLetter *out) {
    Arena *arena = ctx->arena;
    Str ja = city(ctx, "ja"), en = city(ctx, "en");
    out->subject =
        str_fmt(arena, STR_FMT "からのお知らせ / News from " STR_FMT, STR_ARG(ja), STR_ARG(en));
    out->stop = str_fmt(arena, STR_FMT "/mail/stop/" STR_FMT, STR_ARG(mail->site), STR_ARG(stop));
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

void mailtext_way(Ctx *ctx, const Mail *mail, Str stop, MailLetter *out) {
    Arena *arena = ctx->arena;
    Str ja = city(ctx, "ja"), en = city(ctx, "en"), phone = telephone(ctx);
    out->subject = str_fmt(arena,
                           STR_FMT "：サインインの方法が変わりました / How you sign in to " STR_FMT
                                   " has changed",
                           STR_ARG(ja), STR_ARG(en));
    out->stop = str_fmt(arena, STR_FMT "/mail/stop/" STR_FMT, STR_ARG(mail->site), STR_ARG(stop));
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

// The whole street in the real program, at the width of a phone, with and without scripts: apply, confirm, propose, decide, who looked.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { violations } from './axe.mjs';
import { browser, site } from './stage.mjs';

async function open(scripts, width = 390) {
    const context = await browser.newContext({ viewport: { width, height: 844 }, locale: 'ja-JP', javaScriptEnabled: scripts });
    const page = await context.newPage();
    page.scripts = scripts;
    page.faults = [];
    page.on('console', (message) => { if (message.type() === 'error') page.faults.push(`${page.url()}: ${message.text()}`); });
    return page;
}

// No axe violation, nothing wider than the window. Without scripts axe can't run; the same pages are looked at with them.
async function sound(page) {
    assert.ok(!(await page.content()).includes('\ufffd'), `${page.url()} has a broken character`);
    if (!page.scripts) return;
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
    assert.deepEqual(await violations(page), [], page.url());
}

async function press(page, selector) {
    await sound(page);
    await Promise.all([page.waitForNavigation(), page.locator(selector).first().click()]);
}

let homes = 0; // each applies from a home of its own: a household may so often for one day

async function apply(page, { kana = 'やまだ てすと', optout = 'no', reduction = 'none', last = false, slot = '' } = {}) {
    await page.goto(`${site.url}/bulky`);
    await press(page, 'form[action="/bulky/start"] button');
    await page.fill('#postcode', '９９９－０００１');
    await press(page, 'button[value="lookup"]');
    await page.fill('#street', '1-2-3');
    await page.fill('#building', `${++homes}号室`);
    if (await page.locator('input[name="town"]').count()) await page.locator('input[name="town"]').first().check();
    await press(page, 'button[value="next"]');
    await page.fill('#q', 'そふぁ');
    if (page.scripts) await page.keyboard.press('Enter'); else await page.locator('form[role="search"] button').click();
    await page.waitForSelector('button[name="add"]');
    await press(page, 'button[name="add"]');
    await press(page, 'button[name="action"][value="next"]');
    const slots = page.locator(`input[name="slot"]${slot && `[value="${slot}"]`}:not([disabled])`);
    await (last ? slots.last() : slots.first()).check();
    await press(page, '.actions button');
    await page.fill('#name', '試験 太郎');
    await page.fill('#kana', kana);
    await page.fill('#phone', '０９９９－００－１２３４');
    await press(page, '.actions button');
    await page.locator(`input[name="reduction"][value="${reduction}"]`).check();
    await press(page, '.actions button');
    await page.locator(`input[name="optout"][value="${optout}"]`).check();
    await press(page, '.actions button');
}

async function signIn(page, account) {
    await page.goto(`${site.url}/sign-in`);
    await page.fill('#account', account);
    await page.fill('#password', site.passwords[account]);
    await press(page, 'form[action="/sign-in"] .actions button');
}

async function decideOneDay(scripts) {
    const resident = await open(scripts);
    await apply(resident);
    assert.match(await resident.locator('h1').innerText(), /確認/);
    await resident.goto(`${site.url}/bulky/check?lang=en`);
    assert.match(await resident.locator('main').innerText(), /1-2-3, Manaka 1-chome/);
    await sound(resident);
    await resident.goto(`${site.url}/bulky/check?lang=ja`);
    await press(resident, 'form[action="/bulky/check"] button');
    const number = (await resident.locator('.code').innerText()).trim();
    assert.match(number, /^\d{4}-\d{6}$/);
    await sound(resident);
    await resident.goBack();
    assert.match(resident.url(), /\/receipt$/, 'going back leads to what was sent, not to an empty question');
    const address = await resident.locator('a.address').getAttribute('href');

    const clerk = await open(scripts);
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await press(clerk, 'form[action$="/confirm"] button');
    const day = /(\d+)年(\d+)月(\d+)日/.exec(await clerk.locator('.list, dl').first().innerText());
    const date = `${Number(day[1]) + 2018}-${day[2].padStart(2, '0')}-${day[3].padStart(2, '0')}`;
    await clerk.goto(`${site.url}/staff/plan/${date}`);
    await press(clerk, 'button[value="propose"]');
    assert.equal(await clerk.locator('button[value="approve"]').count(), 0, 'the drafter may not decide');

    const chief = await open(scripts);
    await signIn(chief, 'chief');
    for (const path of [`/out/${number}`, '']) { // before he writes anything that the confirmation would lose
        await chief.goto(`${site.url}/staff/plan/${date}${path}`);
        assert.match(chief.url(), /\/step-up\?next=/, path);
    }
    await chief.fill('#password', site.passwords.chief);
    await press(chief, 'form[action="/step-up"] button.wide');
    assert.ok((await chief.locator('main').innerText()).includes(number));
    const hidden = await chief.locator('form:has(button[value="approve"]) input[type="hidden"]').evaluateAll((all) => all.map((i) => [i.name, i.value]));
    const approval = { maxRedirects: 0, data: new URLSearchParams([...hidden, ['act', 'approve']]).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    await press(chief, 'button[value="approve"]');
    await sound(chief);
    const again = await chief.context().request.post(`${site.url}/staff/plan/${date}`, approval);
    assert.deepEqual([again.status(), again.headers().location], [303, new URL(chief.url()).pathname], 'a second press leads where the first one did');

    await resident.goto(address);
    await sound(resident);
    assert.match(await resident.locator('.tag').first().innerText(), /収集予定/);
    const looks = await resident.locator('#looks ~ table tbody tr').allInnerTexts();
    assert.ok(looks.some((row) => row.includes('ごみ減量係')), looks.join('\n'));
    assert.ok(!looks.some((row) => row.includes('職員')), 'no name of an official');
    assert.match(await resident.locator('main').innerText(), /16:00まで変更と取消し/, 'a plan decided early takes nothing from what was promised');
    await press(resident, 'a[href$="/slot"]');
    await resident.locator('input[name="slot"]:not([disabled])').last().check();
    await press(resident, '.actions button');
    assert.match(await resident.locator('.tag').first().innerText(), /確定/, 'to be planned once more');
    assert.match(await resident.locator('.timeline').innerText(), /変更[^]*収集予定の決定/);
    await clerk.goto(`${site.url}/staff/cases/${number}`); // he calls: the office cancels for him
    await press(clerk, `a[href="/staff/cases/${number}/cancel"]`);
    await press(clerk, `form[action="/staff/cases/${number}/cancel"] button`);
    assert.equal(new URL(clerk.url()).pathname, `/staff/cases/${number}`);
    assert.match(await clerk.locator('.timeline li').last().innerText(), /取り消されました[^]*ごみ減量係/);
    await resident.goto(address);
    assert.match(await resident.locator('.tag').first().innerText(), /取消し/);
    for (const page of [resident, clerk, chief]) assert.deepEqual(page.faults, []);
    await Promise.all([resident, clerk, chief].map((page) => page.context().close()));
}

it('goes from the first question to the decided plan, with scripts', () => decideOneDay(true));

it('goes the same way without scripts', () => decideOneDay(false));

it('keeps the answers on Back, and tells what is wrong at the field and on top', async () => {
    const page = await open(true);
    await apply(page, { kana: '漢字' }).catch(() => {});
    assert.match(page.url(), /\/bulky\/contact/);
    assert.match(await page.title(), /^エラー: /);
    assert.equal(await page.inputValue('#name'), '試験 太郎');
    assert.equal(await page.locator('.errors a[href="#kana"]').count(), 1);
    await sound(page);
    await page.goto(`${site.url}/bulky/district`);
    assert.equal(await page.inputValue('#street'), '1-2-3');
    await page.context().close();
});

it('decides a fee reduction by itself, before the case can be confirmed', async () => {
    const [resident, clerk, chief] = await Promise.all([open(false), open(true), open(true)]);
    await apply(resident, { reduction: 'disaster' });
    await press(resident, 'form[action="/bulky/check"] button');
    assert.match(await resident.locator('.steps-to').innerText(), /減免の決定を待つ/);
    assert.doesNotMatch(await resident.locator('.steps-to').innerText(), /処理券を買う/, 'nothing is due yet');
    const number = (await resident.locator('.code').innerText()).trim();
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    const draft = new URLSearchParams(await clerk.locator('form[action$="/reduction"] input').evaluateAll((all) => all.map((i) => [i.name, i.value])));
    const propose = () => clerk.context().request.post(`${site.url}/staff/cases/${number}/reduction`, { data: draft.toString(), maxRedirects: 0,
        headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    assert.deepEqual((await Promise.all([propose(), propose(), propose()])).map((answer) => answer.status()), [303, 303, 303]);
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('main').innerText(), /起案済み/);
    assert.equal(await clerk.locator('form[action$="/reduction"]').count(), 0);
    await sound(clerk);
    await signIn(chief, 'chief');
    await chief.goto(`${site.url}/step-up?next=/staff/reductions`);
    await chief.fill('#password', site.passwords.chief);
    await press(chief, 'form[action="/step-up"] button.wide');
    const card = chief.locator('section.card', { hasText: number });
    assert.equal(await card.count(), 1, 'three presses are one proposal');
    assert.match(await card.innerText(), /災害|火災|風水害/, 'the decider sees the ground');
    assert.match(await card.innerText(), /必要な書類\s*り災証明書/);
    assert.match(await card.innerText(), /確認した書類\s*確認の記録がありません/, 'nobody said that he had seen them');
    await sound(chief);
    await Promise.all([chief.waitForNavigation(), card.locator('button[value="approve"]').click()]);
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('dl').first().innerText(), /結果：認められました[^]*係長|結果：認められました[^]*課長/, 'and which post granted it');
    await press(clerk, 'form[action$="/confirm"] button');
    assert.match(await clerk.locator('.tag').first().innerText(), /確定/, `${chief.url()} ${await chief.locator('main').innerText()} ${clerk.url()} ${await clerk.locator('main').innerText()}`);
    await Promise.all([resident, clerk, chief].map((page) => page.context().close()));
});

async function signedChief() {
    const chief = await open(true);
    await signIn(chief, 'chief');
    await stepUp(chief, '/staff/reductions');
    return chief;
}

// What waits for a decision falls with its case, and everybody who has to do with it is told.
it('drops the reduction of a case that ends, and tells drafter, decider and resident', async () => {
    const [resident, clerk, chief] = await Promise.all([open(true), open(true), signedChief()]);
    const { number, address } = await sent(resident, { reduction: 'disaster' });
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await clerk.fill('#evidence', 'り災証明書を窓口で確認');
    await press(clerk, 'form[action$="/reduction"] button');
    await chief.reload();
    assert.match(await chief.locator('section.card', { hasText: number }).innerText(), /確認した書類\s*り災証明書を窓口で確認/);
    await resident.goto(address);
    assert.match(await resident.locator('main').innerText(), /審査中/);
    await press(resident, 'a[href$="/cancel"]');
    await press(resident, 'form[action$="/cancel"] button');
    for (const place of [address, `${address}/receipt`]) {
        await resident.goto(place);
        assert.match(await resident.locator('dl').first().innerText(), /減免[^]*結果：[^]*取りやめ/, place);
        assert.doesNotMatch(await resident.locator('main').innerText(), /審査中/, place);
        await sound(resident);
    }
    await chief.reload();
    assert.equal(await chief.locator('section.card', { hasText: number }).count(), 0);
    await clerk.goto(`${site.url}/staff`);
    const notice = clerk.locator('.banner', { hasText: '廃案' });
    assert.match(await notice.innerText(), /取り消されたため/);
    await sound(clerk);
    await notice.locator('a').first().click();
    assert.match(await clerk.locator('main').innerText(), /廃案[^]*取り消されたため/);
    await sound(clerk);
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('dl').first().innerText(), /結果：[^]*取りやめ[^]*申込者/);
    await clerk.goto(`${site.url}/staff`);
    await press(clerk, 'form[action$="/seen"] button');
    assert.equal(await clerk.locator('.banner', { hasText: '廃案' }).count(), 0);
    for (const page of [resident, clerk, chief]) assert.deepEqual(page.faults, []);
    await Promise.all([resident, clerk, chief].map((page) => page.context().close()));
});

it('takes one application when it is sent twice', async () => {
    const page = await open(true);
    await apply(page);
    const body = new URLSearchParams(await page.locator('form[action="/bulky/check"] input').evaluateAll((all) => all.map((i) => [i.name, i.value])));
    const send = () => page.context().request.post(`${site.url}/bulky/check`, { data: body.toString(), maxRedirects: 0,
        headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    const answers = [...await Promise.all([send(), send()]), await send()];
    const places = answers.map((answer) => answer.headers().location);
    assert.equal(new Set(places).size, 1, places.join(' '));
    assert.match(places[0], /\/receipt$/, 'each press ends at the receipt');
    await page.context().close();
});

// Sends an application; its receipt number and address.
async function sent(page, options) {
    await apply(page, options);
    await press(page, 'form[action="/bulky/check"] button');
    const number = (await page.locator('.code').innerText()).trim();
    return { number, address: await page.locator('a.address').getAttribute('href') };
}

it('tells the resident why the office refused, and the office that it did', async () => {
    const [resident, clerk] = await Promise.all([open(true), open(true)]);
    const { number, address } = await sent(resident);
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await clerk.locator('details', { has: clerk.locator('#reject') }).locator('summary').click();
    await clerk.fill('#reject', '市外の品物のためお受けできません');
    await press(clerk, 'form[action$="/reject"] button');
    assert.match(await clerk.locator('.timeline li').last().innerText(), /断りました[^]*市外の品物/);
    await resident.goto(address);
    const last = await resident.locator('.timeline li').last().innerText();
    assert.match(last, /お断り[^]*市外の品物のためお受けできません/);
    assert.match(await resident.locator('main').innerText(), /完結しました[^]*教示[^]*審査請求[^]*3か月以内[^]*市長[^]*取消しの訴え[^]*6か月以内/);
    await sound(resident);
    await resident.goto(`${address}/receipt`);
    assert.match(await resident.locator('h1').innerText(), /お受けできませんでした/);
    assert.equal(await resident.locator('.steps-to').count(), 0, 'nothing is left to do');
    await resident.goto(`${address}/cancel`);
    assert.equal(resident.url(), address, 'nothing is left to cancel');
    for (const page of [resident, clerk]) assert.deepEqual(page.faults, []);
    await Promise.all([resident, clerk].map((page) => page.context().close()));
});

// Sent without an account: whoever holds the address takes it into his page, and the office takes it out again.
it('adds a case to my page by its address, and takes it out with a reason', async () => {
    const [resident, other, clerk] = await Promise.all([open(false), open(true), open(true)]);
    const { number, address } = await sent(resident);
    await resident.goto(address);
    await press(resident, 'a[href^="/sign-in?next="]');
    await resident.fill('input[name="account"]', 'resident-1');
    await resident.fill('input[name="password"]', site.passwords['resident-1']);
    await press(resident, 'form[action="/sign-in"] button');
    assert.equal(resident.url(), address, 'signing in leads back to the case');
    await sound(resident);
    await press(resident, 'form[action$="/keep"] button');
    assert.equal(new URL(resident.url()).pathname, '/my');
    assert.match(await resident.locator('main').innerText(), new RegExp(number));
    await resident.goto(address);
    assert.equal(await resident.locator('form[action$="/keep"]').count(), 0, 'it is there already');
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await resident.goto(`${site.url}/my/looks`);
    assert.match(await resident.locator('main').innerText(), /申込みの内容、住所、連絡先/, 'who looked at it stands on my page');
    await signIn(other, 'resident-2');
    await other.goto(address);
    assert.equal(await other.locator('form[action$="/keep"]').count(), 0, 'it is somebody else\'s');
    await clerk.locator('details', { has: clerk.locator('#unlink') }).locator('summary').click();
    await clerk.fill('#unlink', '本人からのお申し出');
    await sound(clerk);
    await press(clerk, 'form[action$="/unlink"] button');
    assert.equal(await clerk.locator('#unlink').count(), 0);
    await resident.goto(`${site.url}/my`);
    assert.doesNotMatch(await resident.locator('main').innerText(), new RegExp(number));
    await resident.goto(address);
    assert.equal(await resident.locator('form[action$="/keep"]').count(), 0, 'not again by the same account');
    await Promise.all([resident, other, clerk].map((page) => page.context().close()));
});

// The day that a case holds, as in a form: 2026-12-04.
async function heldDay(page, address) {
    await page.goto(`${address}/slot`);
    return page.inputValue('input[name="slot"]:checked');
}

async function askBack(scripts) {
    const [resident, clerk] = await Promise.all([open(scripts), open(scripts)]);
    const early = await sent(resident), day = await heldDay(resident, early.address);
    const { number, address } = await sent(resident, { last: true });
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${early.number}`);
    await clerk.locator('details', { hasText: '申込者に尋ねる' }).locator('summary').first().click();
    if (await clerk.locator('#ask').count()) { // else no day is left before the cut-off, which the page says
        const soon = await clerk.inputValue('#due');
        assert.ok(soon < day, `${soon} comes before the pickup on ${day}`);
        await clerk.fill('#ask', '色を教えてください');
        await clerk.fill('#due', day);
        await press(clerk, 'form[action$="/ask"] button');
        const [, month, date] = soon.split('-').map(Number);
        for (const place of ['.errors', '.field.wrong .message'])
            assert.match(await clerk.locator(place).innerText(), new RegExp(`締切りに間に合うように[^]*${month}月${date}日まで`), place);
        await sound(clerk);
    } else {
        assert.match(await clerk.locator('main').innerText(), /答えを待てる日がない/);
    }
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await clerk.locator('details', { has: clerk.locator('#ask') }).locator('summary').click();
    const usual = await clerk.inputValue('#due');
    assert.match(usual, /^\d{4}-\d\d-\d\d$/, 'a date is proposed');
    await clerk.fill('#ask', '大きさを教えてください');
    await clerk.fill('#due', '2020-01-06');
    await press(clerk, 'form[action$="/ask"] button');
    assert.match(await clerk.locator('.errors').innerText(), /明日以降/);
    assert.equal(await clerk.inputValue('#ask'), '大きさを教えてください');
    await clerk.fill('#due', usual);
    await press(clerk, 'form[action$="/ask"] button');
    const [, month, dayOf] = usual.split('-').map(Number);
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.equal(await clerk.locator('#reject').count(), 1, 'a question that is never answered has an end');
    await clerk.goto(`${site.url}/staff?state=asked`);
    assert.match(await clerk.locator('tbody tr', { hasText: number }).innerText(), new RegExp(`期限内[^]*${month}月${dayOf}日`));
    await resident.goto(address);
    assert.match(await resident.locator('.banner').innerText(), new RegExp(`大きさを教えてください[^]*${month}月${dayOf}日[^]*までにお答えください`));
    await sound(resident);
    await resident.fill('#answer', '幅は180センチです');
    await press(resident, 'form[action$="/answer"] button');
    assert.match(await resident.locator('.timeline').innerText(), /幅は180センチです/);
    await Promise.all([resident, clerk].map((page) => page.context().close()));
}

it('asks back until a day that both see, with scripts', () => askBack(true));

it('asks back the same way without scripts', () => askBack(false));

it('says on the page of the days which day cannot be taken', async () => {
    const page = await open(true);
    const { address } = await sent(page);
    await page.goto(`${address}/slot`);
    await page.locator('input[name="slot"]:checked').evaluate((input) => { input.value = '2020-01-01'; });
    await page.evaluate(() => document.querySelector('input[name="slot"]').form.setAttribute('novalidate', ''));
    await press(page, '.actions button');
    assert.match(await page.locator('.errors').innerText(), /締切り/);
    assert.ok(await page.locator('input[name="slot"]').count() > 1);
    await page.context().close();
});

it('lets a resident cancel, and gives the day back', async () => {
    const page = await open(false);
    await apply(page);
    await press(page, 'form[action="/bulky/check"] button');
    await page.goto(await page.locator('a.address').getAttribute('href'));
    await press(page, 'a[href$="/cancel"]');
    await press(page, 'form[action$="/cancel"] button');
    assert.match(await page.locator('.tag').first().innerText(), /取消/);
    await page.context().close();
});

it('survives what no form of ours would send, and leads nobody elsewhere', async () => {
    const page = await open(true);
    await page.goto(`${site.url}/bulky`);
    await press(page, 'form[action="/bulky/start"] button');
    await page.fill('#postcode', '999-0001');
    await press(page, 'button[value="lookup"]');
    await page.fill('#street', 'あ'.repeat(300));
    if (await page.locator('input[name="town"]').count()) await page.locator('input[name="town"]').first().check();
    await press(page, 'button[value="next"]');
    assert.match(await page.locator('.errors').innerText(), /200/);
    await page.fill('#street', '1-2-3');
    await press(page, 'button[value="next"]');
    const csrf = await page.locator('input[name="csrf"]').first().inputValue();
    const post = (path, form) => page.context().request.post(site.url + path, { form: { csrf, ...form }, maxRedirects: 0 });
    assert.equal((await post('/bulky/items', { add: 'sofa-1', q: 'あ'.repeat(7000) })).status(), 303);
    for (const next of ['/\n/evil', '/\t/evil.example', '//evil.example', '/\\evil.example', 'https://evil.example', `/${'x'.repeat(9000)}`]) {
        const answer = await post('/sign-in', { account: 'clerk', password: site.passwords.clerk, next });
        assert.equal(answer.status(), 303);
        assert.equal(answer.headers().location, '/staff', JSON.stringify(next));
        await page.context().clearCookies({ name: 'machi_session' });
    }
    assert.equal((await page.goto(site.url)).status(), 200);
    await page.context().close();
});

it('refuses a form that another browser drew', async () => {
    const page = await open(true);
    await page.goto(`${site.url}/bulky`);
    const answer = await page.context().request.post(`${site.url}/bulky/start`, { form: { csrf: 'x'.repeat(26) }, maxRedirects: 0 });
    assert.equal(answer.status(), 403);
    await page.context().close();
});

it('shows a resident with an account the own cases, and nobody else', async () => {
    const page = await open(true);
    await signIn(page, 'resident-1');
    await page.goto(`${site.url}/my`);
    await sound(page);
    const place = await page.locator('a[href^="/my/cases/"]').first().getAttribute('href');
    for (const part of ['', '/receipt']) {
        assert.equal((await page.goto(site.url + place + part)).status(), 200, part);
        await sound(page);
    }
    await page.goto(`${site.url}/my/looks`);
    await sound(page);
    const other = await open(true);
    await signIn(other, 'resident-2');
    assert.equal((await other.goto(site.url + place)).status(), 404);
    await Promise.all([page, other].map((one) => one.context().close()));
});

it('proposes the cases that are ticked, with the note, and nothing when none is', async () => {
    const [resident, clerk] = await Promise.all([open(true), open(true)]);
    const { number, address } = await sent(resident);
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await press(clerk, 'form[action$="/confirm"] button');
    const date = await heldDay(resident, address), plan = `${site.url}/staff/plan/${date}`;
    await clerk.goto(plan);
    if (await clerk.locator('button[value="propose"]').count() === 0) throw new Error('this day has a plan already');
    const boxes = clerk.locator('input[name="stop"]'), all = await boxes.count();
    await boxes.evaluateAll((inputs) => inputs.forEach((input) => { input.checked = false; }));
    await press(clerk, 'button[value="propose"]');
    assert.match(await clerk.locator('.errors').innerText(), /1件|選|えら/);
    assert.equal(await boxes.count(), all);
    const other = await boxes.evaluateAll((inputs, keep) => inputs.map((input) => input.value).find((value) => value !== keep), number);
    const wanted = [number, other].filter(Boolean);
    await boxes.evaluateAll((inputs, keep) => inputs.forEach((input) => { input.checked = keep.includes(input.value); }), wanted);
    await clerk.fill('#note', 'ほかは次の便で');
    const again = await clerk.context().newPage(); // a second tab, where the day is still open
    await again.goto(plan);
    await press(clerk, 'button[value="propose"]');
    const [answer] = await Promise.all([again.waitForNavigation(), again.locator('button[value="propose"]').click()]);
    assert.equal(answer.status(), 200, 'leads to the plan that waits');
    assert.equal(again.url(), plan);
    assert.equal(await again.locator('.errors').count(), 0);
    assert.equal(await again.locator('dl code.hash').innerText(), await clerk.locator('dl code.hash').innerText());
    await again.close();
    assert.equal(await clerk.locator('nav.filters a[aria-current="date"]').getAttribute('href'), new URL(plan).pathname);
    await clerk.goto(`${site.url}/staff/plan`); // leads on to a day that has no plan yet, and from there to the others
    assert.notEqual(clerk.url(), plan);
    await press(clerk, `nav.filters a[href="${new URL(plan).pathname}"]`);
    const listed = () => clerk.locator('tbody th').allInnerTexts();
    assert.deepEqual((await listed()).sort(), wanted.sort());
    assert.match(await clerk.locator('main').innerText(), /ほかは次の便で/);
    await sound(clerk);
    if (other) { // a case that changed since is marked, and its drafter takes it out: the hash is another one
        const before = await clerk.locator('.hash').first().innerText();
        await resident.goto(address);
        await press(resident, 'a[href$="/cancel"]');
        await press(resident, 'form[action$="/cancel"] button');
        await clerk.reload();
        assert.match(await clerk.locator('tbody tr', { hasText: number }).innerText(), /起案後に変更/);
        await takeOut(clerk, number, '');
        assert.match(await clerk.locator('.errors').innerText(), /外す理由/);
        await takeOut(clerk, number, '取り消されたため');
        assert.deepEqual(await listed(), [other]);
        assert.match(await clerk.locator('main').innerText(), new RegExp(`変えて固定し直した[^]*外した案件[^]*${number}\\s+取り消されたため[^]*ごみ減量係`));
        assert.notEqual(await clerk.locator('.hash').first().innerText(), before);
        await sound(clerk);
        await press(clerk, `button[name="back"][value="${number}"]`);
        assert.match(await clerk.locator('.errors').innerText(), /戻せません/, 'what was cancelled stays out');
    }
    await takeOut(clerk, other ?? number, '最後の1件');
    assert.match(await clerk.locator('.errors').innerText(), /最後の1件/);
    await clerk.locator('.actions a').click();
    const late = await sent(resident, { slot: date }); // confirmed when the plan waits already
    await clerk.goto(`${site.url}/staff/cases/${late.number}`);
    await press(clerk, 'form[action$="/confirm"] button');
    await clerk.goto(plan);
    assert.match(await clerk.locator('#since ~ ul').first().innerText(), new RegExp(late.number));
    assert.ok(!(await listed()).includes(late.number));
    await sound(clerk);
    await press(clerk, 'button[value="withdraw"]');
    assert.equal(await clerk.locator('button[value="propose"]').count(), 1, 'a withdrawn plan can be proposed again');
    await Promise.all([resident, clerk].map((page) => page.context().close()));
});

// Taken out of the plan on a page of its own, with a reason.
async function takeOut(page, number, reason) {
    if (!page.url().endsWith(`/out/${number}`)) await press(page, `a[href$="/out/${number}"]`);
    await page.fill('#comment', reason);
    await press(page, 'main form button');
}

async function looksOf(page, address) {
    await page.goto(address);
    return page.locator('#looks ~ table tbody tr').count();
}

it('puts back what was taken out of the plan while it waits', async () => {
    const [resident, clerk] = await Promise.all([open(false), open(false)]);
    const two = [await sent(resident, { last: true }), await sent(resident, { last: true })];
    const plan = `${site.url}/staff/plan/${await heldDay(resident, two[0].address)}`;
    await signIn(clerk, 'clerk');
    for (const { number } of two) {
        await clerk.goto(`${site.url}/staff/cases/${number}`);
        await press(clerk, 'form[action$="/confirm"] button');
    }
    await clerk.goto(plan);
    await press(clerk, 'button[value="propose"]');
    const [first] = two.map(({ number }) => number), rows = () => clerk.locator('tbody th').allInnerTexts();
    assert.ok((await rows()).includes(first));
    const before = await looksOf(resident, two[0].address);
    await takeOut(clerk, first, '品物を確かめる');
    assert.equal(await looksOf(resident, two[0].address), before + 2, 'the page where it is taken out, and the plan that tells of it');
    assert.ok(!(await rows()).includes(first));
    for (const shown of [plan, `${site.url}/staff/decisions?state=drafted&kind=collection-plan`]) { // who is told of there is looked at, too
        await clerk.goto(shown);
        if (shown !== plan) await clerk.goto(site.url + await clerk.locator('tbody a').first().getAttribute('href'));
        const before = await looksOf(resident, two[0].address);
        await clerk.reload();
        assert.match(await clerk.locator('main').innerText(), new RegExp(`${first}\\s+品物を確かめる`));
        assert.equal(await looksOf(resident, two[0].address), before + 1, shown);
    }
    await clerk.goto(plan);
    await press(clerk, `button[name="back"][value="${first}"]`);
    assert.ok((await rows()).includes(first));
    assert.doesNotMatch(await clerk.locator('main').innerText(), /外した案件/);
    await press(clerk, 'button[value="withdraw"]');
    await Promise.all([resident, clerk].map((page) => page.context().close()));
});

// What is decided without a case is told to its resident, with the reason, while he can still act.
it('tells who was taken out of the plan that is decided, and lets him take another day', async () => {
    const [resident, clerk, chief] = await Promise.all([open(true), open(true), signedChief()]);
    const two = [await sent(resident, { last: true }), await sent(resident, { last: true })];
    const [{ number, address }] = two, plan = `${site.url}/staff/plan/${await heldDay(resident, address)}`;
    await signIn(clerk, 'clerk');
    for (const one of two) {
        await clerk.goto(`${site.url}/staff/cases/${one.number}`);
        await press(clerk, 'form[action$="/confirm"] button');
    }
    await clerk.goto(plan);
    await press(clerk, 'button[value="propose"]');
    await chief.goto(plan);
    await takeOut(chief, number, '道路工事で入れません');
    await press(chief, 'button[value="approve"]');
    await resident.goto(address);
    assert.match(await resident.locator('.tag').first().innerText(), /未収集/);
    assert.match(await resident.locator('.banner').first().innerText(), /収集予定から外しました[^]*この日には出さないでください/);
    assert.match(await resident.locator('.timeline').innerText(), /収集予定から外しました[^]*道路工事で入れません/);
    await sound(resident);
    await press(resident, 'a[href$="/slot"]');
    await resident.locator('input[name="slot"]:not([disabled])').first().check();
    await press(resident, '.actions button');
    assert.match(await resident.locator('.tag').first().innerText(), /確定/);
    await clerk.goto(`${site.url}/staff/plan/2031-01-10`);
    assert.match(await clerk.locator('main').innerText(), /確定した申込みがありません/);
    assert.equal(await clerk.locator('button[value="propose"]').count(), 0, 'nothing to propose');
    await sound(clerk);
    for (const page of [resident, clerk, chief]) assert.deepEqual(page.faults, []);
    await Promise.all([resident, clerk, chief].map((page) => page.context().close()));
});

async function stepUp(page, next) {
    await page.goto(`${site.url}/step-up?next=${next}`);
    await page.fill('#password', site.passwords.chief);
    await press(page, 'form[action="/step-up"] button.wide');
}

// The starter city has a day whose marks are still to be made: one stop found nothing, all others were collected.
async function markTheDay(scripts, english) {
    const clerk = await open(scripts);
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/round${english ? '?lang=en' : ''}`);
    const page = clerk.url(), left = clerk.locator('input[name="left"]');
    const before = await left.count();
    if (before < 2) return { clerk, before };
    const number = await left.first().getAttribute('value');
    const form = clerk.locator('form.round', { has: clerk.locator(`#collected-${number}`) });
    const here = await form.locator('input[name="left"]').count();
    await press(clerk, 'form.round button[value="chosen"]');
    assert.match(await clerk.locator('.errors').innerText(), /1件以上/, 'nothing was chosen');
    await form.locator('summary').first().click();
    await clerk.locator(`[id="not-out${number}"]`).check();
    await sound(clerk);
    await Promise.all([clerk.waitForNavigation(), form.locator('button[value="rest"]').click()]);
    assert.ok(clerk.url().startsWith(page.replace(/\?.*/, '')), clerk.url());
    assert.match(await clerk.locator('.banner.ok').innerText(), new RegExp(`${here}件`));
    await sound(clerk);
    assert.equal(await clerk.locator('input[name="left"]').count(), before - here);
    const said = new URL(clerk.url()); // the sentence is the ledger's, whatever the address says
    for (const forged of ['?done=99', '?at=7', '?at=0']) {
        await clerk.goto(said.origin + said.pathname + forged);
        assert.equal(await clerk.locator('.banner.ok').count(), 0, forged);
    }
    await clerk.goto(said.href);
    await clerk.locator('details', { has: clerk.locator(`[id="not-out${number}"]`) }).locator('summary').click();
    await clerk.locator(`[id="not-out${number}"]`).check(); // the mark that it has
    await press(clerk, `form.round:has([id="not-out${number}"]) button[value="chosen"]`);
    assert.equal(await clerk.locator('.banner.ok').count(), 0, 'nothing was changed');
    assert.match(await clerk.locator('.banner').first().innerText(), /新しく変わった記録はありません/);
    const marked = clerk.locator('section.card', { hasText: number });
    assert.match(await marked.innerText(), /未収集[^]*出ていません/);
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('.timeline li').last().innerText(), /収集できませんでした/);
    await clerk.locator('details', { has: clerk.locator('#end') }).locator('summary').click();
    await sound(clerk);
    await clerk.goBack();
    return { clerk, before, number };
}

it('marks the pickup day on a phone: all collected but one, with scripts', async () => {
    const { clerk, number } = await markTheDay(true);
    assert.ok(number, 'the starter city has a day to mark');
    assert.deepEqual(clerk.faults.filter((fault) => !/422/.test(fault)), []);
    await clerk.context().close();
});

it('lets the clerk correct a mark, without scripts', async () => {
    const clerk = await open(false);
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff?state=missed`);
    const number = (await clerk.locator('tbody th a').first().innerText()).trim();
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('.tag').first().innerText(), /未収集/);
    await clerk.locator('details', { has: clerk.locator('#end') }).locator('summary').click();
    await press(clerk, 'form[action$="/end"] button');
    assert.match(await clerk.locator('.errors').innerText(), /理由/);
    await clerk.fill('#end', 'お申し出により終了します');
    await press(clerk, 'form[action$="/end"] button');
    assert.match(await clerk.locator('main').innerText(), /完結しました[^]*お申し出により/);
    await clerk.context().close();
});

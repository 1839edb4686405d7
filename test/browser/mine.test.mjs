// The resident's own page, on a phone and without scripts: what he has booked and owes, and what he chose.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as keys from './keys.mjs';
import { browser, site } from './stage.mjs';

const phone = { viewport: { width: 390, height: 844 }, locale: 'ja-JP', javaScriptEnabled: false };

const stranger = async () => (await browser.newContext(phone)).newPage();

async function open(account, page = undefined) {
    page ??= await stranger();
    await page.goto(`${site.url}/sign-in`);
    await page.fill('#account', account);
    await page.fill('#password', site.passwords[account]);
    await keys.press(page, 'form[action="/sign-in"] button');
    return page;
}

const press = (page, selector) => Promise.all([page.waitForNavigation(), page.locator(selector).click()]);
const mine = (page) => page.goto(`${site.url}/my`);
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
const cards = (page, after) => page.locator(`${after} + ul > li`);

async function send(page, id) {
    await page.goto(`${site.url}/procedures/${id}`);
    return keys.apply(page, id);
}

it('lists what is booked, leads to where it is moved and given back, and folds what was', async () => {
    const page = await open('resident-2');
    const number = await send(page, 'vaccine-slot');
    await mine(page);
    const card = cards(page, '#bookings').filter({ hasText: number });
    assert.match(await card.innerText(), /\d+年\d+月\d+日[^]*\d\d:\d\d–\d\d:\d\d[^]*予約/);
    await press(page, `li:has-text("${number}") a[href$="/slot"]`);
    assert.ok(await page.locator('input[name=slot]').count(), 'where another time is taken');
    await mine(page);
    await press(page, `li:has-text("${number}") a[href$="#moves"]`);
    assert.ok(page.url().endsWith('#moves'));
    await press(page, 'button:has-text("予約を取り消す")');
    await mine(page);
    assert.equal(await cards(page, '#bookings').filter({ hasText: number }).count(), 0);
    const past = page.locator('details', { has: page.locator('summary', { hasText: '過ぎた予約' }) });
    assert.match(await past.locator('li', { hasText: number }).textContent(), /取消し/);
    assert.equal(await past.locator(`li:has-text("${number}") a.btn`).count(), 0, 'nothing is left to move');
    assert.ok(await fits(page));
    await page.context().close();
});

it('shows a room that is booked or drawn by lot', async () => {
    const page = await open('resident-2');
    const number = await send(page, 'facility-booking');
    await mine(page);
    assert.ok(await fits(page));
    const text = await cards(page, '#bookings').filter({ hasText: number }).innerText();
    assert.match(text, /抽選の申込済[^]*まだ抽選していません|予約済/); // by the day of the month
    assert.match(text, /取り消す/);
    await page.context().close();
});

it('shows what is owed until it is paid, and then where its receipt is', async () => {
    const page = await open('resident-2'), clerk = await open('clerk');
    const number = await send(page, 'dog-registration');
    await mine(page);
    const due = cards(page, '#payments').filter({ hasText: number });
    assert.match(await due.innerText(), /未納[^]*3,000円[^]*納期限/);
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await press(clerk, 'button:has-text("現金で受け取った")');
    await mine(page);
    assert.equal(await due.count(), 0);
    const paid = page.locator('details', { has: page.locator('summary', { hasText: '納めたもの' }) }).locator('li', { hasText: number });
    assert.match(await paid.textContent(), /納付済[^]*3,000円[^]*現金/);
    await page.goto(new URL(await paid.locator('a[href$="/receipt"]').getAttribute('href'), site.url).href);
    assert.match(await page.locator('main').innerText(), /納付済[^]*現金（窓口）[^]*3,000円/);
    await Promise.all([page, clerk].map((one) => one.context().close()));
});

const drafts = (page) => cards(page, '#drafts + p');
const chip = (page) => press(page, 'form[action$="/begin"] button');

it('takes along what was begun before signing in, goes on with it on another device, and throws it away when asked', async () => {
    const here = await stranger();
    await here.goto(`${site.url}/procedures/dog-registration`);
    await chip(here);
    await here.locator('main form input:not([type=hidden])').first().fill('ポチ');
    await press(here, 'main form .actions button'); // kept, whatever is missing still
    await here.goto(`${site.url}/bulky`);
    await press(here, 'form[action="/bulky/start"] button'); // which takes nothing of the other
    await open('resident-1', here);
    await mine(here);
    assert.deepEqual([await drafts(here).count(), await fits(here)], [2, true]);
    assert.match(await drafts(here).filter({ hasText: '犬' }).innerText(), /保存 [^]*続きを書く/);
    await press(here, 'form[action="/sign-out"] button');
    await here.goto(`${site.url}/procedures/dog-registration`);
    assert.equal(await here.locator('a[href*="/ask/"]').count(), 0, 'nobody at this browser is shown it any more');

    const there = await open('resident-1');
    await mine(there);
    await press(there, '#drafts ~ ul li:has-text("犬") a.btn');
    assert.match(there.url(), /dog-registration\/ask\//);
    assert.ok((await there.content()).includes('ポチ'));
    await mine(there);
    const dog = drafts(there).filter({ hasText: '犬' });
    await dog.locator('summary').click();
    await Promise.all([there.waitForNavigation(), dog.locator('form button').click()]);
    assert.equal(await dog.count(), 0);
    assert.equal(await drafts(there).count(), 1, 'and the other stays');
    await Promise.all([here, there].map((one) => one.context().close()));
});

// ---- at a counter ----

const tick = (page, id) => page.locator(`#${id}`).check();

async function counter() {
    const page = await open('counter');
    await page.goto(`${site.url}/staff/identity`);
    assert.match(page.url(), /\/step-up\?next=/, 'who acts confirms first who he is');
    await page.fill('#password', site.passwords.counter);
    await press(page, 'form[action="/step-up"] button');
    return page;
}

async function paper(page, form) {
    await tick(page, `${form}passport`);
    await tick(page, 'seen');
    await press(page, 'form:has(#seen) .actions button');
    const code = (await page.locator('p.code').innerText()).trim();
    assert.match(code, /^([0-9a-z]{4}-){5}[0-9a-z]{4}$/);
    assert.ok(await page.locator('svg.qr path').count() && await fits(page));
    return code;
}

async function choose(code, password) {
    const page = await stranger();
    await page.goto(`${site.url}/sign-in`);
    await press(page, 'a[href="/sign-in/code"]');
    await page.fill('#paper_code', 'wrong');
    await press(page, 'form[action="/sign-in/code"] button');
    assert.match(await page.locator('#errors').innerText(), /窓口で新しいコード/);
    await page.fill('#paper_code', ` ${code.toUpperCase().replaceAll('-', ' ')}`);
    await press(page, 'form[action="/sign-in/code"] button');
    await mine(page);
    assert.match(page.url(), /\/sign-in\/new$/, 'nothing else is open yet');
    await page.fill('#wanted', 'short');
    await press(page, 'form[action="/sign-in/new/password"] button');
    assert.match(await page.locator('#errors').innerText(), /15文字以上/);
    assert.ok(await fits(page));
    await page.fill('#wanted', password);
    await press(page, 'form[action="/sign-in/new/password"] button');
    assert.match(page.url(), /\/my$/);
    return page;
}

it('lets somebody in again who has lost his way in, at the counter, and tells him so', async () => {
    const lost = await open('resident-2'), desk = await counter(), password = 'teapots sail over maple hills';
    await mine(lost);
    const number = /\d{4}-\d{6}/.exec(await lost.locator('main').innerText())[0];
    await desk.fill('#find', 'nobody at all');
    await press(desk, 'form[action="/staff/identity/find"] button');
    assert.match(await desk.locator('#errors').innerText(), /住民のアカウントはありません/);
    await desk.fill('#find', '０９０ ００００ ００００'); // that of his cases, of another post's
    await press(desk, 'form[action="/staff/identity/find"] button');
    assert.match(await desk.locator('#owner, #several').innerText(), /住民2/);
    await desk.fill('#find', number);
    await press(desk, 'form[action="/staff/identity/find"] button');
    assert.match(await desk.locator('#owner').innerText(), /住民2[^]*申告のみ[^]*パスワード/);
    await tick(desk, 'r-passport');
    await press(desk, 'form:has(#seen) .actions button');
    assert.match(await desk.locator('#errors').innerText(), /見比べて/, 'not before he has compared them');
    assert.ok(await desk.locator('#r-passport').isChecked());
    const code = await paper(desk, 'r-');
    await mine(lost);
    assert.match(lost.url(), /\/sign-in\?/, 'every sign-in has ended');
    const page = await choose(code, password);
    assert.match(await page.locator('#checks ~ ul').first().innerText(), /市民課 総合窓口係[^]*パスワードとパスキーを終え[^]*パスポート/);
    assert.match(await page.locator('main').innerText(), /窓口での本人確認とサインインの再設定/, 'who looked, and what for');
    site.passwords['resident-2'] = password;
    await Promise.all([lost, desk, page].map((one) => one.context().close()));
});

it('opens an account for who has none, whose holder is known from then on', async () => {
    const desk = await counter();
    await desk.fill('#login', 'resident-1');
    await desk.fill('#name', '見本 なつ'.repeat(40));
    await tick(desk, 'o-passport');
    await tick(desk, 'seen');
    await press(desk, 'form[action="/staff/identity/open"] .actions button');
    assert.match(await desk.locator('#errors').innerText(), /100文字まで/);
    await desk.fill('#name', '見本 なつ');
    await tick(desk, 'o-passport');
    await tick(desk, 'seen');
    await press(desk, 'form[action="/staff/identity/open"] .actions button');
    assert.match(await desk.locator('#errors').innerText(), /ログイン名は使われています/);
    assert.equal(await desk.inputValue('#name'), '見本 なつ', 'what was written stays');
    await desk.fill('#login', 'ｎａｔｓｕ'); // as a keyboard for Japanese types it
    const page = await choose(await paper(desk, 'o-'), 'quiet boats carry paper moons');
    assert.match(await page.locator('#checks ~ ul').first().innerText(), /アカウントを開きました/);
    await desk.goto(`${site.url}/staff/identity`);
    await desk.fill('#find', 'ｎａｔｓｕ');
    await press(desk, 'form[action="/staff/identity/find"] button');
    assert.match(await desk.locator('#owner').innerText(), /見本 なつ[^]*確認済み/);
    await Promise.all([desk, page].map((one) => one.context().close()));
});

it('registers a passkey by the address on the paper, and comes in by it', async () => {
    const desk = await counter();
    await desk.fill('#login', 'haru');
    await desk.fill('#name', '見本 はる');
    const code = await paper(desk, 'o-');
    const own = site.url.replace('127.0.0.1', 'localhost'); // a passkey has a name for its host, never an address
    const page = await (await browser.newContext({ ...phone, javaScriptEnabled: true })).newPage();
    const device = await page.context().newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', { options: {
        protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true } });
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${own}/sign-in/code#${code.replaceAll('-', '')}`);
    assert.equal(page.url(), `${own}/sign-in/code`, 'nor does the history keep it');
    assert.ok(asked.every((url) => !url.split('#')[0].includes(code.replaceAll('-', ''))), 'the server is asked for no code');
    assert.equal(await page.inputValue('#paper_code'), code.replaceAll('-', ''), 'looking at it uses nothing up');
    await press(page, 'form[action="/sign-in/code"] button');
    await press(page, '#passkey button');
    assert.match(await page.locator('#passkey_name-error').textContent(), /60文字/);
    await page.fill('#passkey_name', '自分の電話');
    await press(page, '#passkey button');
    assert.equal(new URL(page.url()).pathname, '/my');
    await press(page, 'form[action="/sign-out"] button');
    await page.goto(`${own}/sign-in?next=/my`);
    await press(page, '#passkey button');
    assert.equal(new URL(page.url()).pathname, '/my');
    await Promise.all([desk, page].map((one) => one.context().close()));
});

it('does not let telephone numbers be tried out at the counter', async () => {
    const desk = await counter();
    for (let i = 0; i < 11; i++) {
        await desk.fill('#find', `090-1234-56${10 + i}`);
        await press(desk, 'form[action="/staff/identity/find"] button');
    }
    assert.match(await desk.locator('#errors').innerText(), /見つからない検索が続きました/);
    await desk.fill('#find', '090-0000-0000'); // that of his cases
    await press(desk, 'form[action="/staff/identity/find"] button');
    assert.match(await desk.locator('#errors').innerText(), /見つからない検索が続きました/);
    await desk.context().close();
});

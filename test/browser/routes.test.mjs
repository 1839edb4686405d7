// Proposals on their routes in the real program, at the width of a phone: who is away says so, others are consulted, a deputy
// decides, and the holder sees it afterwards.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, it } from 'node:test';
import { chromium } from 'playwright-core';
import { violations } from './axe.mjs';
import { city } from './city.mjs';
import { CHROMIUM } from './preview.mjs';

const MADE = { money: 'finance-head', boss: 'environment-head' };
const PASSWORD = 'correct horse battery staple';
let site, browser;
before(async () => {
    site = await city();
    for (const [login, post] of Object.entries(MADE)) {
        const made = spawnSync(site.bin, ['user', '--data', site.data, '--posts', post, login], { input: `${PASSWORD}\n` });
        assert.equal(made.status, 0, String(made.stderr));
        site.passwords[login] = PASSWORD;
    }
    browser = await chromium.launch(CHROMIUM);
});
after(async () => {
    await browser?.close();
    assert.equal(await site.close(), 0, site.log());
});

async function sound(page) {
    if (!page.scripts) return;
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
    assert.deepEqual(await violations(page), [], page.url());
}

async function press(page, selector) {
    await sound(page);
    await Promise.all([page.waitForNavigation(), page.locator(selector).first().click()]);
}

// Replaces the password that was made for the account by one of one's own.
async function own(page) {
    const wanted = `${page.account} draws seven quiet rivers`;
    await page.fill('#present', site.passwords[page.account]);
    await page.fill('#wanted', wanted);
    await press(page, 'form[action="/account/password"] button');
    site.passwords[page.account] = wanted;
}

async function official(account, scripts) {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'ja-JP', javaScriptEnabled: scripts });
    const page = await context.newPage();
    Object.assign(page, { scripts, account });
    await page.goto(`${site.url}/sign-in`);
    await page.fill('#account', account);
    await page.fill('#password', site.passwords[account]);
    await press(page, 'form[action="/sign-in"] .actions button');
    if (page.url().endsWith('/account/password')) await own(page);
    return page;
}

// Opens a proposal, and confirms who he is where the page asks for it.
async function open(page, url) {
    await page.goto(url);
    if (!await page.locator('a[href^="/step-up?next="]').count()) return;
    await press(page, 'a[href^="/step-up?next="]');
    await page.fill('#password', site.passwords[page.account]);
    await press(page, 'form[action="/step-up"] button.wide');
    assert.equal(page.url(), url, 'and comes back');
}

const main = (page) => page.locator('main').innerText();

// A resident's application with a reduction, without an account; its number.
let homes = 0; // each applies from a home of its own: a household may so often for one day

async function applied() {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'ja-JP' });
    const page = await context.newPage();
    const next = () => press(page, '.actions button');
    await page.goto(`${site.url}/bulky`);
    await press(page, 'form[action="/bulky/start"] button');
    await page.fill('#postcode', '9990001');
    await press(page, 'button[value="lookup"]');
    await page.fill('#street', '1-2-3');
    await page.fill('#building', `${++homes}号室`);
    await press(page, 'button[value="next"]');
    await page.goto(`${site.url}/bulky/items?q=${encodeURIComponent('ソファ')}`);
    await press(page, 'button[name="add"]');
    await press(page, 'button[name="action"][value="next"]');
    await page.locator('input[name="slot"]:not([disabled])').last().check();
    await next();
    for (const [id, value] of [['name', '試験 太郎'], ['kana', 'シケン タロウ'], ['phone', '0999-00-1234']]) await page.fill(`#${id}`, value);
    await next();
    await page.locator('input[name="reduction"][value="disaster"]').check();
    await next();
    await page.locator('input[name="optout"][value="no"]').check();
    await next();
    await press(page, 'form[action="/bulky/check"] button');
    const number = (await page.locator('.code').innerText()).trim();
    await context.close();
    return number;
}

// Its reduction, proposed by the clerk; the proposal's address.
async function proposed(clerk) {
    const number = await applied();
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await press(clerk, 'form[action$="/reduction"] button');
    await clerk.goto(`${site.url}/staff/decisions?state=drafted&kind=fee-reduction`);
    return clerk.locator('tbody th a').first().evaluate((a) => a.href); // the newest comes first
}

async function waitsFor(page, url, task) {
    await page.goto(`${site.url}/staff/decisions/waiting`);
    await sound(page);
    const row = page.locator('tbody tr', { has: page.locator(`a[href="${new URL(url).pathname}"]`) });
    if (!task) return assert.equal(await row.count(), 0, `${page.account} is asked`);
    assert.match(await row.innerText(), task);
}

async function sayAway(page, day) {
    await page.goto(`${site.url}/staff/absence`);
    await page.fill('#from', day);
    await page.fill('#until', day);
    await press(page, 'form.narrow .actions button');
    assert.match(await main(page), /不在中/);
}

async function walk(scripts) {
    const [clerk, chief, money, head] = await Promise.all(['clerk', 'chief', 'money', 'boss'].map((one) => official(one, scripts)));
    const day = new Date(Date.now() + 9 * 3600_000).toISOString().slice(0, 10);
    const url = await proposed(clerk);
    await clerk.goto(url);
    assert.match(await clerk.locator('.route').innerText(), /起案[^]*決裁[^]*待っています/);
    assert.equal(await clerk.locator('button[value="approve"]').count(), 0, 'the drafter does not decide');
    await clerk.locator('summary', { hasText: '合議を加える' }).click();
    await clerk.locator('#added').selectOption('finance-head');
    await press(clerk, 'button[value="add"]');
    assert.match(await clerk.locator('.route').innerText(), /起案[^]*合議[^]*財政課長[^]*決裁/);

    await waitsFor(chief, url, null);
    await waitsFor(money, url, /合議/);
    await open(money, url);
    await press(money, 'button[value="dissent"]');
    assert.equal(await money.locator('.errors a[href="#comment"]').count(), 1, 'a dissent says why');
    await money.fill('textarea[name="comment"]', '予算の見込みを確かめてください。');
    await press(money, 'button[value="dissent"]');
    assert.match(await money.locator('.route').innerText(), /不同意[^]*予算の見込み/);

    await waitsFor(chief, url, /決裁/);
    await open(chief, url);
    await press(chief, 'button[value="approve"]');
    assert.equal(await chief.locator('.errors a[href="#opinions"]').count(), 1, 'the dissent is read first');
    await chief.locator('input[name="opinions"]').check();
    await press(chief, 'button[value="approve"]');
    assert.match(await chief.locator('.tag').first().innerText(), /決裁済み/);
    assert.match(await main(chief), /経路の記録[^]*合議を追加[^]*不同意[^]*承認/);
    await sound(chief);

    await chief.goto(`${url}?lang=en`);
    assert.match(await main(chief), /Consultation added[^]*Dissented[^]*Approved/);
    await sound(chief);
    await chief.goto(`${url}?lang=ja`);

    const second = await proposed(clerk);
    await sayAway(chief, day);
    await waitsFor(head, second, /決裁[^]*代決/);
    await open(head, second);
    assert.match(await head.locator('.route').innerText(), /不在です。[^]*環境課長が代わりに/);
    await press(head, 'button[value="approve"]');
    assert.match(await head.locator('.route').innerText(), /代決[^]*後閲を待っています/);
    await open(chief, second);
    assert.equal(await chief.locator('button[value="see"]').count(), 0, 'who is recorded absent does nothing');
    await chief.goto(`${site.url}/staff/absence`);
    await press(chief, 'button[name="end"]');
    assert.doesNotMatch(await main(chief), /不在中/);
    await waitsFor(chief, second, /後閲/);
    await open(chief, second);
    await press(chief, 'button[value="see"]');
    assert.doesNotMatch(await chief.locator('.route').innerText(), /後閲を待っています/);
    await waitsFor(chief, second, null);
    await Promise.all([clerk, chief, money, head].map((page) => page.context().close()));
}

// What the inbox says of proposals that came back.
async function back(page) {
    await page.goto(`${site.url}/staff`);
    await sound(page);
    return main(page);
}

async function walkBack(scripts) {
    const [clerk, chief, money] = await Promise.all(['clerk', 'chief', 'money'].map((one) => official(one, scripts)));
    const url = await proposed(clerk), hash = () => clerk.locator('#hash').innerText();
    await open(chief, url);
    await chief.fill('textarea[name="comment"]', '証明書を確かめてください。');
    await press(chief, 'button[value="return"]');
    assert.match(await back(clerk), /手元に戻った起案[^]*差戻し[^]*ごみ減量係長から[^]*証明書を確かめて/);
    assert.doesNotMatch(await back(chief), /手元に戻った起案/, 'it is with its drafter alone');
    await clerk.goto(url);
    const before = await hash();
    await press(clerk, 'button[value="amend"]');
    assert.equal(await hash(), before, 'the same is the same');
    assert.doesNotMatch(await back(clerk), /手元に戻った起案/);
    await clerk.goto(url);
    await press(clerk, 'button[value="withdraw"]');
    assert.match(await back(clerk), /手元に戻った起案[^]*引戻し/);
    await clerk.goto(url);
    await clerk.fill('#subject', '減'.repeat(201));
    await press(clerk, 'button[value="amend"]');
    assert.equal(await clerk.locator('.errors a[href="#subject"]').count(), 1);
    assert.equal(await clerk.inputValue('#subject'), '減'.repeat(201), 'nothing that was typed is lost');
    await clerk.fill('#subject', '粗大ごみ処理手数料の減免（火災）について');
    await clerk.fill('#amended', 'り災証明書の写し');
    await press(clerk, 'button[value="amend"]');
    assert.notEqual(await hash(), before);
    assert.match(await main(clerk), /決裁待ち[^]*り災証明書の写し/);
    assert.match(await clerk.locator('h1').innerText(), /火災/);
    assert.equal(await clerk.inputValue('#amended'), 'り災証明書の写し', 'what is there is there to be changed');
    await clerk.locator('summary', { hasText: '合議を加える' }).click();
    await clerk.locator('#added').selectOption('finance-head');
    await press(clerk, 'button[value="add"]');
    await open(money, url);
    await press(money, 'button[value="approve"]');
    await clerk.locator('summary', { hasText: '内容を直す' }).click();
    await clerk.fill('#amended', 'り災証明書の原本');
    await press(clerk, 'button[value="amend"]');
    assert.match(await back(money), /同意・承認した起案についての知らせ[^]*内容が変わりました/);
    await press(clerk, 'button[value="withdraw"]');
    await press(clerk, 'button[value="drop"]');
    assert.match(await back(money), /廃案になりました。[^]*起案者が廃案にした/);
    await money.goto(`${site.url}/staff/decisions/waiting`);
    assert.match(await main(money), /廃案になりました/);
    await sound(money);
    await money.goto(url);
    assert.match(await main(money), /同意・承認した起案についての知らせ/);
    await press(money, 'form[action$="/seen"] button');
    assert.doesNotMatch(await back(money), /同意・承認した起案/);
    assert.match(await main(clerk), /廃案[^]*起案者が廃案にした/);
    assert.equal(await clerk.locator('button[value="amend"]').count(), 0);
    await sound(clerk);
    await Promise.all([clerk, chief, money].map((page) => page.context().close()));
}

it('comes back, is handed in again and is dropped', () => walkBack(true));

it('comes back the same way without scripts', () => walkBack(false));

it('goes by consultation, deputy and subsequent inspection, with scripts', () => walk(true));

it('goes the same way without scripts', () => walk(false));

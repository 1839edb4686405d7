// A procedure that is a definition, in the real program: found by search, answered, sent, asked back, answered and ended, at the width of
// a phone and of a desk, with and without scripts.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { chromium } from 'playwright-core';
import { violations } from './axe.mjs';
import { city } from './city.mjs';
import { CHROMIUM } from './preview.mjs';

let site, browser;
before(async () => {
    site = await city();
    browser = await chromium.launch(CHROMIUM);
});
after(async () => {
    await browser.close();
    assert.equal(await site.close(), 0, site.log());
});

async function open(scripts, width = 390) {
    const context = await browser.newContext({ viewport: { width, height: 844 }, locale: 'ja-JP', javaScriptEnabled: scripts });
    const page = await context.newPage();
    page.scripts = scripts;
    page.faults = [];
    page.on('console', (message) => { if (message.type() === 'error' && !/status of 422/.test(message.text())) page.faults.push(`${page.url()}: ${message.text()}`); });
    return page;
}

async function sound(page) {
    if (!page.scripts) return;
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
    assert.deepEqual(await violations(page), [], page.url());
}

async function press(page, selector) {
    await sound(page);
    await Promise.all([page.waitForNavigation(), page.locator(selector).first().click()]);
    await sound(page);
}

async function signIn(page, account) {
    await page.goto(`${site.url}/sign-in`);
    await page.fill('#account', account);
    await page.fill('#password', site.passwords[account]);
    await press(page, 'form[action="/sign-in"] .actions button');
}

const next = (page) => press(page, 'main form .actions button');

async function answerDog(page, { born = 'R7.4.1' } = {}) {
    await page.fill('#dogName', 'ポチ');
    await page.check('#breed-other');
    await page.check('#sex-male');
    await page.fill('#born', born);
    await page.fill('#since', '令和8年11月1日');
    await next(page);
    await page.fill('#otherBreed', '紀州犬'); // brought up by the breed
    await next(page);
    await page.check('#chip-no');
    await next(page);
    await page.check('#vaccinated-no');
    await next(page);
}

async function answerOwner(page) {
    await page.fill('#name', '試験　太郎');
    await page.fill('#kana', 'しけん たろう');
    await page.fill('#postcode', '９９９０００１');
    await page.fill('#address', 'まなか一丁目１－２');
    await page.fill('#phone', '０９９９（００）１２３４');
    await page.check('#declared-yes');
    await next(page);
}

async function journey(scripts) {
    const resident = await open(scripts);
    await resident.goto(`${site.url}/`);
    await press(resident, 'a[href="/procedures"]');
    await resident.fill('#q', 'ｲﾇ');
    await press(resident, 'form[role="search"] button');
    await press(resident, 'a[href="/procedures/dog-registration"]');
    await press(resident, 'form[action$="/begin"] button');
    await next(resident); // nothing was answered
    const summary = await resident.locator('#errors li').allInnerTexts();
    assert.deepEqual(summary.slice(0, 2), ['「犬の名前」を入れてください', '「犬種」をえらんでください']);
    assert.match(await resident.title(), /^エラー: /);
    assert.ok((await resident.locator('#dogName-error').innerText()).includes(summary[0]), 'the same words at the field');
    await answerDog(resident);
    await answerOwner(resident);
    assert.match(await resident.locator('main').innerText(), /紀州犬[^]*3,000円/);
    await resident.goto(`${site.url}/procedures/dog-registration/check?lang=en`);
    assert.match(await resident.locator('main').innerText(), /Name of the dog[^]*ポチ[^]*¥3,000/);
    await sound(resident);
    await resident.goto(`${site.url}/procedures/dog-registration/check?lang=ja`);
    await press(resident, 'main form .actions button');
    const number = (await resident.locator('.code').innerText()).trim();
    assert.match(number, /^\d{4}-\d{6}$/);
    await resident.goBack();
    await resident.reload();
    assert.match(resident.url(), /\/receipt$/, 'back leads to what was sent');
    const address = (await resident.locator('a.address').getAttribute('href'));

    const clerk = await open(scripts, 1280);
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('.checks').innerText(), /今年度の予防注射が済んでいる\s*不適合/);
    await clerk.locator('summary', { hasText: '確認する' }).click();
    await press(clerk, 'form:has(#text-ask) button');
    assert.match(await clerk.locator('#errors').innerText(), /理由や内容を入れてください/);
    await clerk.fill('#text-ask', '予防注射の予定を教えてください。');
    await press(clerk, 'form:has(#text-ask) button');

    await resident.goto(address);
    await sound(resident);
    assert.match(await resident.locator('.banner.warn').innerText(), /予防注射の予定/);
    await resident.locator('summary', { hasText: '返事をする' }).click();
    await resident.fill('#text-answer', '12月1日に受けます。');
    await press(resident, 'form:has(#text-answer) button');

    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('.timeline').innerText(), /12月1日に受けます/);
    await press(clerk, 'form:has(input[value="register"]) button');
    assert.match(await clerk.locator('main').innerText(), /登録済/);
    await resident.goto(address);
    assert.match(await resident.locator('.tag').first().innerText(), /登録済/);
    const looks = await resident.locator('#looks ~ table tbody tr').allInnerTexts();
    assert.ok(looks.length >= 2 && looks.every((row) => row.includes('申請の受付と審査')), looks.join('\n'));
    assert.ok(!looks.some((row) => row.includes('職員')), 'no name of an official');
    for (const page of [resident, clerk]) assert.deepEqual(page.faults, []);
    await Promise.all([resident, clerk].map((page) => page.context().close()));
}

it('goes from the search to the end, with scripts', () => journey(true));
it('goes from the search to the end, without scripts', () => journey(false));

it('takes an application that does not meet a condition, and says which one', async () => {
    const page = await open(true);
    await page.goto(`${site.url}/procedures/dog-registration`);
    await press(page, 'form[action$="/begin"] button');
    await answerDog(page, { born: '2026-11-01' });
    await answerOwner(page);
    assert.match(await page.locator('.banner.warn').innerText(), /生後90日までの犬は、まだ登録できません[^]*このまま申請することもできます/);
    await press(page, 'main form .actions button');
    const number = (await page.locator('.code').innerText()).trim();
    await signIn(page, 'clerk');
    await page.goto(`${site.url}/staff/cases/${number}`);
    await sound(page);
    assert.match(await page.locator('.checks').innerText(), /生後90日までの犬[^]*条件に合わない/);
    await page.context().close();
});

it('asks no signed-in resident again for what he has told', async () => {
    const page = await open(true);
    await signIn(page, 'resident-1');
    await page.goto(`${site.url}/procedures/dog-registration`);
    await press(page, 'form[action$="/begin"] button');
    await answerDog(page);
    assert.notEqual(await page.inputValue('#name'), '', 'known from an earlier case');
    await page.check('#declared-yes');
    await next(page);
    await press(page, 'main form .actions button');
    await page.goto(`${site.url}/my`);
    await sound(page);
    const card = page.locator('a.card', { hasText: '犬の登録' });
    assert.match(await card.innerText(), /受付/);
    await card.click();
    await page.waitForSelector('.timeline');
    await page.locator('button', { hasText: '取り下げる' }).click();
    await page.waitForSelector('.tag:has-text("取下げ")');
    await page.context().close();
});

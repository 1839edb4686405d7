// An application is corrected by its questions: marked by its office, answered again by its resident on a phone and without scripts,
// with files, from two tabs, and by the desk for who calls.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as keys from './keys.mjs';
import { browser, site } from './stage.mjs';

const POST = 'citizens-counter-clerk';
const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj trailer<</Root 1 0 R>>\n%%EOF\n');

const open = async (width) => (await browser.newContext({ viewport: { width, height: 844 }, locale: 'ja-JP', javaScriptEnabled: false })).newPage();
const press = (page, selector) => Promise.all([page.waitForNavigation(), page.locator(selector).click()]);
const send = (page) => press(page, 'main form .actions button');
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

async function signedIn(account, width) {
    const page = await open(width);
    await page.goto(`${site.url}/sign-in`);
    await page.fill('#account', account);
    await page.fill('#password', site.passwords[account]);
    await press(page, 'form[action="/sign-in"] button');
    return page;
}

async function official(post) {
    const page = await signedIn('counter', 1280);
    await page.goto(`${site.url}/post`);
    await page.check(`#post-${post}`);
    await send(page);
    return page;
}

// Field and reason by turns.
async function ask(page, number, marks) {
    await page.goto(`${site.url}/staff/cases/${number}`);
    await page.locator('summary', { hasText: '確認する' }).first().click();
    await page.locator('summary', { hasText: '直してもらう項目を選ぶ' }).first().click();
    for (const [field, why] of Object.entries(marks)) {
        await page.check(`#correct-${field}`);
        await page.fill(`#why-${field}`, why);
    }
    await press(page, 'form:has(#correct-name) button.btn');
    assert.match(await page.locator('main').innerText(), /直してもらっている項目/);
}

it('is put right by questions, others that they bring up, and files, beside what was answered before', async () => {
    const resident = await signedIn('resident-2', 390);
    await resident.goto(`${site.url}/procedures/resident-record-copy`);
    const number = await keys.apply(resident, 'resident-record-copy');
    const home = await resident.locator('a.address').getAttribute('href');
    const clerk = await official(POST);
    await ask(clerk, number, { copies: '2通でしょうか。', waiver: '減免を受けられます。' });

    await resident.goto(home);
    assert.match(await resident.locator('.banner.warn').innerText(), /次の項目を直してください[^]*2通でしょうか/);
    await press(resident, 'a:has-text("直す")');
    assert.ok(await fits(resident));
    assert.equal(await resident.inputValue('#copies'), '1', 'what was answered');
    await resident.fill('#copies', '99');
    await send(resident);
    assert.equal(await resident.locator('#errors li').count(), 1);
    assert.equal(await resident.inputValue('#copies'), '99', 'nothing is lost');
    await resident.fill('#copies', '２');
    await resident.check('#waiver-yes');
    await send(resident);
    assert.equal(await resident.locator('#errors').count(), 0);
    assert.match(await resident.locator('main').innerText(), /答えていただく項目が増えました/);
    await resident.check('#ground-welfare');
    await resident.setInputFiles('#proof', { name: 'memo.pdf', mimeType: 'application/pdf', buffer: Buffer.from('no paper') });
    await send(resident);
    assert.match(await resident.locator('#errors').innerText(), /memo\.pdf/);
    await resident.setInputFiles('#proof', { name: 'first.pdf', mimeType: 'application/pdf', buffer: PDF });
    await press(resident, 'button[name="add"]');
    assert.ok(await resident.isChecked('#ground-welfare'));
    await press(resident, 'li:has-text("first.pdf") button[name="remove"]');
    await resident.setInputFiles('#proof', { name: 'card.pdf', mimeType: 'application/pdf', buffer: PDF });
    await send(resident);
    assert.equal(new URL(resident.url()).pathname, new URL(home).pathname);
    assert.equal(await resident.locator('a:has-text("直す")').count(), 0);
    assert.match(await resident.locator('#corrections ~ *').first().innerText(), /card\.pdf/);

    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('#corrections ~ *').first().innerText(), /410円から710円/);
    const paper = await clerk.locator('#corrections ~ * a.file', { hasText: 'card.pdf' }).first().getAttribute('href');
    assert.equal((await clerk.request.get(`${site.url}${paper}`)).status(), 200);
    await Promise.all([resident, clerk].map((page) => page.context().close()));
});

it('tells what came too late, and shows it; and the desk enters it for who calls', async () => {
    const resident = await signedIn('resident-2', 390), clerk = await official(POST);
    await resident.goto(`${site.url}/procedures/resident-record-copy`);
    const number = await keys.apply(resident, 'resident-record-copy');
    const home = await resident.locator('a.address').getAttribute('href');
    await ask(clerk, number, { copies: '人数' });
    const other = await resident.context().newPage();
    for (const tab of [resident, other]) await tab.goto(`${home}/correct`);
    await resident.fill('#copies', '4');
    await send(resident);
    await other.fill('#copies', '5');
    await other.fill('#correct-words', 'パートを含みます。');
    await send(other);
    assert.match(await other.locator('main').innerText(), /送れませんでした[^]*もう別の画面から[^]*5/);
    assert.equal(await other.inputValue('#written'), 'パートを含みます。');
    assert.ok(await fits(other));

    await ask(clerk, number, { copies: '人数' });
    await press(clerk, 'a:has-text("代わりに入力する")');
    await clerk.fill('#copies', '6');
    await send(clerk);
    assert.match(await clerk.locator('#errors').innerText(), /電話か窓口かを選んでください/);
    await clerk.check('#correct-channel-phone');
    await send(clerk);
    assert.match(await clerk.locator('#corrections ~ *').first().innerText(), /電話[^]*4[^]*6/);
    await Promise.all([resident, clerk].map((page) => page.context().close()));
});

// A meeting of the executive in the real program: planned, papers brought and read, without scripts as with them.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { violations } from './axe.mjs';
import { browser, site } from './stage.mjs';

const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');
async function open(scripts, width, account) {
    const context = await browser.newContext({ viewport: { width, height: 844 }, locale: 'ja-JP', javaScriptEnabled: scripts });
    const page = await context.newPage();
    page.scripts = scripts;
    if (!account) return page; // nobody in particular
    await page.goto(`${site.url}/sign-in`);
    await page.fill('#account', account);
    await page.fill('#password', site.passwords[account]);
    await press(page, 'form[action="/sign-in"] .actions button');
    return page;
}

async function sound(page) {
    if (!page.scripts) return;
    assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
}

async function press(page, selector) {
    await Promise.all([page.waitForNavigation(), page.locator(selector).first().click()]);
    await sound(page);
}

async function post(page, id) {
    await page.goto(`${site.url}/post`);
    await page.check(`#post-${id}`);
    await press(page, 'main form button');
}

it("plans a meeting, takes papers in, lets members read them on a telephone, and fixes the minutes by the chair's decision", async () => {
    const [secretary, division, member] = await Promise.all([open(true, 1280, 'counter'), open(false, 1280, 'clerk'), open(true, 390, 'director')]);
    await post(secretary, 'general-affairs-records-clerk');
    await press(secretary, 'nav.side a[href="/staff/meetings"]');
    await secretary.check('#series-policy');
    await secretary.fill('#day', '2027-01-12');
    await secretary.fill('#time', '10:30');
    await secretary.fill('#place', '第1会議室');
    await press(secretary, 'main form button');
    const address = secretary.url();

    await division.goto(address);
    await press(division, 'a[href$="/items/new"]');
    await division.fill('#title', '予約枠の見直し');
    await division.fill('#summary', '1日あたり30件から40件に増やす。');
    await division.fill('#link', `${site.url}/staff/effect`);
    await division.check('#shown-public');
    await division.setInputFiles('#papers', { name: 'x.exe', mimeType: 'application/pdf', buffer: Buffer.from('MZ') });
    await press(division, '#agenda button');
    assert.match(await division.locator('#errors').innerText(), /x\.exe/);
    assert.equal(await division.inputValue('#title'), '予約枠の見直し', 'what was written stays');
    await division.setInputFiles('#papers', [1, 2].map((n) => ({ name: `資料${n}.pdf`, mimeType: 'application/pdf', buffer: PDF })));
    await press(division, '#agenda button');
    await press(division, '.agenda a');
    await press(division, '.files button[name="remove"]');
    assert.equal(await division.locator('.files a').count(), 1);

    await press(secretary, 'nav.side a[href="/staff/meetings"]');
    await press(secretary, 'table a');
    await press(secretary, 'button[value="close"]');
    await division.reload();
    assert.equal(await division.locator('#title').count(), 0, 'what is closed is frozen');

    await member.goto(`${site.url}/staff/meetings`);
    await press(member, 'table a');
    await press(member, '.agenda a');
    assert.match(await member.locator('main').innerText(), /30件から40件[^]*資料2\.pdf[^]*\/staff\/effect/);
    assert.deepEqual(await violations(member), []);
    const paper = await member.request.get(site.url + await member.locator('.files a').getAttribute('href'));
    assert.ok((await paper.body()).equals(PDF));

    await secretary.goto(address);
    await press(secretary, '.agenda a');
    await secretary.check('#result-amended');
    await secretary.fill('#said', '40件ではなく35件とする。');
    await press(secretary, '#note button');
    await secretary.goto(address);
    await secretary.fill('#minutes', '予約枠を増やすことを了承した。');
    await press(secretary, 'button[value="minutes"]');
    await press(secretary, 'button[value="propose"]');
    assert.equal(await secretary.locator('#minutes').count(), 0, 'what is proposed is frozen');
    await member.goto(`${site.url}/step-up?next=${new URL(address).pathname}`);
    await member.fill('#password', site.passwords.director);
    await press(member, 'form[action="/step-up"] button.wide');
    await press(member, 'main a[href^="/staff/decisions/"]');
    assert.match(await member.locator('main').innerText(), /予約枠の見直し：修正のうえ了承。40件ではなく35件とする。/);
    await press(member, 'button[value="approve"]');
    await member.goto(address);
    assert.match(await member.locator('main').innerText(), /要旨を確定[^]*もう変わりません[^]*[0-9a-f]{64}/);

    const anybody = await open(true, 390);
    await anybody.goto(`${site.url}/`);
    await press(anybody, 'a[href="/meetings"]');
    await press(anybody, 'table a');
    assert.match(await anybody.locator('main').innerText(), /予約枠を増やすことを了承した。[^]*予約枠の見直し[^]*修正のうえ了承[^]*40件ではなく35件とする。[^]*資料2\.pdf/);
    assert.ok((await (await anybody.request.get(site.url + await anybody.locator('.files a').getAttribute('href'))).body()).equals(PDF));
    assert.deepEqual(await violations(anybody), []);
    await anybody.context().close();
    await Promise.all([secretary, division, member].map((page) => page.context().close()));
});

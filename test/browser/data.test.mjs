// The open-data portal of the real program, with and without JavaScript, and how its releases were decided.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { violations } from './axe.mjs';
import { city } from './city.mjs';
import { CHROMIUM, ROOT } from './preview.mjs';

const SAMPLES = process.env.MACHI_SAMPLES ?? join(ROOT, '../shared/data');
const SETS = ['bulky-waste-counts', 'bulky-waste-records', 'aed'];
const run = promisify(execFile);
let site, browser;

before(async () => {
    site = await city(['--starter']);
    browser = await chromium.launch(CHROMIUM);
    await run(site.bin, ['import', '--data', site.data, join(SAMPLES, 'yaizu/aed.csv')]);
    const until = Date.now() + 60_000;
    for (const name of SETS) {
        while ((await fetch(`${site.url}/data/${name}.csv`)).status !== 200) {
            assert.ok(Date.now() < until, `${name} is not published in time`);
            await new Promise((done) => setTimeout(done, 500));
        }
    }
});
after(async () => {
    await browser.close();
    assert.equal(await site.close(), 0, site.log());
});

async function open(path, options = {}) {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, reducedMotion: 'reduce', locale: 'ja', ...options });
    const page = await context.newPage();
    page.faults = [];
    page.on('console', (message) => { if (message.type() === 'error') page.faults.push(message.text()); });
    page.on('pageerror', (error) => page.faults.push(error.message));
    await page.goto(site.url + path);
    return page;
}

async function clean(page, what) {
    assert.deepEqual(await violations(page), [], what);
    const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(width <= 0, `${what} scrolls sideways`);
    assert.deepEqual(page.faults, [], what);
}

async function sign_in(page, account) {
    await page.goto(`${site.url}/sign-in`);
    await page.fill('#account', account);
    await page.fill('#password', site.passwords[account]);
    await page.click('main form .btn');
    await page.waitForURL(/\/staff/);
}

it('shows the whole of a narrow table on a phone, and says that a wide one goes sideways', async () => {
    const page = await open('/data/bulky-waste-counts');
    const cells = page.locator('.scroll tbody tr').first().locator('td');
    const names = await cells.evaluateAll((all) => all.map((cell) => cell.dataset.label));
    assert.ok(names.includes('件数'), names.join());
    for (const cell of await cells.all()) {
        const box = await cell.boundingBox();
        assert.ok(box.x >= 0 && box.x + box.width <= 390, `${names.join()} leaves the screen: ${JSON.stringify(box)}`);
    }
    await page.goto(`${site.url}/data/aed`);
    assert.match(await page.locator('main').innerText(), /横に動かして/);
    await page.context().close();
});

for (const width of [320, 390, 1280]) {
    it(`shows the catalogue and each dataset at ${width} px without a violation, and sets no cookie`, async () => {
        const page = await open('/data', { viewport: { width, height: 844 } });
        await clean(page, '/data');
        for (const name of SETS) {
            await page.goto(`${site.url}/data/${name}`);
            await clean(page, name);
        }
        await page.goto(`${site.url}/data?lang=en`);
        await clean(page, 'English');
        const names = (await page.context().cookies()).map((cookie) => cookie.name);
        assert.deepEqual(names.filter((name) => name !== 'lang'), []);
        await page.context().close();
    });
}

it('describes the interfaces in either language, with scripts and without', async () => {
    const page = await open('/api');
    for (const width of [320, 390, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        await clean(page, `/api at ${width} px`);
    }
    const words = (await page.locator('main h2, summary .muted').allInnerTexts()).concat(await page.locator('main nav a').allInnerTexts());
    assert.ok(words.length > 50, `${words.length} words`);
    assert.deepEqual(words.filter((text) => !/[\u3040-\u30ff\u4e00-\u9fff]/.test(text)), [], 'not Japanese');
    await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
    await clean(page, '/api unfolded');
    assert.equal(await page.locator('tbody:not(:has(tr))').count(), 0, 'a table without rows');
    await page.context().close();
    const plain = await open('/api?lang=en', { javaScriptEnabled: false });
    await plain.locator('summary', { hasText: 'Query entities' }).first().click();
    assert.match(await plain.locator('details[open]').first().innerText(), /idPattern/);
    assert.doesNotMatch(await plain.locator('main').innerText(), /[\u3040-\u30ff\u4e00-\u9fff]/);
    await plain.context().close();
});

it('leads from the search to a file without JavaScript', async () => {
    const page = await open('/data', { javaScriptEnabled: false });
    await page.fill('input[name=q]', 'AED');
    await page.press('input[name=q]', 'Enter');
    await page.waitForURL(/q=AED/);
    await page.click('a[href="/data/aed"]');
    await page.waitForURL(/\/data\/aed$/);
    assert.match(await page.locator('main').innerText(), /公共データ利用規約/);
    const href = await page.getAttribute('a[href$=".csv?bom=1"]', 'href');
    const bytes = new Uint8Array(await (await fetch(site.url + href)).arrayBuffer());
    assert.deepEqual([...bytes.slice(0, 3)], [0xef, 0xbb, 0xbf]);
    await page.click('a[href="/report?about=aed"]');
    await page.check('input[name=kind][value=data]');
    await page.fill('textarea[name=text]', '3行目の住所が違います。');
    await page.click('main form .btn');
    await page.waitForURL(/\/report\/[0-9a-z]{26}$/);
    assert.match(await page.locator('.code').innerText(), /^R-\d/);
    await page.context().close();
});

it('says what was suppressed and who was left out', async () => {
    const page = await open('/data/bulky-waste-counts');
    assert.match(await page.locator('main').innerText(), /少ない件数を伏せています/);
    const lines = (await (await fetch(`${site.url}/data/bulky-waste-counts.csv`)).text()).trim().split('\r\n').slice(1);
    const hidden = lines.filter((line) => line.endsWith(',X'));
    assert.ok(hidden.length >= 5 && lines.length - hidden.length >= 10, `${hidden.length} of ${lines.length}`);
    for (const line of lines) assert.ok(line.endsWith(',X') ? /,,X$/.test(line) : Number(line.split(',')[3]) >= 10, line);
    const shown = await page.locator('table').first().locator('tbody tr td:first-child').allInnerTexts();
    assert.equal(shown.at(-1), lines.at(-1).split(',')[0], 'the newest month is shown');
    await page.goto(`${site.url}/data/bulky-waste-records`);
    assert.match(await page.locator('main').innerText(), /公開を望まない方の記録は含みません/);
    const sizes = new Map();
    const records = (await (await fetch(`${site.url}/data/bulky-waste-records.csv`)).text()).trim().split('\r\n').slice(1);
    for (const line of records) sizes.set(line, (sizes.get(line) ?? 0) + 1);
    assert.ok(records.length >= 60 && [...sizes.values()].every((n) => n >= 10), `${records.length} records`);
    await page.context().close();
});

it('shows the steward and the head how each release was decided, and nobody else', async () => {
    for (const account of ['steward', 'head']) {
        const page = await open('/');
        await sign_in(page, account);
        await page.goto(`${site.url}/staff/releases`);
        await clean(page, `releases as ${account}`);
        assert.equal(await page.locator('tbody .tag.ok').count(), 3);
        for (const name of ['bulky-waste-counts', 'bulky-waste-records', 'open-types']) {
            await page.goto(`${site.url}/staff/releases/${name}`);
            await clean(page, `${name} as ${account}`);
            assert.match(await page.locator('main').innerText(), /決裁済[\s\S]*情報政策課長/);
        }
        assert.equal(await page.locator('button[name=act]').count(), 0); // nothing waits
        await page.context().close();
    }
    const clerk = await open('/');
    await sign_in(clerk, 'clerk');
    assert.equal((await clerk.goto(`${site.url}/staff/releases`)).status(), 403);
    await clerk.context().close();
});

// What the scripts add to pages that work without them, under the policy that machi sends.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { chromium } from 'playwright-core';
import { CHROMIUM, preview } from './preview.mjs';

const site = await preview();
let browser;
before(async () => { browser = await chromium.launch(CHROMIUM); });
after(async () => {
    await browser.close();
    await site.close();
});

async function open(path, prepare = async () => {}, options = {}) {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, ...options });
    const page = await context.newPage();
    page.faults = [];
    page.on('console', (message) => { if (message.type() === 'error') page.faults.push(message.text()); });
    page.on('pageerror', (error) => page.faults.push(error.message));
    await prepare(page, context);
    await page.goto(site.url + path);
    return page;
}

async function done(page) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

it('draws the map by its worker, without a tile, under the policy', async () => {
    const page = await open('/map/ja');
    await page.waitForSelector('[data-map][data-ready]', { timeout: 20_000 });
    assert.ok(await page.isVisible('.maplibregl-canvas'));
    assert.ok(await page.locator('.places li').first().isVisible());
    await done(page);
});

it('keeps the list and shows no empty map where WebGL2 is missing', async () => {
    const page = await open('/map/ja', (p) => p.addInitScript(() => { HTMLCanvasElement.prototype.getContext = () => null; }));
    await page.waitForLoadState('networkidle');
    assert.equal(await page.isVisible('[data-map]'), false);
    assert.ok(await page.locator('.places li').first().isVisible());
    await done(page);
});

it('draws the chart from the table beside it, and folds the table away', async () => {
    const page = await open('/gauge/en');
    await page.waitForSelector('[data-chart][data-ready]');
    const box = await page.locator('[data-chart] canvas').boundingBox();
    assert.ok(box.width > 300 && box.width <= 390);
    assert.equal(await page.isVisible('#readings'), false);
    await done(page);
});

it('shows the table of readings when scripts are off', async () => {
    const page = await open('/gauge/ja', undefined, { javaScriptEnabled: false });
    assert.ok(await page.isVisible('#readings'));
    assert.equal(await page.isVisible('[data-chart]'), false);
    await done(page);
});

it('begins reading at the summary of what is wrong, whose links lead to the fields', async () => {
    const page = await open('/bulky-district.error/ja');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'errors');
    assert.match(await page.title(), /^エラー: /);
    for (const link of await page.locator('.errors a').all()) {
        const target = await link.getAttribute('href');
        assert.equal(await page.locator(target).count(), 1, target);
    }
    await done(page);
});

it('says at the field in the same words what the summary says', async () => {
    const page = await open('/bulky-contact.error/en');
    const summary = await page.locator('.errors a').allInnerTexts();
    const fields = await page.locator('.message').allInnerTexts();
    assert.deepEqual(fields.map((text) => text.trim()), summary);
    await done(page);
});

it('finds items while one types, and without scripts by the button', async () => {
    const asked = [];
    const answer = (route) => {
        asked.push(new URL(route.request().url()).searchParams.get('q'));
        return route.fulfill({ contentType: 'text/html', body: '<form id="found"><p id="new">たんす</p></form>' });
    };
    const page = await open('/bulky-items.none/ja', (p) => p.route('**/bulky/items?*', answer));
    await page.fill('#q', 'たんす');
    await page.waitForSelector('#new');
    assert.deepEqual(asked, ['たんす']);
    await done(page);
    const plain = await open('/bulky-items/ja', (p) => p.route('**/bulky/items?*', answer), { javaScriptEnabled: false });
    await plain.fill('#q', '机');
    await plain.click('form[role=search] button');
    assert.equal(asked[1], '机');
    await done(plain);
});

it('sends a form once when the button is pressed twice', async () => {
    let sent = 0;
    const page = await open('/bulky-check/ja', (p) => p.route('**/bulky/check', (route) => {
        sent++;
        setTimeout(() => route.fulfill({ contentType: 'text/html', body: 'ok' }), 300);
    }));
    await page.locator('form[method=post] .btn').dblclick({ noWaitAfter: true });
    await page.waitForURL('**/bulky/check');
    assert.equal(sent, 1);
    await done(page);
});

it('asks before entries are lost, and not when they are sent', async () => {
    const page = await open('/bulky-contact/ja', (p) => p.route('**/bulky/contact', (route) => route.fulfill({ contentType: 'text/html', body: 'ok' })));
    let asked = 0;
    page.on('dialog', (dialog) => { asked++; return dialog.dismiss(); });
    await page.fill('#name', '町田');
    await page.goto('about:blank').catch(() => {});
    assert.equal(asked, 1);
    await page.click('form[data-unsent] .btn');
    await page.waitForURL('**/bulky/contact');
    assert.equal(asked, 1);
    await done(page);
});

it('copies the address of the receipt', async () => {
    const page = await open('/bulky-receipt/ja', (_, context) => context.grantPermissions(['clipboard-read', 'clipboard-write']));
    await page.click('[data-copy]');
    await page.waitForFunction(() => document.querySelector('[data-copied]').textContent);
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^https:\/\/machi\.example\/c\//);
    await done(page);
});

it('measures touch time: active intervals, a pause of more than 90 seconds cut', async () => {
    const bodies = [];
    const page = await open('/review/ja', async (p) => {
        await p.clock.install({ time: new Date('2025-04-08T01:00:00Z') });
        await p.route('**/touch', (route) => {
            bodies.push(new URLSearchParams(route.request().postData()));
            return route.fulfill({ status: 204 });
        });
    });
    await page.waitForSelector('[data-touch][data-ready]');
    for (let i = 0; i < 3; i++) {
        await page.clock.runFor(10_000);
        await page.mouse.move(10 + i, 10);
    }
    await page.clock.runFor(300_000);
    await page.mouse.move(50, 50);
    await page.clock.runFor(60_000);
    for (let i = 0; i < 50 && !bodies.length; i++) await new Promise((next) => setTimeout(next, 50));
    const seconds = bodies.reduce((sum, body) => sum + Number(body.get('seconds')), 0);
    assert.ok(seconds >= 29 && seconds <= 31, `${seconds} s`);
    assert.equal(bodies[0].get('csrf'), 'example-token');
    await done(page);
});

it('updates the tiles of the wall when they are pushed', async () => {
    const tile = { id: 'late', value: 12345, n: 50, time: '2025-04-08T01:00:00Z', level: 'bad', label: '期限切れ', source: '受信箱', decimals: 0, few: false, about: false };
    const page = await open('/wall.staff/ja', (p) => p.route('**/wall/events', (route) => route.fulfill({ contentType: 'text/event-stream', body: `event: tile\ndata: ${JSON.stringify(tile)}\n\n` })));
    await page.waitForFunction(() => document.querySelector('[data-tile=late] [data-figure]').textContent === '12,345');
    assert.match(await page.locator('[data-tile=late] [data-time]').innerText(), /令和7年4月8日/);
    assert.equal(await page.locator('[data-tile=late] .tag').innerText(), '警戒');
    await page.context().close();
});

it('prints the receipt without what belongs to the screen', async () => {
    const page = await open('/bulky-receipt/ja');
    await page.emulateMedia({ media: 'print' });
    for (const gone of ['.foot', '.lang', '.actions']) assert.equal(await page.locator(gone).first().isVisible(), false, gone);
    assert.ok(await page.isVisible('.panel .code'));
    await done(page);
});

it('can be walked by keyboard with a visible ring at every stop', async () => {
    const page = await open('/bulky-items/ja');
    const seen = new Set();
    for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab');
        const stop = await page.evaluate(() => {
            const e = document.activeElement;
            return e === document.body ? null : { name: e.outerHTML.slice(0, 60), outline: parseFloat(getComputedStyle(e).outlineWidth) };
        });
        if (!stop) break;
        assert.ok(stop.outline >= 3, `no ring on ${stop.name}`);
        seen.add(stop.name);
    }
    assert.ok(seen.size > 15, `${seen.size} stops`);
    await done(page);
});

it('shows the wall from a phone to 4K without sideways scroll', async () => {
    for (const width of [320, 390, 1280, 1920, 3840]) {
        const page = await open('/wall/ja', undefined, { viewport: { width, height: Math.round(width * 9 / 16) + 300 } });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${width}`);
        const figure = await page.locator('.figure').first().evaluate((e) => parseFloat(getComputedStyle(e).fontSize));
        assert.ok(width < 1920 || figure >= width * 0.03, `${figure} px at ${width}`);
        await page.context().close();
    }
});

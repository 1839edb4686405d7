// The wall, the map and the gauges of the real program, on real readings.
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
const FILES = ['yaizu/aed.csv', 'yaizu/shelters.csv', 'yaizu/evacuation_space.csv', 'fukui/waterlevel_sensors_bom.csv',
    'fukui/waterlevel_hourly_2023-2026_3stations.csv', 'fukui/peopleflow_station_person.csv'];
const GAUGE = 'urn:ngsi-ld:RiverGauge:1';
const run = promisify(execFile);
let site, browser, token;

before(async () => {
    site = await city(['--starter', '--wall.public-every', '2s']);
    browser = await chromium.launch(CHROMIUM);
    await run(site.bin, ['import', '--data', site.data, ...FILES.map((file) => join(SAMPLES, file))]);
    token = (await run(site.bin, ['token', '--data', site.data, '--as', 'steward'])).stdout.trimEnd().split('\n').at(-1);
    for (let n = 1; n <= 6; n++) await read_level(0.1, `urn:ngsi-ld:RiverGauge:999997-${n}`); // the city's own rivers are calm
    await read_level(4.9);
});
after(async () => {
    await browser.close();
    assert.equal(await site.close(), 0, site.log());
});

async function read_level(value, gauge = GAUGE) {
    const body = JSON.stringify({ type: 'Property', value, unitCode: 'MTR', observedAt: new Date().toISOString() });
    const answer = await fetch(`${site.url}/ngsi-ld/v1/entities/${gauge}/attrs/waterLevel`, { method: 'PATCH', body,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 204, await answer.text());
}

async function open(path, options = {}) {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, reducedMotion: 'reduce', locale: 'ja', ...options });
    const page = await context.newPage();
    page.faults = [];
    page.on('console', (message) => { if (message.type() === 'error') page.faults.push(message.text()); });
    page.on('pageerror', (error) => page.faults.push(error.message));
    await page.goto(site.url + path);
    return page;
}

async function sign_in(page) {
    await page.goto(`${site.url}/sign-in`);
    await page.fill('#account', 'clerk');
    await page.fill('#password', site.passwords.clerk);
    await page.click('main form .btn');
    await page.waitForURL(/\/staff/);
}

async function clean(page, what) {
    assert.deepEqual(await violations(page), [], what);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what}: wider than the screen`);
}

// The public wall has its turn every two seconds.
async function until_shown(path, pattern) {
    for (let i = 0; i < 50; i++) {
        const text = await (await fetch(site.url + path)).text();
        if (pattern.test(text)) return text;
        await new Promise((next) => setTimeout(next, 200));
    }
    return assert.fail(`${path} never showed ${pattern}`);
}

it('serves each page clean at phone and wall size, with scripts and without', async () => {
    await until_shown('/wall', new RegExp(GAUGE));
    for (const path of ['/wall', '/map', '/gauges', `/gauges/${GAUGE}?range=year`, '/']) {
        for (const width of [390, 1920]) {
            const page = await open(path, { viewport: { width, height: 1080 } });
            await page.waitForLoadState('load');
            await clean(page, `${path} at ${width}`);
            assert.deepEqual(page.faults, [], path);
            await page.context().close();
        }
        const plain = await open(path, { javaScriptEnabled: false });
        assert.ok((await plain.innerText('main')).length > 200, path);
        await plain.context().close();
    }
});

it('draws the places on the map, and lists them beside it', async () => {
    const page = await open('/map?layer=aed');
    await page.waitForSelector('[data-map][data-ready]', { timeout: 30_000 });
    assert.equal(await page.locator('.places li').count(), 50);
    await page.click('nav.pager a');
    assert.match(page.url(), /layer=aed&page=2$/);
    const geojson = await (await fetch(`${site.url}/map/features.geojson?layer=gauge&layer=shelter`)).json();
    assert.deepEqual([...new Set(geojson.features.map((one) => one.properties.kind))].sort(), ['gauge', 'shelter']);
    assert.equal(geojson.more, false);
    const all = await (await fetch(`${site.url}/map/features.geojson`)).text();
    assert.ok(!all.includes('Application') && !all.includes('0999-'), 'only what is open');
    await page.context().close();
});

it('opens with the city and leads on to places beyond it', async () => {
    const page = await open('/map', { viewport: { width: 1280, height: 900 } });
    await page.waitForSelector('[data-map][data-ready]', { timeout: 60_000 });
    const { bounds, all } = await page.locator('[data-map]').evaluate((map) => ({ bounds: JSON.parse(map.dataset.bounds), all: JSON.parse(map.dataset.all) }));
    assert.ok(bounds[0] > 138.4 && bounds[2] < 138.6 && bounds[3] < 34.3, `the city: ${bounds}`);
    assert.ok(all[0] < 137 && all[3] > 35.5, `with the places of others: ${all}`);
    await page.click('.extents button:has-text("すべての場所")');
    await page.click('.extents button:has-text("まち全体")');
    await clean(page, 'map with places beyond the city');
    assert.deepEqual(page.faults, []);
    await page.context().close();
});

it('draws a gauge over years, peaks kept, and gives every reading as a file', async () => {
    const page = await open(`/gauges/${GAUGE}?range=all`);
    await page.waitForSelector('[data-chart][data-ready]', { timeout: 30_000 });
    const rows = page.locator('#readings tbody tr');
    const count = await rows.count();
    assert.ok(count > 50 && count <= 300, `${count} rows`);
    const csv = (await (await fetch(`${site.url}/gauges/${GAUGE}/readings.csv?range=all`)).text()).trimEnd().split('\r\n');
    assert.equal(csv[0], 'observedAt,waterLevel');
    assert.ok(csv.length > 23_000, `${csv.length} lines`);
    const values = csv.slice(1).map((line) => Number(line.split(',')[1]));
    const highs = await page.locator('[data-high]').evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.high)));
    assert.equal(Math.max(...highs), Math.max(...values));
    await page.click('nav a:has-text("1日")');
    assert.match(page.url(), /range=day/);
    assert.equal((await fetch(`${site.url}/gauges/urn:ngsi-ld:RiverGauge:none`)).status, 404);
    await page.context().close();
});

it('pushes a reading to the staff within seconds, with its level', async () => {
    const page = await open('/');
    await sign_in(page);
    await page.goto(`${site.url}/staff/wall`);
    const tile = page.locator(`[data-tile="${GAUGE}"]`);
    await page.waitForFunction(() => document.querySelector('[data-connection]').textContent === '接続中');
    for (const [value, shown, level] of [[6.7, '6.70', 'bad'], [3.4, '3.40', 'ok'], [3.6, '3.60', 'warn']]) {
        await read_level(value);
        await tile.locator('[data-figure]', { hasText: shown }).waitFor({ timeout: 10_000 });
        assert.match(await tile.getAttribute('class'), new RegExp(level));
    }
    assert.deepEqual(page.faults, []);
    for (const width of [390, 1920]) {
        await page.setViewportSize({ width, height: 1080 });
        await clean(page, `staff wall at ${width}`);
    }
    await page.context().close();
});

it('shows everybody counts of cases in tens only, at intervals, and nothing of the staff\'s wall', async () => {
    const page = await open('/wall');
    for (const id of ['received', 'waiting', 'pickups']) {
        const figure = (await page.locator(`[data-tile="${id}"] [data-figure]`).innerText()).replace(/,/g, '');
        assert.match(figure, /^(10件未満|\d*0)$/, id);
        assert.equal(await page.locator(`[data-tile="${id}"] [data-n]`).count(), 0);
    }
    await read_level(5.9);
    await page.locator(`[data-tile="${GAUGE}"] [data-figure]`, { hasText: '5.90' }).waitFor({ timeout: 10_000 });
    const closed = await fetch(`${site.url}/staff/wall/events`, { redirect: 'manual' });
    assert.equal(closed.status, 303);
    await page.context().close();
});

it('keeps the language that was asked for, and answers HEAD', async () => {
    const page = await open('/?lang=en');
    await page.goto(`${site.url}/wall`);
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    await page.context().close();
    const head = await fetch(`${site.url}/wall`, { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), '');
});

it('cuts nothing off its tiles on a big screen, whatever the figure', async () => {
    for (const [width, height] of [[1600, 900], [1920, 1080], [3840, 2160]]) {
        const page = await open('/wall', { viewport: { width, height } });
        const cut = await page.evaluate(() => [...document.querySelectorAll('.tile')]
            .filter((tile) => tile.scrollHeight > tile.clientHeight + 1 || tile.scrollWidth > tile.clientWidth + 1).map((tile) => tile.innerText));
        assert.deepEqual(cut, [], `${width} x ${height}`);
        const broken = await page.evaluate(() => [...document.querySelectorAll('.tile [data-figure]')]
            .filter((figure) => figure.getClientRects().length > 1).map((figure) => figure.innerText));
        assert.deepEqual(broken, [], `${width} x ${height}`);
        await page.context().close();
    }
});

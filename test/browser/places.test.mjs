// The front of a city that has just been made: its invented places, gauges and datasets are there before anybody brings in a file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { chromium } from 'playwright-core';
import { violations } from './axe.mjs';
import { city } from './city.mjs';
import { CHROMIUM, ROOT } from './preview.mjs';

const GAUGE = 'urn:ngsi-ld:RiverGauge:999997-4';
let site, browser;

before(async () => {
    site = await city(['--starter', '--wall.public-every', '2s']);
    browser = await chromium.launch(CHROMIUM);
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
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what}: wider than the screen`);
    assert.deepEqual(page.faults, [], what);
}

// Rows of a file of starter/places.
const rows = (name) => readFileSync(join(ROOT, `starter/places/${name}.csv`), 'utf8').trimEnd().split('\n').length - 1;

it('lists every place of the city without JavaScript, by kind', async () => {
    const kinds = { shelter: 'shelter', site: 'evacuation_site', aed: 'aed', gauge: 'river_gauge',
        toilet: 'public_toilet', facility: 'public_facility', park: 'park', preschool: 'preschool' };
    for (const [kind, file] of Object.entries(kinds)) {
        const page = await open(`/map?layer=${kind}`, { javaScriptEnabled: false });
        assert.match(await page.locator('main').innerText(), new RegExp(`一覧 ${rows(file)}件`));
        assert.equal(await page.locator('.places li').count(), Math.min(50, rows(file)));
        assert.equal(await page.locator('[data-at]:visible, [data-map]:visible').count(), 0, 'nothing that only scripts can do');
        await page.context().close();
    }
});

it('draws the city beneath its places with no tile, and hides a kind that is unticked', async () => {
    const page = await open('/map', { viewport: { width: 1280, height: 900 } });
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.reload();
    await page.waitForSelector('[data-map][data-ready]', { timeout: 60_000 });
    assert.deepEqual(asked.filter((url) => !url.startsWith(site.url) && !url.startsWith('blob:')), [], 'nothing from elsewhere');
    assert.ok(asked.some((url) => url.endsWith('/map/ground.geojson')), 'the ground');
    await clean(page, 'map');
    await page.uncheck('#layer-aed');
    await page.waitForURL(/layer=shelter&layer=site&layer=gauge/);
    assert.ok(!(await page.locator('.places').innerText()).includes('AED'));
    await page.click('.places li button:visible >> nth=0');
    await page.context().close();
    const ground = await (await fetch(`${site.url}/map/ground.geojson`)).json();
    const named = ground.features.filter((one) => one.properties.kind === 'district').map((one) => one.properties.name);
    assert.equal(named.length, 12);
});

it('draws on a plain ground where a city has no outline', async () => {
    const bare = await city(['--sandbox']);
    try {
        assert.equal((await fetch(`${bare.url}/map/ground.geojson`)).status, 404);
        const text = await (await fetch(`${bare.url}/map`)).text();
        assert.match(text, /表示できる場所はまだありません/);
        assert.doesNotMatch(text, /data-ground/);
        const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
        const page = await context.newPage();
        await page.goto(`${bare.url}/map`);
        await page.waitForSelector('[data-map][data-ready]', { timeout: 60_000 });
        await context.close();
    } finally {
        await bare.close();
    }
});

it('shows a gauge with a chart and a table of four weeks', async () => {
    const page = await open(`/gauges/${GAUGE}?range=month`);
    await page.waitForSelector('[data-chart][data-ready]', { timeout: 30_000 });
    assert.ok(await page.locator('#readings tbody tr').count() > 100);
    assert.match(await page.locator('main').innerText(), /氾濫注意水位/);
    await clean(page, 'gauge');
    const day = await open(`/gauges/${GAUGE}?range=day`, { javaScriptEnabled: false });
    const times = await day.locator('#readings tbody time').evaluateAll((all) => all.map((one) => Date.parse(one.dateTime)));
    assert.ok(times.length >= 24, `${times.length} readings of a day`);
    assert.ok(Date.now() - times[0] < 2 * 3600_000, 'the newest is of this hour');
    await day.context().close();
    await page.context().close();
});

it('shows levels, people and places on the wall, and offers them as open data', async () => {
    const page = await open('/wall');
    await page.locator('[data-tile="urn:ngsi-ld:RiverGauge:999997-4"], [data-tile^="urn:ngsi-ld:RiverGauge:999997-"]').first().waitFor({ timeout: 30_000 });
    assert.match(await page.locator('[data-tile=people] [data-figure]').innerText(), /^[4-9],\d{3}$|^1\d,\d{3}$/);
    await page.waitForSelector('[data-chart][data-ready]', { timeout: 60_000 });
    assert.equal(await page.locator('[data-tile=shelters] [data-figure]').innerText(), String(rows('shelter')));
    await clean(page, 'wall');
    await page.context().close();
    const until = Date.now() + 60_000;
    for (const name of ['shelter', 'park', 'river-gauge']) {
        while ((await fetch(`${site.url}/data/${name}.csv`)).status !== 200) {
            assert.ok(Date.now() < until, `${name} is not published in time`);
            await new Promise((done) => setTimeout(done, 500));
        }
    }
});

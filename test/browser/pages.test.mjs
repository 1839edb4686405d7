// Every page with every example, in Japanese and English, at the widths of small phones, phones and desks.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import { violations } from './axe.mjs';
import { CHROMIUM, preview } from './preview.mjs';

const WIDTHS = [320, 390, 1280];
const LANGS = ['ja', 'en'];
const BUDGET = 60 * 1024; // bytes on the wire, libraries of the map excepted
const TARGETS = '.btn, button:not(.hide), summary, select, textarea, input:not([type=hidden]):not([type=checkbox]):not([type=radio]), label.choice';

const site = await preview();
let browser, page, wipe, letters;
let faults = [], sizes = []; // of the page that is open
async function start() {
    browser = await chromium.launch(CHROMIUM);
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, reducedMotion: 'reduce' });
    page = await context.newPage();
    const debug = await context.newCDPSession(page);
    wipe = () => debug.send('Storage.clearDataForOrigin', { origin: site.url, storageTypes: 'all' });
    letters = (pixels) => debug.send('Page.setFontSizes', { fontSizes: { standard: pixels } });
    page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()); });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('response', (response) => {
        if (!/maplibre|geojson|uplot/.test(response.url())) sizes.push(response.request().sizes());
    });
    await page.route('**/wall/events', (route) => route.fulfill({ contentType: 'text/event-stream', body: ':\n\n' }));
}
before(start);

// A browser that stops answering (none of its calls would ever end) is taken down and started anew, once for each page: what hangs
// again is the page's fault.
const PATIENCE = 60_000;
async function within(task) {
    const hung = Symbol('hung');
    let timer;
    const done = await Promise.race([task(), new Promise((resolve) => { timer = setTimeout(resolve, PATIENCE, hung); })]);
    clearTimeout(timer);
    return done !== hung;
}
async function patiently(t, task) {
    if (await within(task)) return;
    t.diagnostic('the browser hung, and was started anew');
    browser.close().catch(() => {});
    await start();
    assert.ok(await within(task), `still hangs after ${PATIENCE / 1000} s`);
}

after(async () => {
    await browser.close();
    await site.close();
});

// Opens an example as its first visitor: nothing is left of the one before, and whoever routes as above keeps no answer in a
// cache. One tab for all, since a tab of its own is a process of its own, which would start and compile axe-core anew.
async function open(name, lang) {
    await wipe();
    await page.setViewportSize({ width: 390, height: 844 });
    [faults, sizes] = [[], []];
    await page.goto(`${site.url}/${name}/${lang}`, { waitUntil: 'load' });
    if (await page.locator('.map, .chart').count()) await page.waitForLoadState('networkidle'); // those fetch what they draw
}

const wider = () => page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > width + 1).map((e) => e.outerHTML.slice(0, 120));
});

const small = () => page.evaluate((selector) => [...document.querySelectorAll(selector)]
    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height > 0 && e.getBoundingClientRect().height < 43.5)
    .map((e) => `${e.getBoundingClientRect().height} ${e.outerHTML.slice(0, 120)}`), TARGETS);

// Letters of twice their size, as a reader sets them in his browser: nothing is pushed out of the page, even on a phone. (On a desk of
// 1280 px they leave a width of 640, which the widths above enclose.)
async function large() {
    await page.setViewportSize({ width: 390, height: 844 });
    await letters(32);
    assert.deepEqual(await wider(), [], 'wider than 390 px with letters of 200 %');
    await letters(16);
}

// Where axe looks: 390 px has the layout of 320, English the structure of Japanese, another example of a template that of the first.
function looks(name, lang) {
    const first = !name.includes('.');
    if (lang === 'ja') return first ? [320, 1280] : [320];
    return first ? [320] : [];
}

async function check(name, lang) {
    await open(name, lang);
    for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 844 });
        assert.deepEqual(await wider(), [], `wider than ${width} px`);
        assert.deepEqual(await small(), [], `lower than 44 px at ${width} px`);
        if (looks(name, lang).includes(width)) assert.deepEqual(await violations(page), [], `axe at ${width} px`);
    }
    if (lang === 'ja') await large();
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size.responseBodySize + size.responseHeadersSize, 0);
    assert.ok(bytes > 0 && bytes < BUDGET, `${bytes} bytes`);
    assert.deepEqual(faults, []);
    assert.doesNotMatch(await page.content(), /\uFFFD/, 'half a character');
}

it('would hear of a violation', async () => {
    await open('home', 'ja');
    await page.evaluate(() => { document.querySelector('main').innerHTML = '<img src="/none.png">'; });
    assert.match((await violations(page)).join(), /image-alt/);
});

it('tells at its field what is wrong with what an official writes', async () => {
    await open('defined-review.error', 'ja');
    const at = await page.getAttribute('#said', 'aria-describedby');
    assert.match(await page.locator(`#${at}`).innerText(), /書きとめるのかを/);
});

for (const name of site.pages) {
    describe(name, () => {
        for (const lang of LANGS) {
            it(`${lang}: no violation, no sideways scroll, large targets, light, quiet`, (t) => patiently(t, () => check(name, lang)));
        }
    });
}

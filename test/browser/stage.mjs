// The starter city, served, and a browser beside it, for as long as a test's program runs.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { city } from './city.mjs';
import { CHROMIUM } from './preview.mjs';

export let site, browser;
before(async () => {
    site = await city();
    browser = await chromium.launch(CHROMIUM);
});
after(async () => {
    await browser.close();
    assert.equal(await site.close(), 0, site.log());
});

// By the keyboard alone: nothing here is clicked, and whatever is pressed was reached by the Tab key and could be seen to have the focus.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { answersOf, DEFINITIONS } from './examples.mjs';
import { browser, site } from './stage.mjs';

const FAR = 120; // as often as anybody would press Tab
async function open(path, { width = 390, scripts = true } = {}) {
    const context = await browser.newContext({ viewport: { width, height: 844 }, locale: 'ja-JP', javaScriptEnabled: scripts, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(site.url + path);
    return page;
}

// What has the focus: whether it is what is looked for, and whether it shows that it has it, inside the window.
const focused = (page, selector) => page.evaluate((wanted) => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    const marked = one.matches('input[type=radio], input[type=checkbox]') ? getComputedStyle(one.closest('label, .choice') ?? one) : style;
    const ring = one.matches('[type=date]') /* the browser marks its parts */ || [style, marked].some((s) => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none');
    return { here: one.matches(wanted), body: one === document.body, shown: ring && box.bottom > 0 && box.top < innerHeight, html: one.outerHTML.slice(0, 120) };
}, selector);

async function reach(page, selector) {
    for (let n = 0; n < FAR; n++) {
        await page.keyboard.press('Tab');
        const now = await focused(page, selector);
        if (now.body) continue; // past the last element it begins anew
        assert.ok(now.shown, `${page.url()}: the focus is not to be seen at ${now.html}`);
        if (now.here) return;
    }
    assert.fail(`${page.url()}: Tab does not lead to ${selector}`);
}

// Presses a button or a link; the page that follows.
async function press(page, selector) {
    await reach(page, selector);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}

async function type(page, selector, text) {
    await reach(page, selector);
    await page.keyboard.insertText(text);
}

// Of a group of radios Tab leads to one, and arrows to the others.
async function choose(page, name, value) {
    await reach(page, `[name="${name}"]`);
    for (let n = 0; n < 20 && !(await focused(page, `[value="${value}"]`)).here; n++) await page.keyboard.press('ArrowDown');
    if (!(await page.locator(`[name="${name}"][value="${value}"]`).isChecked())) await page.keyboard.press('Space');
    assert.ok(await page.locator(`[name="${name}"][value="${value}"]`).isChecked(), `${name} is not ${value}`);
}

// Answers a page's questions in the order of the page.
async function answer(page, answers) {
    const controls = await page.locator('main form').last().locator('input:not([type=hidden]), textarea').evaluateAll((all) =>
        all.filter((one) => !one.disabled && one.checkVisibility()).map(({ name, type: kind, value }) => ({ name, kind, value })));
    const names = [...new Set(controls.map((one) => one.name))];
    for (const name of names) {
        const [{ kind, value }] = controls.filter((one) => one.name === name), said = [answers[name] ?? []].flat();
        if (name === 'slot') await choose(page, name, value); // one of those of today, whatever the example says
        else if (kind === 'radio' && said.length) await choose(page, name, said[0]);
        else if (kind === 'checkbox') for (const one of said) { await reach(page, `[name="${name}"][value="${one}"]`); await page.keyboard.press('Space'); }
        else if (said.length && kind !== 'radio') await type(page, `[name="${name}"]`, said[0]);
    }
    await press(page, 'main form .actions button');
}

async function apply(page, id) {
    const definition = DEFINITIONS.find((one) => one.id === id), answers = { ...answersOf(definition), notice: 'electronic' };
    await press(page, 'form[action$="/begin"] button');
    for (let asked = 0; !page.url().endsWith('/receipt'); asked++) {
        assert.ok(asked < 40, `${page.url()} leads nowhere`);
        assert.equal(await page.locator('#errors').count(), 0, `${page.url()}: ${await page.locator('main').innerText()}`);
        await answer(page, answers);
    }
    return (await page.locator('.code').innerText()).trim();
}

async function signIn(page, account) {
    await type(page, '#account', account);
    await type(page, '#password', site.passwords[account]);
    await press(page, 'form[action="/sign-in"] .actions button');
}

for (const id of ['dog-registration', 'child-allowance', 'moving-out', 'vaccine-slot']) {
    it(`applies: ${id}`, async () => {
        const definition = DEFINITIONS.find((one) => one.id === id), page = await open(`/procedures/${id}`, { scripts: id === 'dog-registration' });
        assert.ok(definition && !definition.signIn, `${id} is open to who has no account`);
        assert.match(await apply(page, id), /^\d{4}-\d{6}$/);
        await page.context().close();
    });
}

it('finds a procedure, applies, has it proposed and decided, and reads who looked', async () => {
    const resident = await open('/');
    await press(resident, '.skip'); // past what each page begins with
    assert.ok((await focused(resident, 'main, main *')).here || resident.url().endsWith('#main'), 'the link leads to the contents');
    await press(resident, 'a[href="/procedures"]');
    await type(resident, '#q', 'こうかい');
    await Promise.all([resident.waitForNavigation(), resident.keyboard.press('Enter')]);
    await press(resident, 'a[href="/procedures/disclosure-request"]');
    const number = await apply(resident, 'disclosure-request');

    const clerk = await open('/sign-in', { width: 1280 });
    await signIn(clerk, 'counter');
    await clerk.goto(`${site.url}/post`);
    await choose(clerk, 'post', 'general-affairs-records-clerk');
    await press(clerk, 'main form .actions button');
    await clerk.goto(`${site.url}/staff`);
    await press(clerk, `a[href="/staff/cases/${number}"]`);
    const disclose = '[value="disclose"] ~ button', folded = 'details:has([value="disclose"])';
    if (await clerk.locator(folded).count()) {
        await reach(clerk, `${folded} > summary`);
        await clerk.keyboard.press('Enter');
    }
    await type(clerk, '#text-disclose', '契約書を公開します。');
    await press(clerk, disclose);
    const decision = await clerk.locator('a[href^="/staff/decisions/"]').last().getAttribute('href');

    const head = await open('/sign-in', { width: 1280 });
    await signIn(head, 'director');
    await head.goto(`${site.url}/post`);
    await choose(head, 'post', 'general-affairs-head');
    await press(head, 'main form .actions button');
    await head.goto(`${site.url}${decision}`);
    if (await head.locator('a[href^="/step-up"]').count()) await press(head, 'main a[href^="/step-up"]');
    await type(head, '#password', site.passwords.director);
    await press(head, 'form[action="/step-up"] button.wide');
    await press(head, 'button[value="approve"]');
    assert.match(await head.locator('.tag').first().innerText(), /決裁済み/);

    await press(resident, 'a.address');
    assert.match(await resident.locator('.timeline').innerText(), /公開を決める/);
    assert.match(await resident.locator('#looks ~ table').innerText(), /申請/);

    const auditor = await open('/sign-in', { width: 1280 });
    await signIn(auditor, 'auditor');
    await press(auditor, 'main table a');
    assert.match(await auditor.locator('main').innerText(), /証明/);
    for (const page of [resident, clerk, head, auditor]) await page.context().close();
});

// By the keyboard alone: nothing is clicked, and whatever is pressed was reached by the Tab key and could be seen to have the focus.
import assert from 'node:assert/strict';
import { answersOf, DEFINITIONS } from './examples.mjs';

export const FAR = 120; // as often as anybody would press Tab

// What has the focus: whether it is what is looked for, and whether it shows that it has it, inside the window.
export const focused = (page, selector) => page.evaluate((wanted) => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    const marked = one.matches('input[type=radio], input[type=checkbox]') ? getComputedStyle(one.closest('label, .choice') ?? one) : style;
    const ring = one.matches('[type=date]') /* the browser marks its parts */ || [style, marked].some((s) => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none');
    return { here: one.matches(wanted), body: one === document.body, shown: ring && box.bottom > 0 && box.top < innerHeight, html: one.outerHTML.slice(0, 120) };
}, selector);

export async function reach(page, selector) {
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
export async function press(page, selector) {
    await reach(page, selector);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}

export async function type(page, selector, text) {
    await reach(page, selector);
    await page.keyboard.insertText(text);
}

// Of a group of radios Tab leads to one, and arrows to the others.
export async function choose(page, name, value) {
    await reach(page, `[name="${name}"]`);
    for (let n = 0; n < 20 && !(await focused(page, `[value="${value}"]`)).here; n++) await page.keyboard.press('ArrowDown');
    if (!(await page.locator(`[name="${name}"][value="${value}"]`).isChecked())) await page.keyboard.press('Space');
    assert.ok(await page.locator(`[name="${name}"][value="${value}"]`).isChecked(), `${name} is not ${value}`);
}

// Answers a page's questions in the order of the page.
export async function answer(page, answers) {
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

export async function apply(page, id) {
    const definition = DEFINITIONS.find((one) => one.id === id), answers = { ...answersOf(definition), notice: 'electronic' };
    await press(page, 'form[action$="/begin"] button');
    for (let asked = 0; !page.url().endsWith('/receipt'); asked++) {
        assert.ok(asked < 40, `${page.url()} leads nowhere`);
        assert.equal(await page.locator('#errors').count(), 0, `${page.url()}: ${await page.locator('main').innerText()}`);
        await answer(page, answers);
    }
    return (await page.locator('.code').innerText()).trim();
}

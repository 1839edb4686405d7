// By the keyboard alone: nothing here is clicked, and whatever is pressed was reached by the Tab key and could be seen to have the focus.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { DEFINITIONS } from './examples.mjs';
import { apply, choose, FAR, focused, press, reach, type } from './keys.mjs';
import { browser, site } from './stage.mjs';

async function open(path, { width = 390, scripts = true } = {}) {
    const context = await browser.newContext({ viewport: { width, height: 844 }, locale: 'ja-JP', javaScriptEnabled: scripts, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(site.url + path);
    return page;
}

async function signIn(page, account) {
    await type(page, '#account', account);
    await type(page, '#password', site.passwords[account]);
    await press(page, 'form[action="/sign-in"] .actions button');
}

const applied = {};
for (const id of ['dog-registration', 'child-allowance', 'moving-out', 'vaccine-slot']) {
    it(`applies: ${id}`, async () => {
        const definition = DEFINITIONS.find((one) => one.id === id), page = await open(`/procedures/${id}`, { scripts: id === 'dog-registration' });
        assert.ok(definition && !definition.signIn, `${id} is open to who has no account`);
        assert.match(applied[id] = await apply(page, id), /^\d{4}-\d{6}$/);
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

// One of a list, by the keys that a list knows.
async function pick(page, selector, value) {
    await reach(page, selector);
    await page.keyboard.press('Home');
    for (let n = 0; n < FAR && (await page.locator(selector).inputValue()) !== value; n++) await page.keyboard.press('ArrowDown');
    assert.equal(await page.locator(selector).inputValue(), value, selector);
}

async function date(page, selector, day) {
    const [year, month, of] = day.split('-');
    await reach(page, selector);
    await page.keyboard.type(month + of + year); // in the order of the browser's own language
    assert.equal(await page.locator(selector).inputValue(), day, selector);
}

async function official(account, post, path) {
    const page = await open('/sign-in');
    await signIn(page, account);
    if (post) await under(page, post);
    await page.goto(site.url + path);
    return page;
}

async function under(page, post) {
    await page.goto(`${site.url}/post`);
    await choose(page, 'post', post);
    await press(page, 'main form .actions button');
}

async function confirm(page, account) {
    await press(page, 'main a[href^="/step-up"]');
    await type(page, '#password', site.passwords[account]);
    await press(page, 'form[action="/step-up"] button.wide');
}

// Makes an account at the machine; its owner chooses another password at once.
async function joined(login, post) {
    const first = 'correct horse battery staple', made = spawnSync(site.bin, ['user', '--data', site.data, '--posts', post, login], { input: `${first}\n` });
    assert.equal(made.status, 0, String(made.stderr));
    site.passwords[login] = first;
    const page = await open('/sign-in');
    await signIn(page, login);
    site.passwords[login] = `${login} draws seven quiet rivers`;
    await type(page, '#present', first);
    await type(page, '#wanted', site.passwords[login]);
    await press(page, 'form[action="/account/password"] button');
    return page;
}

const said = async (page, what) => assert.match(await page.locator('main').innerText(), what);

it('asks another division for help on a phone, has it agreed, and works under the post', async () => {
    const day = new Date(Date.now() + 9 * 3600_000).toISOString().slice(0, 10), boss = await joined('boss', 'environment-head');
    const director = await official('director', 'industry-head', '/staff/duties');
    await confirm(director, 'director');
    await pick(director, '#division', 'environment');
    await press(director, 'button[name="choose"]');
    const clerk = await director.locator('#duty_official option', { hasText: /ごみ減量係 職員/ }).first().getAttribute('value');
    await pick(director, '#duty_official', clerk);
    await choose(director, 'duty_kind', 'support');
    await pick(director, '#duty_post', 'industry-clerk');
    await date(director, '#duty_from', day);
    await date(director, '#duty_until', day);
    await type(director, '#duty_ground', '窓口の混雑');
    await Promise.all([director.waitForNavigation(), director.keyboard.press('Enter')]); // orders it, and chooses no division
    await said(director, /産業振興課 商工係[^]*窓口の混雑/);

    await boss.goto(`${site.url}/staff/duties`);
    await confirm(boss, 'boss');
    await press(boss, 'button[name="agree"]');
    assert.equal(await boss.locator('button[name="agree"]').count(), 0);
    const page = await official('clerk', 'industry-clerk', '/staff');
    assert.match(await page.locator('.who').innerText(), /商工係[^]*応援/);
    for (const one of [boss, director, page]) await one.context().close();
});

it('hands cases over on a phone, with a note', async () => {
    const clerk = await official('clerk', 'environment-waste-clerk', '/staff/handover');
    await choose(clerk, 'to', 'post');
    await type(clerk, '#note', '置き場所を電話で確かめる。');
    await choose(clerk, 'which', 'all');
    await Promise.all([clerk.waitForNavigation(), clerk.keyboard.press('Enter')]);
    await said(clerk, /[1-9]\d*件を引き継ぎました/);
    await clerk.context().close();
});

it('keeps the reason of a move whose letter nobody signs, and says who has to be ordered', async () => {
    const mayor = (post) => assert.equal(spawnSync(site.bin, ['user', '--data', site.data, '--change', '--posts', post, 'mayor']).status, 0);
    mayor('industry-clerk');
    const page = await official('counter', 'children-allowance-clerk', `/staff/cases/${applied['child-allowance']}`);
    if (await page.locator('details:has([value="refuse"])').count()) {
        await reach(page, 'details:has([value="refuse"]) > summary');
        await page.keyboard.press('Enter');
    }
    await type(page, '#text-refuse', '所得の要件に当たりません。');
    await press(page, '[value="refuse"] ~ button');
    assert.match(await page.locator('#errors').innerText(), /職務を代理する人も発令されていない/);
    assert.equal(await page.locator('#text-refuse').inputValue(), '所得の要件に当たりません。');
    assert.equal(await page.locator((await page.locator('#errors a').getAttribute('href'))).count(), 1, 'the link leads to nothing');
    mayor('mayor');
    await page.context().close();
});

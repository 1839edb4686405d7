// What surrounds the street in the real program: finding a case again, the receipt, the desk of the office, and the little things.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { violations } from './axe.mjs';
import { ROOT } from './preview.mjs';
import { browser, site } from './stage.mjs';

const PHONE = '０９９９－００－１２３４';
async function open(scripts = true, width = 390) {
    const context = await browser.newContext({ viewport: { width, height: 844 }, locale: 'ja-JP', javaScriptEnabled: scripts });
    const page = await context.newPage();
    page.scripts = scripts;
    return page;
}

async function sound(page) {
    assert.ok(!(await page.content()).includes('\ufffd'), `${page.url()} has a broken character`);
    if (!page.scripts) return;
    assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
    assert.deepEqual(await violations(page), [], page.url());
}

async function press(page, selector) {
    await sound(page);
    await Promise.all([page.waitForNavigation(), page.locator(selector).first().click()]);
}

async function signIn(page, account) {
    await page.goto(`${site.url}/sign-in`);
    await page.fill('#account', account);
    await page.fill('#password', site.passwords[account]);
    await press(page, 'form[action="/sign-in"] .actions button');
}

async function stepUp(page, account) {
    await page.goto(`${site.url}/step-up?next=/staff`);
    await page.fill('#password', site.passwords[account]);
    await press(page, 'form[action="/step-up"] button.wide');
}

// The questions from the address to the day.
let homes = 0; // each applies from a home of its own: a household may so often for one day

async function answerToDay(page, { building = `${++homes}号室`, place = '' } = {}) {
    await page.fill('#postcode', '999-0001');
    await press(page, 'button[value="lookup"]');
    await page.fill('#street', '1-2-3');
    await page.fill('#building', building);
    await page.locator(`input[name="place"][value="${place}"]`).check();
    await press(page, 'button[value="next"]');
    await page.goto(`${site.url}/bulky/items?q=sofa`);
    await press(page, 'button[name="add"]');
    await press(page, 'button[name="action"][value="next"]');
}

// And from there to the last page before sending.
async function answer(page, wish = {}) {
    await answerToDay(page, wish);
    await page.locator('input[name="slot"]:not([disabled])').first().check();
    await press(page, '.actions button');
    await page.fill('#name', '試験 太郎');
    await page.fill('#kana', 'しけん たろう');
    await page.fill('#phone', PHONE);
    await press(page, '.actions button');
    await page.locator('input[name="reduction"][value="none"]').check();
    await press(page, '.actions button');
    await page.locator('input[name="optout"][value="no"]').check();
    await press(page, '.actions button');
}

async function apply(page) {
    await page.goto(`${site.url}/bulky`);
    await press(page, 'form[action="/bulky/start"] button');
    await answer(page);
    await press(page, 'form[action="/bulky/check"] button');
    return (await page.locator('.code').innerText()).trim();
}

async function find(page, number, phone) {
    await page.goto(`${site.url}/cases/find`);
    await page.fill('#number', number);
    await page.fill('#phone', phone);
    const [answer] = await Promise.all([page.waitForNavigation(), page.locator('main .actions button').click()]);
    return answer;
}

for (const scripts of [true, false]) {
    it(`finds a case again by its number and telephone number, ${scripts ? 'with' : 'without'} scripts`, async () => {
        const page = await open(scripts);
        const number = await apply(page);
        const other = await open(scripts);
        await other.goto(site.url);
        await press(other, '.hero a[href="/cases/find"]');
        await find(other, number.replace('-', ''), '0999001234');
        assert.match(other.url(), /\/c\/[0-9a-z]{26}-\d+-[0-9a-z]{26}$/);
        assert.ok((await other.locator('h1').innerText()).includes(number));
        assert.match(await other.locator('main').innerText(), /まで見られます/);
        await sound(other);
        await press(other, 'main a[href$="/receipt"]');
        assert.equal(await other.locator('svg.qr').count(), 0, 'an address that ends is not worth a code');
        const forged = other.url().replace(/-(\d+)-/, (_, until) => `-${Number(until) + 9000}-`);
        assert.equal((await other.goto(forged)).status(), 404);
        await Promise.all([page, other].map((one) => one.context().close()));
    });
}

it('tells nobody whether a number exists, and stops trying', async () => {
    const page = await open();
    const number = await apply(page);
    const texts = [];
    for (const [tried, phone] of [[number, '0999-11-1111'], ['2026-888888', '0999-11-1112']]) {
        const answer = await find(page, tried, phone);
        assert.equal(answer.status(), 422);
        assert.match(await page.title(), /^エラー: /);
        texts.push((await page.locator('main').innerHTML()).replaceAll(tried, 'N').replaceAll(phone, 'P').replace(/value="[^"]*"/g, ''));
        await sound(page);
    }
    assert.equal(texts[0], texts[1]);
    assert.equal((await find(page, '', '')).status(), 422);
    assert.equal(await page.locator('.errors li').count(), 2);
    for (let i = 0; i < 9; i++) await find(page, number, `0999-22-${1000 + i}`);
    assert.equal((await find(page, number, '0999-00-1234')).status(), 429);
    await sound(page);
    await page.context().close();
});

it('draws the address of a receipt as a code that reads the same', async () => {
    const page = await open();
    await apply(page);
    const address = await page.locator('a.address').getAttribute('href');
    const { size, dark } = await page.locator('svg.qr').evaluate((svg) => {
        const size = svg.viewBox.baseVal.width;
        const path = svg.querySelectorAll('path')[1].getAttribute('d');
        const dark = [...path.matchAll(/M(\d+) (\d+)h(\d+)/g)].flatMap(([, x, y, n]) => Array.from({ length: Number(n) }, (_, i) => [Number(x) + i, Number(y)]));
        return { size, dark };
    });
    assert.equal(read_qr(size, dark), address);
    await page.emulateMedia({ media: 'print' });
    assert.ok(await page.locator('svg.qr').isVisible());
    await page.context().close();
});

it('takes no more of one item than the rules allow, and says so', async () => {
    const page = await open();
    await page.goto(`${site.url}/bulky`);
    await press(page, 'form[action="/bulky/start"] button');
    await page.fill('#postcode', '999-0001');
    await press(page, 'button[value="lookup"]');
    await page.fill('#street', '1-2-3');
    await press(page, 'button[value="next"]');
    await page.goto(`${site.url}/bulky/items?q=sofa`);
    let answer;
    for (let i = 0; i < 30 && !(await page.locator('.errors').count()); i++)
        [answer] = await Promise.all([page.waitForNavigation(), page.locator('button[name="add"]').first().click()]);
    assert.equal(answer.status(), 422);
    assert.match(await page.locator('.errors').innerText(), /増やせません/);
    await sound(page);
    await page.context().close();
});

it('answers browsers and robots that ask for what no page names, and draws a page where there is nothing', async () => {
    const get = (path, headers) => fetch(site.url + path, { headers });
    const icon = await get('/favicon.ico');
    assert.equal(icon.status, 200);
    assert.match(icon.headers.get('content-type'), /svg/);
    assert.match(await (await get('/robots.txt')).text(), /Disallow: \/c\//);
    const page = await open();
    assert.equal((await page.goto(`${site.url}/no/such/page`)).status(), 404);
    assert.match(await page.locator('h1').innerText(), /見つかりません/);
    await sound(page);
    assert.match((await get('/no/such/page', { accept: 'application/json' })).headers.get('content-type'), /problem/);
    await page.context().close();
});

it('counts on the front page what the catalogue lists', async () => {
    const page = await open();
    await page.goto(`${site.url}/data?lang=en`);
    const listed = Number(/(\d+) datasets?/.exec(await page.locator('main').innerText())[1]);
    await page.goto(`${site.url}/?lang=en`);
    assert.match(await page.locator('main').innerText(), new RegExp(`\\b${listed} datasets? (is|are) open`));
    assert.ok(listed > 0);
    await page.context().close();
});

it('leads each role by the brand to a page that it may open, and to its own desk from public pages', async () => {
    for (const role of ['resident-1', 'clerk', 'chief', 'head', 'steward', 'auditor', 'operator']) {
        const page = await open();
        await signIn(page, role);
        const brand = await page.locator('a.brand').getAttribute('href');
        assert.equal((await page.goto(site.url + brand)).status(), 200, role);
        await page.goto(`${site.url}/data`);
        assert.equal(await page.locator('header a[href="/sign-in"]').count(), 0, role);
        for (const link of await page.locator('header.top nav a, footer a').evaluateAll((all) => all.map((a) => a.getAttribute('href'))))
            assert.equal((await page.request.get(site.url + link)).status(), 200, `${role} ${link}`);
        await page.context().close();
    }
});

// Ten forms without an account may hold a day from one address; who has an account goes on.
it('keeps a day open to others when forms are begun again and again', async () => {
    const holds = [];
    for (let i = 0; i <= 11; i++) {
        const page = await open(false);
        if (i === 11) await signIn(page, 'resident-1');
        await page.goto(`${site.url}/bulky`);
        await press(page, 'form[action="/bulky/start"] button');
        await answerToDay(page);
        if (i === 10) { // holds another day before it wants that one
            await page.locator('input[name="slot"]:not([disabled])').nth(1).check();
            await press(page, '.actions button');
            await page.goto(`${site.url}/bulky/slot`);
        }
        await page.locator('input[name="slot"]:not([disabled])').last().check();
        await press(page, '.actions button');
        holds.push(page);
    }
    for (const page of [...holds.slice(0, 10), holds[11]]) assert.match(page.url(), /\/bulky\/contact$/);
    assert.match(await holds[10].locator('.errors').innerText(), /同じネットワーク/);
    const held = await holds[10].locator('input[name="slot"]').nth(1).inputValue();
    for (const path of ['', '/bulky/slot']) { // what was refused changes nothing: the day before is chosen, and held
        if (path) await holds[10].goto(site.url + path);
        assert.equal(await holds[10].inputValue('input[name="slot"]:checked'), held);
        assert.match(await holds[10].locator('.banner').first().innerText(), /\d+:\d+/);
    }
    await holds[10].locator('input[name="slot"]:not([disabled])').last().check();
    await holds[0].goto(`${site.url}/bulky`); // beginning anew gives the day back
    await press(holds[0], 'form[action="/bulky/start"] button');
    await press(holds[10], '.actions button');
    assert.match(holds[10].url(), /\/bulky\/contact$/);
    await Promise.all(holds.map((page) => page.context().close()));
});

// What people typed and what they are called is data; all else is English on an English page.
const DATA = [/^[^\s、。]+ [ぁ-ゖ]+( \([A-Za-z0-9-]+( \d-chome)?\))?$/, /^[ァ-ヶー]+ [ァ-ヶー]+$/, /^(まち団地|コーポまちなみ|ハイツみらい|メゾンこみち)\d+, [\x20-\x7e]+$/];

async function japanese(page) {
    const texts = await page.evaluate(() => {
        const out = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node; (node = walk.nextNode());) {
            const typed = node.parentElement.closest('[lang="ja"], script, .said, .timeline li > p:not(.muted), textarea');
            if (!typed && /[\u3040-\u30ff\u3400-\u9fff]/.test(node.textContent)) out.push(node.textContent.trim());
        }
        return out;
    });
    return texts.filter((text) => !DATA.some((data) => data.test(text)));
}

it('speaks English on English pages', async () => {
    const walks = { clerk: ['/staff?state=all', '/staff?state=asked', '/staff/plan', '/staff/round', '/staff/entry', '/staff/decisions?state=all', '/staff/reports', '/wall'],
        chief: ['/staff', '/staff/plan', '/staff/reductions', '/staff/decisions?state=decided'], 'resident-1': ['/my', '/my/looks'], steward: ['/staff/releases'],
        auditor: ['/staff/decisions'], operator: ['/operate'], '': ['/', '/bulky', '/wall', '/gauges', '/cases/find', '/report'] };
    for (const [role, paths] of Object.entries(walks)) {
        const page = await open();
        if (role) await signIn(page, role);
        if (role === 'chief') await stepUp(page, role);
        const left = [...paths], seen = new Set();
        for (let path; (path = left.shift()); seen.add(path)) {
            await page.goto(`${site.url}${path}${path.includes('?') ? '&' : '?'}lang=en`);
            assert.deepEqual(await japanese(page), [], `${role} ${path}`);
            assert.ok(!(await page.content()).includes('\ufffd'), `${role} ${path} has a broken character`);
            const links = await page.locator('main a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
            for (const kind of [/^\/staff\/cases\/[^/]+$/, /^\/staff\/decisions\/[^/?]+$/, /^\/my\/cases\/[^/]+$/])
                if (![...left, ...seen].some((one) => kind.test(one))) left.push(...links.filter((href) => kind.test(href)).slice(0, 1));
        }
        assert.ok(seen.size >= paths.length);
        await page.context().close();
    }
});

// The characters of a building stay as they were typed; its signs become those of English addresses.
it('keeps the name of a building whole on English pages', async () => {
    const page = await open();
    await page.goto(`${site.url}/bulky`);
    await press(page, 'form[action="/bulky/start"] button');
    await answer(page, { building: 'まち団地第3棟107号' });
    await page.goto(`${site.url}/bulky/check?lang=en`);
    assert.match(await page.locator('main').innerText(), /まち団地第3棟107, 1-2-3, Manaka 1-chome/);
    await sound(page);
    await page.context().close();
});

it('asks where things are put out, and says it wherever the application is shown', async () => {
    const [page, clerk] = [await open(), await open()];
    await page.goto(`${site.url}/bulky`);
    await press(page, 'form[action="/bulky/start"] button');
    await answer(page, { place: '玄関の横' });
    assert.match(await page.locator('dl').innerText(), /置き場所\s*玄関の横/);
    const { pickup } = JSON.parse(readFileSync(join(ROOT, 'starter/waste/rules.json'), 'utf8')); // and until when, by the rules
    assert.match(await page.locator('dl').innerText(), new RegExp(`朝${pickup.clock.replace(/^0/, '')}までに`));
    await page.goto(`${site.url}/bulky/district`); // the answer is kept, and another one is not taken
    assert.equal(await page.inputValue('input[name="place"]:checked'), '玄関の横');
    await sound(page);
    await page.locator('input[name="place"]:checked').evaluate((input) => { input.value = '屋根の上'; });
    await press(page, 'button[value="next"]');
    assert.match(await page.locator('.errors a[href="#place"]').innerText(), /一覧から/);
    await sound(page);
    await page.locator('input[name="place"][value="車庫の前"]').check();
    await press(page, 'button[value="next"]');
    await page.goto(`${site.url}/bulky/check`);
    await press(page, 'form[action="/bulky/check"] button');
    const number = (await page.locator('.code').innerText()).trim();
    assert.match(await page.locator('dl').innerText(), /置き場所\s*車庫の前/);
    await page.goto(`${page.url()}?lang=en`);
    assert.match(await page.locator('dl').innerText(), /Put out at\s*In front of the garage/i);
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('main').innerText(), /置き場所\s*車庫の前/);
    await Promise.all([page, clerk].map((one) => one.context().close()));
});

// A refusal tells what can be done about it, by the names that the laws have in English.
it('names the laws of a refusal in English', async () => {
    const [resident, clerk] = [await open(), await open()];
    const number = await apply(resident), address = await resident.locator('a.address').getAttribute('href');
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await clerk.locator('details', { has: clerk.locator('#reject') }).locator('summary').click();
    await clerk.fill('#reject', 'outside of the city');
    await press(clerk, 'form[action$="/reject"] button');
    await resident.goto(`${address}?lang=en`);
    const told = await resident.locator('main').innerText();
    assert.match(told, /Administrative Complaint Review Act, art\. 18, art\. 82[^]*Administrative Case Litigation Act, art\. 14, art\. 46/);
    await Promise.all([resident, clerk].map((page) => page.context().close()));
});

// The menu leads nobody to a closed door, under whichever post he works.
it('has no link in any menu that its reader may not open', async () => {
    for (const role of ['clerk', 'chief', 'head', 'steward', 'auditor', 'operator']) {
        const page = await open();
        await signIn(page, role);
        await page.goto(`${site.url}/post`);
        const posts = await page.locator('input[name="post"]').evaluateAll((all) => all.map((input) => input.value));
        for (const post of posts.length ? posts : ['']) {
            if (post) {
                await page.goto(`${site.url}/post`);
                await page.locator(`input[value="${post}"]`).check();
                await press(page, 'main .actions button');
            }
            await page.goto(site.url + await page.locator('a.brand').getAttribute('href'));
            const links = await page.locator('nav.side a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
            assert.ok(links.length > 0, role);
            for (const link of links) {
                const answer = await page.request.get(site.url + link);
                assert.equal(answer.status(), 200, `${role} ${post} ${link} ${answer.url()}`);
            }
        }
        await page.context().close();
    }
});

for (const channel of ['phone', 'counter']) {
    it(`lets a clerk enter an application for somebody: ${channel}`, async () => {
        const page = await open(channel === 'phone');
        await signIn(page, 'clerk');
        await page.goto(`${site.url}/staff/entry`);
        await press(page, 'main .actions button');
        assert.equal(await page.locator('.errors a[href="#channel"]').count(), 1);
        await page.locator(`input[value="${channel}"]`).check();
        await press(page, 'main .actions button');
        assert.match(await page.locator('.banner').first().innerText(), channel === 'phone' ? /電話の方/ : /窓口の方/);
        await answer(page);
        await press(page, 'form[action="/bulky/check"] button');
        const number = (await page.locator('.code').innerText()).trim();
        assert.equal(await page.locator('svg.qr').count(), 1);
        await sound(page);
        const address = await page.locator('a.address').getAttribute('href');
        await press(page, `a[href="/staff/cases/${number}"]`);
        const text = await page.locator('main').innerText();
        assert.match(text, channel === 'phone' ? /受付方法\s*電話/ : /受付方法\s*窓口/);
        assert.match(text, /入力した職\s*環境課 ごみ減量係/);
        const resident = await open(channel === 'phone');
        assert.equal((await resident.goto(address)).status(), 200);
        assert.ok(!(await resident.locator('main').innerText()).includes('職員E'));
        assert.match(await resident.locator('#looks ~ table').innerText(), /ごみ減量係/, 'the clerk saw the receipt: a look');
        await find(resident, number, PHONE);
        assert.ok((await resident.locator('h1').innerText()).includes(number));
        await Promise.all([page, resident].map((one) => one.context().close()));
    });
}

it('takes the channel of an entry from clerks only', async () => {
    const page = await open();
    await page.goto(`${site.url}/bulky`);
    const csrf = await page.locator('input[name="csrf"]').first().inputValue();
    const answer = await page.request.post(`${site.url}/staff/entry`, { form: { csrf, procedure: 'bulky-waste', channel: 'phone' }, maxRedirects: 0 });
    assert.equal(answer.status(), 403);
    await page.context().close();
});

it('lets an official change between the posts held, and decides by the one in use', async () => {
    const page = await open();
    const number = await apply(await open());
    await signIn(page, 'clerk');
    await press(page, 'header a[href="/post"]');
    assert.equal(await page.locator('input[name="post"]').count(), 2);
    await page.locator('input[value="environment-counter-clerk"]').check();
    await press(page, 'main .actions button');
    assert.match(await page.locator('header').innerText(), /窓口係/);
    await page.goto(`${site.url}/staff/cases/${number}`);
    assert.equal(await page.locator('form[action$="/confirm"]').count(), 0);
    assert.match(await page.locator('main').innerText(), /環境課 ごみ減量係」が専決/);
    await sound(page);
    const csrf = await page.locator('input[name="csrf"]').first().inputValue();
    assert.equal((await page.request.post(`${site.url}/staff/cases/${number}/confirm`, { form: { csrf }, maxRedirects: 0 })).status(), 403);
    assert.equal((await page.request.post(`${site.url}/post`, { form: { csrf, post: 'mayor' }, maxRedirects: 0 })).status(), 403);
    await page.goto(`${site.url}/post`);
    await page.locator('input[value="environment-waste-clerk"]').check();
    await press(page, 'main .actions button');
    await page.goto(`${site.url}/staff/cases/${number}`);
    await press(page, 'form[action$="/confirm"] button');
    assert.match(await page.locator('.tag').first().innerText(), /確定/);
    await page.context().close();
});

it('lists what waits for a decision and what was decided, and opens each', async () => {
    for (const [role, first] of [['chief', 'mine'], ['clerk', 'drafted'], ['auditor', 'all']]) {
        const page = await open();
        await signIn(page, role);
        if (role === 'chief') await stepUp(page, role);
        await page.goto(`${site.url}/staff/decisions`);
        assert.equal(await page.locator('#state').inputValue(), first, role);
        await sound(page);
        await page.goto(`${site.url}/staff/decisions?state=decided&lang=en`);
        const rows = await page.locator('main tbody tr').count();
        assert.ok(rows > 1, role);
        assert.ok(!/[ぁ-んァ-ヶ一-龠]/.test((await page.locator('main').innerText()).replace(/日本語/g, '')), 'English all through');
        await sound(page);
        for (const kind of ['fee-reduction', 'collection-plan']) {
            await page.goto(`${site.url}/staff/decisions?state=decided&kind=${kind}&lang=ja`);
            const place = await page.locator('main tbody a').first().getAttribute('href');
            assert.equal((await page.goto(site.url + place)).status(), 200, place);
            assert.match(await page.locator('.tag').first().innerText(), /決裁済み/);
            const proof = await page.locator('main').innerText();
            assert.match(proof, /立会い済み/);
            assert.doesNotMatch(proof, /立会い待ち/);
            await sound(page);
        }
        await page.goto(`${site.url}/staff/decisions?state=waiting`);
        for (const place of await page.locator('main tbody a').evaluateAll((all) => all.map((a) => a.getAttribute('href'))))
            assert.equal((await page.goto(site.url + place)).status(), 200, place);
        await page.context().close();
    }
    const counts = {};
    for (const role of ['chief', 'clerk']) {
        const page = await open(false);
        await signIn(page, role);
        for (const state of ['mine', 'drafted']) {
            await page.goto(`${site.url}/staff/decisions?state=${state}`);
            counts[`${role} ${state}`] = await page.locator('main tbody a').count();
        }
        await page.context().close();
    }
    assert.equal(counts['clerk mine'], 0, 'a clerk decides nothing');
    assert.equal(counts['chief drafted'], 0, 'the chief drafted nothing');
    assert.ok(counts['chief mine'] > 0 && counts['clerk drafted'] >= counts['chief mine'], JSON.stringify(counts));
    const page = await open(false);
    await signIn(page, 'chief');
    await page.goto(`${site.url}/staff/decisions?state=all`);
    await press(page, 'main .pager a');
    assert.match(page.url(), /page=2/);
    await page.context().close();
});

it('opens each record of the audit as a page, and its proof as a file', async () => {
    const page = await open();
    await signIn(page, 'clerk');
    await page.goto(`${site.url}/staff?state=all`);
    await page.goto(site.url + await page.locator('main tbody a[href^="/staff/cases/"]').first().getAttribute('href'));
    await page.context().close();
    const audit = await open();
    await signIn(audit, 'auditor');
    await audit.goto(`${site.url}/audit`);
    const place = await audit.locator('main tbody a').first().getAttribute('href');
    for (const language of ['ja', 'en']) {
        await audit.goto(`${site.url}${place}?lang=${language}`);
        assert.match(await audit.locator('h1').innerText(), language === 'ja' ? /台帳の記録 \d+/ : /Record [\d,]+ of the ledger/);
        assert.match(await audit.locator('main').innerText(), language === 'ja' ? /閲覧の記録です/ : /is of a look/);
        await sound(audit);
    }
    const proof = await audit.request.get(site.url + await audit.locator('main a[href$="/json"]').getAttribute('href'));
    assert.match(proof.headers()['content-disposition'], /^attachment/);
    assert.equal((await proof.json()).position, Number(place.split('/').at(-1)));
    await audit.context().close();
    const desk = await open();
    await signIn(desk, 'operator');
    await desk.goto(`${site.url}/operate`);
    const files = await desk.locator('main table').allInnerTexts();
    assert.match(files.join('\n'), /ledger\.db\t[1-9]/);
    assert.match(files.join('\n'), /state\.db\t[1-9]/);
    await desk.context().close();
});

for (const scripts of [true, false]) {
    it(`takes a report, has it answered, and shows the answer to whoever reported, ${scripts ? 'with' : 'without'} scripts`, async () => {
        const page = await open(scripts);
        await page.goto(`${site.url}/report?about=look-7`);
        assert.ok(await page.locator('#kind-look').isChecked());
        await page.fill('#text', 'なぜ\n見たのですか');
        await page.fill('#mail', 'someone@example.jp');
        await press(page, 'main .actions button');
        const number = (await page.locator('.code').innerText()).trim();
        const address = await page.locator('a.address').getAttribute('href');
        assert.match(address, /\/report\/[0-9a-z]{26}$/);
        await sound(page);
        const other = address.slice(0, -2) + (address.at(-2) === '0' ? '1' : '0') + address.at(-1);
        assert.equal((await page.goto(other)).status(), 404);

        const clerk = await open(scripts);
        await signIn(clerk, 'clerk');
        await clerk.goto(`${site.url}/staff/reports`);
        await press(clerk, `main tbody a:text("${number}")`);
        const text = await clerk.locator('main').innerText();
        assert.match(text, /someone@example\.jp/);
        assert.match(text, /閲覧の記録 7/);
        await press(clerk, 'button[value="doing"]');
        assert.match(await clerk.locator('.tag').first().innerText(), /対応中/);
        await press(clerk, 'button[value="answered"]');
        assert.equal(await clerk.locator('.errors a[href="#answer"]').count(), 1);
        await clerk.fill('#answer', '受付の確認のためです。');
        await press(clerk, 'button[value="answered"]');
        assert.match(await clerk.locator('.tag').first().innerText(), /回答済み/);
        await sound(clerk);
        for (const state of ['open', 'answered', 'all']) {
            await clerk.goto(`${site.url}/staff/reports?state=${state}`);
            assert.equal(await clerk.locator(`main tbody a:text("${number}")`).count(), state === 'open' ? 0 : 1, state);
        }
        await page.goto(address);
        assert.match(await page.locator('main').innerText(), /受付の確認のためです/);
        await sound(page);
        await Promise.all([page, clerk].map((one) => one.context().close()));
    });
}

it('scrolls sideways nowhere at the desk, from 320 px on, in either language', async () => {
    const desks = {
        clerk: ['/staff', '/staff?state=all', '/staff/entry', '/staff/plan', '/staff/decisions?state=all', '/staff/reports', '/post'],
        chief: ['/staff', '/staff/reductions', '/staff/plan', '/staff/decisions?state=decided'],
        steward: ['/staff/releases', '/staff/reports', '/data'],
        auditor: ['/audit', '/staff/decisions'],
        operator: ['/operate'],
        'resident-1': ['/my', '/my/looks'],
    };
    for (const [role, paths] of Object.entries(desks)) {
        const page = await open();
        await signIn(page, role);
        if (role === 'chief') await stepUp(page, role);
        for (const path of [...paths, '/staff/wall'].filter((one) => one !== '/staff/wall' || role !== 'resident-1'))
            for (const lang of ['ja', 'en']) {
                const answer = await page.goto(`${site.url}${path}${path.includes('?') ? '&' : '?'}lang=${lang}`, { waitUntil: 'load' });
                assert.equal(answer.status(), 200, `${role} ${path}`);
                for (const width of [320, 390, 768, 1024, 1280, 1440]) {
                    await page.setViewportSize({ width, height: 844 });
                    const over = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
                    assert.ok(over <= 0, `${role} ${path} ${lang} at ${width} px: ${over} px too wide`);
                    if (width === 390) await sound(page);
                }
            }
        const number = role === 'clerk' && await page.goto(`${site.url}/staff`) && await page.locator('main tbody a').first().getAttribute('href');
        if (number) {
            await page.setViewportSize({ width: 320, height: 844 });
            await page.goto(`${site.url}${number}?lang=en`);
            await sound(page);
        }
        await page.context().close();
    }
});

// ISO/IEC 18004, byte mode, for the versions that an address needs: unmask, walk the columns, undo the blocks.
function read_qr(size, dark) {
    const quiet = 4, width = size - 2 * quiet, version = (width - 17) / 4;
    const grid = Array.from({ length: width }, () => new Uint8Array(width));
    for (const [x, y] of dark) grid[y - quiet][x - quiet] = 1;
    const format = [...Array(3)].map((_, i) => grid[8][2 + i] ^ [1, 0, 1][i]).reduce((n, bit) => n * 2 + bit, 0);
    const masks = [(r, c) => (r + c) % 2, (r) => r % 2, (r, c) => c % 3, (r, c) => (r + c) % 3, (r, c) => ((r >> 1) + Math.floor(c / 3)) % 2,
        (r, c) => (r * c) % 2 + (r * c) % 3, (r, c) => ((r * c) % 2 + (r * c) % 3) % 2, (r, c) => ((r + c) % 2 + (r * c) % 3) % 2];
    const centre = { 1: [], 2: [6, 18], 3: [6, 22], 4: [6, 26], 5: [6, 30], 6: [6, 34], 7: [6, 22, 38] }[version];
    assert.ok(centre, `version ${version}`);
    const corner = (r, c) => (r < 9 && c < 9) || (r < 9 && c >= width - 8) || (r >= width - 8 && c < 9);
    const fixed = (r, c) => corner(r, c) || r === 6 || c === 6
        || (version >= 7 && ((r < 6 && c >= width - 11) || (c < 6 && r >= width - 11)))
        || centre.some((a) => centre.some((b) => Math.abs(r - a) < 3 && Math.abs(c - b) < 3
            && !((a === 6 && b === 6) || (a === 6 && b === centre.at(-1)) || (a === centre.at(-1) && b === 6))));
    const bits = [];
    for (let right = width - 1, up = true; right > 0; right -= 2, up = !up) {
        if (right === 6) right--;
        for (let i = 0; i < width; i++)
            for (const c of [right, right - 1]) {
                const r = up ? width - 1 - i : i;
                if (!fixed(r, c)) bits.push(grid[r][c] ^ (masks[format](r, c) === 0 ? 1 : 0));
            }
    }
    const words = Array.from({ length: bits.length >> 3 }, (_, i) => parseInt(bits.slice(8 * i, 8 * i + 8).join(''), 2));
    const [blocks, data] = { 1: [1, 16], 2: [1, 28], 3: [1, 44], 4: [2, 32], 5: [2, 43], 6: [4, 27], 7: [4, 31] }[version]; // level M
    const bytes = Array.from({ length: blocks }, (_, b) => Array.from({ length: data }, (_, i) => words[i * blocks + b])).flat();
    const stream = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
    assert.equal(stream.slice(0, 4), '0100', 'byte mode');
    const length = parseInt(stream.slice(4, 12), 2);
    return Array.from({ length }, (_, i) => String.fromCharCode(parseInt(stream.slice(12 + 8 * i, 20 + 8 * i), 2))).join('');
}

it('registers a passkey, signs in and confirms by it, and removes it', async () => {
    const own = site.url.replace('127.0.0.1', 'localhost'); // a passkey has a name for its host, never an address
    const page = await open(), device = await page.context().newCDPSession(page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', { options: {
        protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true } });
    await page.goto(`${own}/sign-in?next=/account`);
    await page.fill('#account', 'chief');
    await page.fill('#password', site.passwords.chief);
    await press(page, 'form[action="/sign-in"] button');
    assert.equal(await page.locator('#passkey').count(), 0, 'not before one has confirmed who one is');
    await press(page, 'a[href^="/step-up?next="]');
    assert.equal(await page.locator('#passkey').count(), 0, 'there is none yet');
    await page.fill('#password', site.passwords.chief);
    await press(page, 'form[action="/step-up"] button');
    await press(page, '#passkey button');
    assert.match(await page.locator('#passkey_name-error').textContent(), /60文字/);
    await page.fill('#passkey_name', '庁内の電話');
    await press(page, '#passkey button');
    const row = page.locator('tr', { hasText: '庁内の電話' });
    assert.match(await row.textContent(), /localhost.*まだ使っていません/s);
    await press(page, '#passkey button');
    assert.match(await page.locator('#passkey_name-error').textContent(), /60文字/, 'a name is asked for first');
    await page.fill('#passkey_name', 'ふたつ目');
    await page.locator('#passkey button').click();
    await page.getByText('すでに登録されています').waitFor();

    await press(page, 'form[action="/sign-out"] button');
    await page.goto(`${own}/sign-in?next=/staff`);
    await page.fill('#account', 'chief');
    await page.fill('#password', site.passwords.chief);
    await press(page, 'form[action="/sign-in"] button');
    assert.equal(page.url(), `${own}/step-up?next=%2Fstaff`, 'the password alone leads no further');
    assert.equal(await page.locator('#password').count(), 0, 'nor confirms');
    assert.match(await page.locator('main').textContent(), /端末をなくしたり.*chief/s);
    await page.goto(`${own}/account`);
    assert.equal(page.url(), `${own}/step-up?next=%2Faccount`);
    await press(page, '#passkey button');
    assert.equal(await page.getByText('パスキーでサインイン').count(), 0, 'he came in by the password');

    await press(page, 'form[action="/sign-out"] button');
    await page.goto(`${own}/sign-in?next=/account`);
    await press(page, '#passkey button');
    assert.equal(page.url(), `${own}/account`);
    assert.equal(await page.getByText('パスキーでサインイン').count(), 1);
    assert.doesNotMatch(await row.textContent(), /まだ使っていません/);
    await press(page, 'a[href^="/step-up?next="]');
    await press(page, '#passkey button');
    assert.equal(page.url(), `${own}/account`);
    await press(page, 'form[action="/account/passkeys/end"] button');
    assert.equal(await row.count(), 0);

    await press(page, 'form[action="/sign-out"] button');
    await page.goto(`${own}/sign-in`);
    await press(page, '#passkey button');
    assert.match(await page.locator('#errors').textContent(), /このパスキーではサインインできません/);
    await page.context().close();
    const plain = await open(false);
    await plain.goto(`${own}/sign-in`);
    assert.equal(await plain.locator('#passkey').isVisible(), false);
    assert.equal(await plain.getByText('パスキー').filter({ visible: true }).count(), 0);
    await plain.context().close();
});

// A procedure that is a definition, in the real program: found by search, answered, sent, asked back, answered and ended, at the width of
// a phone and of a desk, with and without scripts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { violations } from './axe.mjs';
import { answersOf, DEFINITIONS, today } from './examples.mjs';
import { browser, site } from './stage.mjs';

async function open(scripts, width = 390) {
    const context = await browser.newContext({ viewport: { width, height: 844 }, locale: 'ja-JP', javaScriptEnabled: scripts });
    const page = await context.newPage();
    page.scripts = scripts;
    page.faults = [];
    page.on('console', (message) => { if (message.type() === 'error' && !/status of 422/.test(message.text())) page.faults.push(`${page.url()}: ${message.text()}`); });
    return page;
}

async function sound(page) {
    if (!page.scripts) return;
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
    assert.deepEqual(await violations(page), [], page.url());
}

async function press(page, selector) {
    await sound(page);
    await Promise.all([page.waitForNavigation(), page.locator(selector).first().click()]);
    await sound(page);
}

async function signIn(page, account) {
    await page.goto(`${site.url}/sign-in`);
    await page.fill('#account', account);
    await page.fill('#password', site.passwords[account]);
    await press(page, 'form[action="/sign-in"] .actions button');
}

const next = (page) => press(page, 'main form .actions button');

async function answerDog(page, { born = 'R7.4.1', chip = 'no' } = {}) {
    await page.fill('#dogName', 'ポチ');
    await page.check('#breed-other');
    await page.check('#sex-male');
    await page.fill('#born', born);
    await page.fill('#since', '令和8年11月1日');
    await next(page);
    await page.fill('#otherBreed', '紀州犬'); // brought up by the breed
    await next(page);
    await page.check(`#chip-${chip}`);
    await next(page);
    if (chip === 'yes') {
        await page.fill('#chipNumber', '392000000000002');
        await next(page);
    }
    await page.check('#vaccinated-no');
    await next(page);
}

async function answerOwner(page) {
    await page.fill('#name', '試験　太郎');
    await page.fill('#kana', 'しけん たろう');
    await page.fill('#postcode', '９９９０００１');
    await page.fill('#address', 'まなか一丁目１－２');
    await page.fill('#phone', '０９９９（００）１２３４');
    await page.check('#declared-yes');
    await next(page);
}

async function journey(scripts) {
    const resident = await open(scripts);
    await resident.goto(`${site.url}/`);
    await press(resident, 'a[href="/procedures"]');
    await resident.fill('#q', 'ｲﾇ');
    await press(resident, 'form[role="search"] button');
    await press(resident, 'a[href="/procedures/dog-registration"]');
    await press(resident, 'form[action$="/begin"] button');
    await next(resident); // nothing was answered
    const summary = await resident.locator('#errors li').allInnerTexts();
    assert.deepEqual(summary.slice(0, 2), ['「犬の名前」を入れてください', '「犬種」をえらんでください']);
    assert.match(await resident.title(), /^エラー: /);
    assert.ok((await resident.locator('#dogName-error').innerText()).includes(summary[0]), 'the same words at the field');
    await answerDog(resident);
    await answerOwner(resident);
    assert.match(await resident.locator('main').innerText(), /紀州犬[^]*3,000円/);
    await resident.goto(`${site.url}/procedures/dog-registration/check?lang=en`);
    assert.match(await resident.locator('main').innerText(), /Name of the dog[^]*ポチ[^]*¥3,000/);
    await sound(resident);
    await resident.goto(`${site.url}/procedures/dog-registration/check?lang=ja`);
    await press(resident, 'main form .actions button');
    const number = (await resident.locator('.code').innerText()).trim();
    assert.match(number, /^\d{4}-\d{6}$/);
    await resident.goBack();
    await resident.reload();
    assert.match(resident.url(), /\/receipt$/, 'back leads to what was sent');
    const address = (await resident.locator('a.address').getAttribute('href'));

    const clerk = await open(scripts, 1280);
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('.checks').innerText(), /今年度の予防注射が済んでいる\s*不適合/);
    await clerk.locator('summary', { hasText: '確認する' }).click();
    await press(clerk, 'form:has(#text-ask) button');
    assert.match(await clerk.locator('#errors').innerText(), /理由や内容を入れてください/);
    await clerk.fill('#text-ask', '予防注射の予定を教えてください。');
    await press(clerk, 'form:has(#text-ask) button');

    await resident.goto(address);
    await sound(resident);
    assert.match(await resident.locator('.banner.warn').innerText(), /予防注射の予定/);
    await resident.locator('summary', { hasText: '返事をする' }).click();
    await resident.fill('#text-answer', '12月1日に受けます。');
    await press(resident, 'form:has(#text-answer) button');

    await clerk.goto(`${site.url}/staff/cases/${number}`);
    assert.match(await clerk.locator('.timeline').innerText(), /12月1日に受けます/);
    await press(clerk, 'form:has(input[value="register"]) button');
    assert.match(await clerk.locator('main').innerText(), /登録済/);
    await resident.goto(address);
    assert.match(await resident.locator('.tag').first().innerText(), /登録済/);
    const looks = await resident.locator('#looks ~ table tbody tr').allInnerTexts();
    assert.ok(looks.length >= 2 && looks.every((row) => row.includes('申請の受付と審査')), looks.join('\n'));
    assert.ok(!looks.some((row) => row.includes('職員')), 'no name of an official');
    for (const page of [resident, clerk]) assert.deepEqual(page.faults, []);
    await Promise.all([resident, clerk].map((page) => page.context().close()));
}

it('goes from the search to the end, with scripts', () => journey(true));
it('goes from the search to the end, without scripts', () => journey(false));

it('takes an application that does not meet a condition, and says which one', async () => {
    const page = await open(true);
    await page.goto(`${site.url}/procedures/dog-registration`);
    await press(page, 'form[action$="/begin"] button');
    await answerDog(page, { born: '2026-11-01' });
    await answerOwner(page);
    assert.match(await page.locator('.banner.warn').innerText(), /生後90日までの犬は、まだ登録できません[^]*このまま申請することもできます/);
    await press(page, 'main form .actions button');
    const number = (await page.locator('.code').innerText()).trim();
    await signIn(page, 'clerk');
    await page.goto(`${site.url}/staff/cases/${number}`);
    await sound(page);
    assert.match(await page.locator('.checks').innerText(), /生後90日までの犬[^]*条件に合わない/);
    await page.context().close();
});

it('asks no signed-in resident again for what he has told', async () => {
    const page = await open(true);
    await signIn(page, 'resident-1');
    await page.goto(`${site.url}/procedures/dog-registration`);
    await press(page, 'form[action$="/begin"] button');
    await answerDog(page);
    assert.notEqual(await page.inputValue('#name'), '', 'known from an earlier case');
    await page.check('#declared-yes');
    await next(page);
    await press(page, 'main form .actions button');
    await page.goto(`${site.url}/my`);
    await sound(page);
    const card = page.locator('a.card', { hasText: '犬の登録' });
    assert.match(await card.innerText(), /受付/);
    await card.click();
    await page.waitForSelector('.timeline');
    await page.locator('button', { hasText: '取り下げる' }).click();
    await page.waitForSelector('.tag:has-text("取下げ")');
    await page.context().close();
});

// ---- photos ----

// A small JPEG as a telephone writes it, with a place in its Exif.
async function photograph() {
    const page = await browser.newPage();
    const plain = Buffer.from(await page.evaluate(async () => {
        const canvas = document.createElement('canvas');
        canvas.width = canvas.height = 64;
        canvas.getContext('2d').fillRect(8, 8, 48, 48);
        const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg'));
        return [...new Uint8Array(await blob.arrayBuffer())];
    }));
    await page.close();
    const place = Buffer.from('Exif\0\0GPS 35.1N 139.2E');
    return Buffer.concat([plain.subarray(0, 2), Buffer.from([0xff, 0xe1, 0, place.length + 2]), place, plain.subarray(2)]);
}

// What is behind the links and pictures of files on a page, as who looks gets it.
async function filesOf(page) {
    const addresses = await page.locator('a.file').evaluateAll((all) => all.map((one) => one.href));
    return Promise.all(addresses.map(async (address) => {
        const answer = await page.context().request.get(address);
        assert.equal(answer.status(), 200, address);
        assert.match(answer.headers()['content-security-policy'], /sandbox/);
        assert.equal(answer.headers()['x-content-type-options'], 'nosniff');
        return answer.body();
    }));
}

async function withoutPlace(page, n) {
    await sound(page);
    const files = await filesOf(page);
    assert.equal(files.length, n, page.url());
    for (const bytes of files) assert.ok(bytes.subarray(0, 2).equals(Buffer.from([0xff, 0xd8])) && !bytes.includes('GPS'), page.url());
}

// On the map, and where the browser says that it is.
async function pointOut(page) {
    await page.waitForSelector('[data-point][data-ready]');
    const box = await page.locator('[data-point]').boundingBox();
    await page.locator('[data-point]').click({ position: { x: box.width / 2, y: box.height / 2 } });
    await page.waitForSelector('.maplibregl-marker');
    assert.match(await page.inputValue('#place-latitude'), /^34\.\d{6}$/);
    await page.click('[data-here="place"]'); // nobody has permitted it
    await page.waitForFunction(() => document.querySelector('[data-said="place"]').textContent.includes('分かりませんでした'));
    await page.context().grantPermissions(['geolocation']);
    await page.context().setGeolocation({ latitude: 34.1678, longitude: 138.4832 });
    await page.click('[data-here="place"]');
    await page.waitForFunction(() => document.getElementById('place-longitude').value === '138.483200');
    await sound(page);
}

async function typePoint(page) {
    await page.locator('summary', { hasText: '緯度と経度' }).click();
    await page.fill('#place-latitude', '３４．１６７８');
    await next(page);
    assert.match(await page.locator('#errors').innerText(), /「場所」の緯度と経度は/);
    await page.fill('#place-longitude', '139.9');
    await next(page);
    await page.goto(`${site.url}/procedures/road-damage/ask/place`);
    assert.match(await page.locator('.outside').innerText(), /市の外/);
    await page.fill('#place-longitude', '138.4832');
}

async function reportDamage(scripts) {
    const photo = await photograph();
    const jpeg = (name) => ({ name, mimeType: 'image/jpeg', buffer: photo });
    const page = await open(scripts);
    await page.goto(`${site.url}/procedures/road-damage`);
    await press(page, 'form[action$="/begin"] button');
    await page.check('#damage-hole');
    await page.setInputFiles('#photos', [jpeg('ana.jpg'), { name: 'memo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no photo') }]);
    await next(page); // a file is no photo, and the day is missing
    assert.match(await page.locator('#errors').innerText(), /「写真」のmemo\.jpgは、受け付けていない種類です[^]*「気づいた日」を入れてください/);
    assert.ok(await page.isChecked('#damage-hole'), 'nothing else is lost');
    await page.setInputFiles('#photos', [jpeg('mawari.jpg'), jpeg('mouichimai.jpg')]);
    await press(page, 'button[name="add"]');
    assert.deepEqual((await page.locator('a.file').allInnerTexts()).map((text) => text.split(' ')[0].trim()), ['ana.jpg', 'mawari.jpg', 'mouichimai.jpg']);
    assert.equal(await page.locator('#photos[type=file]').count(), 0, 'three are enough');
    await withoutPlace(page, 3);
    await press(page, 'button[name="remove"] >> nth=1');
    await page.fill('#seenOn', today());
    await page.locator('#seenOn').press('Enter'); // as the button "next"
    await page.waitForURL('**/ask/place');
    await page.fill('#place', 'えきまえ二丁目9番の保育園の前');
    if (scripts) await pointOut(page);
    else await typePoint(page);
    await next(page);
    await page.check('#danger-soon');
    await page.check('#accident-no');
    await next(page);
    await page.check('#reply-no');
    await next(page);
    await withoutPlace(page, 2);
    assert.match(await page.locator('main').innerText(), /保育園の前（北緯34\.\d{5}、東経138\.\d{5}）/);
    assert.equal(await page.locator('.banner.warn').count(), 0, 'within the city');
    await press(page, 'main form .actions button');
    const number = (await page.locator('.code').innerText()).trim();
    await page.goto(await page.locator('a.address').getAttribute('href'));
    await withoutPlace(page, 2);
    const address = await page.locator('a.file').first().getAttribute('href');

    const stranger = await open(scripts);
    assert.equal((await stranger.context().request.get(`${site.url}/c/${'a'.repeat(26)}${address.slice(address.indexOf('/files'))}`)).status(), 404);
    const clerk = await open(scripts, 1280);
    await signIn(clerk, 'counter');
    await takePost(clerk, 'river-road-upkeep-clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await withoutPlace(clerk, 2);
    assert.match(await clerk.locator('main').innerText(), /北緯34\.\d{5}/);
    if (scripts) await clerk.waitForSelector('[data-point][data-ready] .maplibregl-marker');
    await page.reload();
    assert.match(await page.locator('#looks ~ table').innerText(), /申込みに添えたファイル/);
    for (const one of [page, clerk]) assert.deepEqual(one.faults, []);
    await Promise.all([page, stranger, clerk].map((one) => one.context().close()));
}

it('takes photos with a report, shows them to both sides, and keeps no place in them, with scripts', () => reportDamage(true));
it('takes photos with a report, without scripts', () => reportDamage(false));

// ---- every procedure of the starter city, by its first example ----

async function fillPage(page, answers, photo) {
    for (const control of await page.locator('main form').last().locator('input:not([type=hidden]), textarea').all()) {
        const [name, type, value] = await control.evaluate((one) => [one.name, one.type, one.value]);
        const said = [answers[name] ?? []].flat();
        if (type === 'file') {
            await control.setInputFiles(said.map((file) => ({ name: file, mimeType: 'image/jpeg', buffer: photo })));
        } else if (type === 'radio' || type === 'checkbox') {
            if (said.includes(value) && await control.isEnabled()) await control.check(); // a slot may be taken meanwhile
        } else if (said.length && await control.isVisible()) await control.fill(said[0]);
    }
    const times = page.locator('main form input[name=slot]:not([disabled])'); // those of today, whatever the example says
    if (await times.count() && !await page.locator('main form input[name=slot]:checked').count()) await times.first().check();
}

// Answers all questions as they come and sends; the receipt number.
async function send(page, definition) {
    const answers = answersOf(definition), photo = await photograph();
    await page.goto(`${site.url}/procedures/${definition.id}`);
    await press(page, 'form[action$="/begin"] button');
    for (let asked = 0; !page.url().endsWith('/check'); asked++) {
        assert.ok(asked < 40, `${page.url()} leads nowhere: ${await page.locator('main').innerText()}`);
        assert.equal(await page.locator('#errors').count(), 0, `${page.url()}: ${await page.locator('main').innerText()}`);
        await fillPage(page, answers, photo);
        await next(page);
    }
    if (await page.locator('#notice').count()) await notice(page);
    await press(page, 'main form .actions button');
    return (await page.locator('.code').innerText()).trim();
}

// Nobody is told electronically who didn't say so.
async function notice(page) {
    await press(page, 'main form .actions button');
    assert.match(await page.locator('#errors').innerText(), /通知書の受け取り方/);
    await page.check('#notice-paper');
}

const LOOKED = new Set(['road-damage', 'day-care-admission', 'vaccine-slot']);
for (const definition of DEFINITIONS.filter((one) => one.audience !== 'staff' && !one.parts)) {
    it(`takes the first example of ${definition.id}`, async () => {
        const page = await open(LOOKED.has(definition.id)); // without scripts nobody looks: the pages are of the same templates
        if (definition.signIn) await signIn(page, 'resident-2');
        assert.match(await send(page, definition), /^\d{4}-\d{6}$/);
        await page.context().close();
    });
}

const definitionOf = (id) => DEFINITIONS.find((one) => one.id === id);

// Answers a bundle's questions, then those that each part still asks; what the parts asked.
async function answerBundle(page, id) {
    const asked = [];
    await page.goto(`${site.url}/procedures/${id}`);
    await press(page, 'form[action$="/begin"] button');
    for (let n = 0; n < 60; n++) {
        const [, of, step] = /procedures\/([\w-]+)\/(?:ask\/)?([\w-]+)$/.exec(page.url());
        const open = page.locator('main p a.btn.second');
        assert.equal(await page.locator('#errors').count(), 0, `${page.url()}: ${await page.locator('main').innerText()}`);
        if (step === 'check' && !await open.count()) return asked;
        if (step === 'check') {
            assert.equal(await page.locator('main form .actions button:not(.second)').count(), 0, 'all is not complete yet');
            await press(page, 'main p a.btn.second');
            continue;
        }
        if (of !== id) asked.push(...await page.locator('main form').last().locator('input:not([type=hidden]), textarea').evaluateAll((all) => all.map((one) => one.name)));
        await fillPage(page, answersOf(definitionOf(of)), null);
        await next(page);
    }
    throw new Error(`${page.url()} leads nowhere`);
}

it('applies at once for all that a move needs, and asks nothing twice', async () => {
    const page = await open(true);
    const asked = await answerBundle(page, 'just-moved-in');
    assert.ok(asked.includes('dogName') && asked.includes('child1Name') && asked.includes('visitOn'), asked.join());
    for (const shared of ['name', 'kana', 'postcode', 'address', 'phone', 'abroad', 'movedOn', 'reason', 'declared'])
        assert.ok(!asked.includes(shared), `${shared} is asked again`);
    await page.goto(`${page.url()}?lang=en`);
    await sound(page);
    assert.deepEqual(await page.locator('main h2').allInnerTexts(), ['Answers for all',
        ...['moving-in', 'child-allowance', 'dog-registration'].map((id) => definitionOf(id).label.en)]);
    assert.equal(await page.locator('.total .num').innerText(), '¥3,000');
    await page.goto(page.url().replace('?lang=en', '?lang=ja'));
    await page.check('#notice-electronic'); // asked once for all parts
    await press(page, 'main form .actions button');
    assert.match(page.url(), /\/just-moved-in\/sent$/);
    const numbers = (await page.locator('main').innerText()).match(/\d{4}-\d{6}/g);
    assert.equal(new Set(numbers).size, 3);
    await page.goBack();
    await page.reload();
    assert.match(page.url(), /\/sent$/, 'back leads to what was sent');
    await press(page, 'main p a.btn.second');
    assert.ok((await page.locator('.code').innerText()).includes(numbers[0]));
    assert.match(await page.locator('main').innerText(), /引っ越した日/, 'each case has the answers that it shares');
    assert.deepEqual(page.faults, []);
    await page.context().close();
});

async function takePost(page, post) {
    await page.goto(`${site.url}/post`);
    await page.check(`#post-${post}`);
    await press(page, 'main form .actions button');
}

// The letter of the decision: read, compared by whoever has it, drawn as PDF, and sent by the office.
async function letterReaches(resident, clerk) {
    await press(resident, '#letters ~ ul a[href^="/letters/"]');
    await sound(resident);
    const text = await resident.locator('main').innerText();
    assert.match(text, /補助金交付決定通知書[^]*台帳にある、正しい通知書[^]*ま産第1号[^]*まち市長[^]*交付決定額\s*300,000円/);
    assert.doesNotMatch(text, /要件に合い/, 'what the decider was told is not in the letter');
    const stranger = await open(false);
    await stranger.goto(resident.url());
    assert.match(await stranger.locator('main').innerText(), /見本/, 'whoever has the paper sees what the city issued');
    const pdf = await stranger.request.get(`${resident.url()}/pdf`);
    assert.equal(pdf.headers()['content-type'], 'application/pdf');
    assert.match((await pdf.body()).subarray(0, 8).toString(), /^%PDF-1/);
    await signIn(stranger, 'auditor');
    assert.equal((await stranger.goto(resident.url())).status(), 403, 'an official reads it by his post alone');
    await stranger.context().close();
    await clerk.goto(`${site.url}/staff/letters`);
    await sound(clerk);
    const print = await clerk.locator('main li a').getAttribute('href');
    assert.equal((await clerk.request.get(`${site.url}${print}`)).headers()['content-type'], 'application/pdf');
    await clerk.check('main li input[name="letter"]');
    await press(clerk, 'main form .actions button');
    assert.match(await clerk.locator('main').innerText(), /発送を待つ通知書はありません/);
    await resident.goBack();
    await resident.reload();
    assert.match(await resident.locator('#letters ~ ul').innerText(), /発送した日/);
    assert.match(await resident.locator('#looks ~ table').innerText(), /申請についての通知書/, 'that it was printed is told');
}

it('has a subsidy proposed, decided by its amount, and told to its applicant', async () => {
    const [resident, clerk, director] = await Promise.all([open(true), open(true, 1280), open(true, 1280)]);
    const definition = DEFINITIONS.find((one) => one.id === 'small-business-subsidy');
    const number = await send(resident, definition);
    const address = await resident.locator('a.address').getAttribute('href');
    await signIn(clerk, 'counter');
    await takePost(clerk, 'industry-clerk');
    await clerk.goto(`${site.url}/staff`);
    await press(clerk, `a[href="/staff/cases/${number}"]`);
    await clerk.locator('summary', { hasText: '交付を決める' }).first().click();
    await press(clerk, 'form[action$="/propose"]:has(input[value="grant"]) button');
    assert.match(await clerk.locator('#errors').innerText(), /理由や内容/);
    await clerk.fill('#text-grant', '要件に合い、予算の範囲内です。');
    await press(clerk, 'form[action$="/propose"]:has(input[value="grant"]) button');
    assert.match(await clerk.locator('main').innerText(), /決裁を待っています/);
    const decision = await clerk.locator('a[href^="/staff/decisions/"]').last().getAttribute('href');
    await signIn(director, 'director');
    await takePost(director, 'economy-director');
    await director.goto(`${site.url}/step-up?next=${encodeURIComponent(decision)}`);
    await director.fill('#password', site.passwords.director);
    await press(director, 'form[action="/step-up"] button.wide');
    assert.match(await director.locator('main').innerText(), /決めること\s*交付を決める[^]*要件に合い[^]*300,000円/);
    assert.match(await director.locator('a.file').innerText(), /mitsumori\.jpg/);
    await withoutPlace(director, 1); // as it was frozen with the proposal
    await press(director, 'button[value="approve"]');
    assert.match(await director.locator('.tag').first().innerText(), /決裁済み/);
    await resident.goto(address);
    await sound(resident);
    assert.match(await resident.locator('.timeline').innerText(), /交付を決める[^]*産業部長[^]*要件に合い/);
    assert.match(await resident.locator('#looks ~ table').innerText(), /申請についての決裁/);
    await letterReaches(resident, clerk);
    await Promise.all([resident, clerk, director].map((page) => page.context().close()));
});

it('has two subsidies decided as one, after one was taken out and put back', async () => {
    const [resident, clerk, director] = await Promise.all([open(true), open(true, 390), open(false, 1280)]);
    const definition = DEFINITIONS.find((one) => one.id === 'small-business-subsidy');
    const numbers = [await send(resident, definition), await send(resident, definition)];
    await signIn(clerk, 'counter');
    await takePost(clerk, 'industry-clerk');
    await clerk.goto(`${site.url}/staff`);
    await clerk.locator('summary', { hasText: 'まとめて起案する' }).click();
    await press(clerk, 'a[href="/staff/together/small-business-subsidy/grant"]');
    await press(clerk, 'main form .actions button');
    assert.match(await clerk.locator('#errors').innerText(), /起案する案件に印を付けてください/);
    for (const number of numbers) await clerk.check(`#case-${number}`);
    await press(clerk, 'main form .actions button');
    assert.match(await clerk.locator('#errors').innerText(), /理由を書いてください/);
    assert.ok(await clerk.isChecked(`#case-${numbers[1]}`), 'what was ticked stays');
    await clerk.fill('#reason', '要件に合い、予算の範囲内です。');
    await press(clerk, 'main form .actions button');
    assert.match(await clerk.locator('main').innerText(), /まとめて決裁する案件（2件）/);
    const decision = new URL(clerk.url()).pathname;
    await clerk.goto(`${site.url}/staff/cases/${numbers[0]}`);
    assert.match(await clerk.locator('main').innerText(), /決裁を待っています/);
    await signIn(director, 'director');
    await takePost(director, 'economy-director');
    await director.goto(`${site.url}/step-up?next=${encodeURIComponent(decision)}`);
    await director.fill('#password', site.passwords.director);
    await press(director, 'form[action="/step-up"] button.wide');
    await press(director, `a[href="${decision}/out/${numbers[1]}"]`);
    await press(director, 'main form .actions button');
    assert.match(await director.locator('#errors').innerText(), /外す理由/);
    await director.fill('#comment', '見積書を確かめます。');
    await press(director, 'main form .actions button');
    assert.match(await director.locator('#list').innerText(), /1件[^]*外した案件[^]*見積書を確かめます/);
    await press(director, `button[name="back"][value="${numbers[1]}"]`);
    assert.match(await director.locator('#list').innerText(), /2件/);
    await press(director, 'button[value="approve"]');
    assert.match(await director.locator('.tag').first().innerText(), /決裁済み/);
    for (const number of numbers) {
        await clerk.goto(`${site.url}/staff/cases/${number}`);
        assert.match(await clerk.locator('main').innerText(), /交付決定/);
    }
    await Promise.all([resident, clerk, director].map((page) => page.context().close()));
});

it('gives a place by rank, decides it as a whole and tells it on the page of the case', async () => {
    const [resident, clerk, head] = await Promise.all([open(true), open(false, 390), open(true, 1280)]);
    const number = await send(resident, DEFINITIONS.find((one) => one.id === 'day-care-admission'));
    const address = await resident.locator('a.address').getAttribute('href');
    await signIn(clerk, 'counter');
    await takePost(clerk, 'children-care-clerk');
    await clerk.goto(`${site.url}/staff/cases/${number}`);
    await press(clerk, 'form:has(input[value="accept"]) button');
    await clerk.goto(`${site.url}/staff`);
    await clerk.locator('summary', { hasText: 'まとめて起案する' }).click();
    await press(clerk, 'a[href="/staff/ranking/day-care-admission"]');
    assert.match(await clerk.locator('main').innerText(), /空きなし/);
    await clerk.locator('input[name^="places/manaka/"]').first().fill('たくさん');
    await press(clerk, 'button[value="places"]');
    assert.match(await clerk.locator('#errors').innerText(), /決定済みの人数から9999まで/);
    await clerk.locator('input[name^="places/manaka/"]').first().fill('９');
    await press(clerk, 'button[value="places"]');
    assert.match(await clerk.locator(`tr:has(a[href="/staff/cases/${number}"])`).innerText(), /まなかこども園[^]*第1希望/);
    await clerk.fill('#reason', '利用調整の結果のとおり。');
    await clerk.fill('#held', '希望した園に空きがありませんでした。');
    await press(clerk, 'button[value="propose"]');
    assert.match(await clerk.locator('main').innerText(), /受け入れ まなかこども園[^]*9/);
    const decision = new URL(clerk.url()).pathname;
    await signIn(head, 'director');
    await takePost(head, 'children-head');
    await head.goto(`${site.url}/step-up?next=${encodeURIComponent(decision)}`);
    await head.fill('#password', site.passwords.director);
    await press(head, 'form[action="/step-up"] button.wide');
    assert.match(await head.locator('#list').innerText(), /入所を決める[^]*まなかこども園（1番目の希望）/);
    await press(head, 'button[value="approve"]');
    assert.match(await head.locator('.tag').first().innerText(), /決裁済み/);
    await resident.goto(address);
    await sound(resident);
    assert.match(await resident.locator('main').innerText(), /入所決定[^]*決まったところ\s*まなかこども園/);
    await Promise.all([resident, clerk, head].map((page) => page.context().close()));
});

it('books a time, shows it in the slot\'s story, takes another one and gives it back', async () => {
    const page = await open(true, 320);
    await send(page, DEFINITIONS.find((one) => one.id === 'vaccine-slot'));
    const address = await page.locator('a.address').getAttribute('href');
    await page.goto(address);
    const before = await page.locator('main').innerText();
    await press(page, 'a[href^="/slots/"]');
    assert.match(await page.locator('.timeline').innerText(), /予約 2/);
    await page.goto(address);
    await press(page, 'a[href$="/slot"]');
    await page.locator('input[name=slot]:not([disabled]):not(:checked)').nth(2).check();
    await next(page);
    assert.match(await page.locator('.timeline').innerText(), /日時の変更/);
    assert.notEqual(await page.locator('main').innerText(), before);
    await press(page, 'button:has-text("予約を取り消す")');
    assert.match(await page.locator('.tag').first().innerText(), /取消し/);
    assert.deepEqual(page.faults, []);
    await page.context().close();
});

const write = (page, text) => page.fill('#message', text).then(() => press(page, 'form[action$="/message"] button'));

// Takes another time, and none at all; or the clerk writes down what came of it.
async function callOff(page) {
    await press(page, 'a[href$="/slot"]');
    await page.locator('input[name=slot]:not([disabled]):not(:checked)').nth(1).check();
    await next(page);
    await press(page, 'button:has-text("相談を取りやめる")');
}

async function writeResult(clerk) {
    await clerk.locator('summary', { hasText: '結果を書いて終える' }).click();
    await clerk.fill('#text-finish', '申請に同行する。');
    await press(clerk, 'form:has(input[value="finish"]) button');
}

// What was said on the telephone an official writes down, and its person reads it.
async function calls(clerk, page) {
    await clerk.selectOption('#said', 'asked_phone');
    await write(clerk, '電話で、ありがとうございますと。');
    assert.match(await clerk.locator('.messages').innerText(), /申込者 電話で[^]*ありがとうございます[^]*書きとめた担当: 市民課/);
    await page.reload();
    assert.match(await page.locator('.messages').innerText(), /あなた 電話で[^]*ありがとうございます[^]*書きとめた担当: 市民課/);
}

// One asks with a file, the office answers, it is read: without scripts as with them, nobody named.
async function consult(scripts) {
    const [page, clerk] = await Promise.all([open(scripts), open(scripts, 1280)]);
    if (scripts) await signIn(page, 'resident-2');
    const number = await send(page, DEFINITIONS.find((one) => one.id === 'consultation'));
    const address = await page.locator('a.address').getAttribute('href');
    await page.goto(address);
    await page.setInputFiles('#files', { name: 'x.exe', mimeType: 'application/pdf', buffer: Buffer.from('MZ') });
    assert.match(await page.locator('.thread').innerText(), /5開庁日以内に返事をします。/);
    await write(page, '保険証が見つかりません。\n無くても申し込めますか。');
    assert.match(await page.locator('#errors').innerText(), /x\.exe/);
    assert.match(await page.inputValue('#message'), /保険証/, 'what was written stays');
    await page.setInputFiles('#files', { name: 'seikyu.jpg', mimeType: 'image/jpeg', buffer: await photograph() });
    await press(page, 'form[action$="/message"] button');
    assert.match(await page.locator('.messages').innerText(), /あなた[^]*無くても申し込めますか。[^]*seikyu\.jpg/);
    assert.match(await page.locator('.thread').innerText(), /）までに返事をします。/);
    await withoutPlace(page, 1);
    await signIn(clerk, 'counter');
    await clerk.goto(`${site.url}/staff`);
    assert.match(await clerk.locator(`.banner li:has(a[href="/staff/cases/${number}#thread"])`).innerText(), /返事の期限 期限内/);
    await press(clerk, `.banner a[href="/staff/cases/${number}#thread"]`);
    await withoutPlace(clerk, 1);
    await write(clerk, '無くても申し込めます。');
    assert.doesNotMatch(await clerk.locator('.messages').innerText(), /申込者が読んだ日時/);
    if (scripts) await page.goto(`${site.url}/my`);
    if (scripts) assert.match(await page.locator('main .card', { hasText: '新しい返事' }).innerText(), new RegExp(number), 'one alone is new');
    await page.goto(address);
    assert.doesNotMatch(await page.locator('.thread').innerText(), /）までに返事をします/, 'it was answered');
    const text = await page.locator('.messages').innerText();
    assert.match(text, /市民課 総合窓口係[^]*新しい返事[^]*無くても申し込めます。/);
    assert.doesNotMatch(text, /職員H/);
    assert.match(await page.locator('#looks ~ table').innerText(), /申込みについてのやりとり/, 'that it was looked at is told');
    await Promise.all([page.reload(), clerk.reload()]);
    assert.doesNotMatch(await page.locator('.messages').innerText(), /新しい返事/, 'it was read');
    assert.match(await clerk.locator('.messages').innerText(), /申込者が読んだ日時/);
    await (scripts ? write(page, 'ありがとうございます。') : calls(clerk, page));
    await clerk.reload();
    await press(clerk, 'form[action$="/settle"] button');
    assert.equal(await clerk.locator('form[action$="/settle"]').count(), 0);
    await (scripts ? callOff(page) : writeResult(clerk));
    await page.goto(address);
    assert.match(await page.locator('.timeline').innerText(), scripts ? /日時の変更/ : /結果を書いて終える[^]*申請に同行する/);
    assert.match(await page.locator('#message').innerText(), /いまの段階では/);
    for (const one of [page, clerk]) assert.deepEqual(one.faults, []);
    await Promise.all([page, clerk].map((one) => one.context().close()));
}

for (const scripts of [true, false]) it(`lets a resident ask with a file before the talk, scripts ${scripts}`, () => consult(scripts));

// While a tablet shows what was entered, its page loads itself anew, which may be at this moment: then that is what is looked at.
async function reopen(page, address) {
    await page.goto(address).catch((error) => {
        if (!/interrupted by another navigation/.test(error.message)) throw error;
        return page.waitForLoadState('load');
    });
}

// Who stands at the desk reads on the tablet, with scripts, what the official entered without: has one answer put right, and confirms.
async function confirm(clerk) {
    const tablet = await open(true, 1024), check = clerk.url();
    const tap = (selector) => Promise.all([tablet.waitForNavigation(), tablet.locator(selector).first().click()]); // axe looks where it is told to
    await press(clerk, '.actions > button:not([name])');
    assert.match(await clerk.locator('#errors').innerText(), /端末で確認してもらうか/, 'it does not go in as it is');
    await clerk.goto(`${site.url}/staff/counter`);
    await clerk.check('#tablet-3');
    await press(clerk, 'button[value="code"]');
    await tablet.goto(`${site.url}/tablet`);
    await tablet.fill('#code', (await clerk.locator('.code').innerText()).toUpperCase());
    await tap('form[action="/tablet"] button');
    assert.match(await tablet.locator('h1').innerText(), /お待ちください/);
    const show = async () => {
        await clerk.goto(check);
        await press(clerk, 'button[value="show"]');
        assert.match(await clerk.locator('.banner', { hasText: '3番' }).innerText(), /ご本人が確認しています/);
        await tablet.waitForSelector('[data-tablet]'); // by itself
    };
    await show();
    await sound(tablet);
    assert.equal(await tablet.locator('a[href^="/staff"], nav.side').count(), 0);
    await tap('a[lang="en"], a[href$="lang=en"]');
    await tap('#more button');
    await tap('[id="dog-registration.dogName"] button');
    assert.match(await tablet.locator('.marked').innerText(), /ポチ[^]*To be corrected/);
    await tablet.setViewportSize({ width: 390, height: 844 });
    await sound(tablet);
    await tap('button[value="wrong"]');
    await tablet.goto(`${site.url}/tablet`);
    await clerk.goto(check);
    assert.equal(await clerk.locator('.banner a[href$="/ask/dog"]').count(), 1);
    await show();
    assert.match(await tablet.locator('h1').innerText(), /内容を確認してください/, 'in its own language again');
    await tablet.context().setOffline(true);
    await tablet.waitForSelector('[data-tablet]', { state: 'hidden' }); // nobody says any more that it may stand there
    await tablet.context().setOffline(false);
    await tablet.waitForSelector('[data-tablet]');
    tablet.faults.length = 0;
    await press(clerk, 'button[value="cancel"]');
    await tablet.waitForSelector('[data-tablet]', { state: 'detached' }); // what is taken back goes by itself
    await clerk.goto(check.replace('/check', '/ask/dog'));
    await clerk.fill('#dogName', 'シロ');
    await next(clerk);
    await show();
    assert.match(await tablet.locator('main').innerText(), /シロ/);
    await tap('button[value="right"]');
    await reopen(clerk, check);
    assert.match(await clerk.locator('.banner.ok').innerText(), /3番の端末で、ご本人が.*に確認しました/);
    await next(clerk);
    assert.match(await clerk.locator('main').innerText(), /窓口の端末でご本人が確認：[^]*窓口3番/);
    assert.deepEqual(tablet.faults, []);
    await tablet.context().close();
}

it('serves who comes with one number, and asks nothing twice', async () => {
    const [visitor, clerk] = await Promise.all([open(false), open(false, 1280)]);
    await visitor.goto(`${site.url}/counters/main`);
    await visitor.check('#business-moving');
    await next(visitor);
    const number = await visitor.locator('.ticket').innerText();
    assert.match(await visitor.locator('main').innerText(), /前に0人/);
    await signIn(clerk, 'clerk');
    await clerk.goto(`${site.url}/staff/counter`);
    await sound(clerk);
    await clerk.check('#desk-3');
    await press(clerk, 'form[action="/staff/counter/call"] button');
    await visitor.reload();
    await sound(visitor);
    assert.match(await visitor.locator('.banner').innerText(), /3番の窓口へ/);
    await visitor.goto(`${site.url}/counters/main/screen`);
    assert.equal((await visitor.locator('.calls .new').innerText()).trim(), `${number}\t3`);
    await press(clerk, 'button[value="served"]');
    await press(clerk, '#now a[href^="/staff/entry"]');
    await clerk.check('#procedure-dog-registration');
    assert.ok(await clerk.isChecked('#channel-counter'));
    await next(clerk);
    const answers = answersOf(DEFINITIONS.find((one) => one.id === 'dog-registration')), photo = await photograph();
    for (let asked = 0; !clerk.url().endsWith('/check') && asked < 20; asked++) {
        await fillPage(clerk, answers, photo);
        await next(clerk);
    }
    await confirm(clerk);
    await clerk.goto(`${site.url}/staff/counter`);
    assert.match(await clerk.locator('#now').innerText(), /新?犬の登録\s*受付/);
    await press(clerk, 'button[value="done"]');
    assert.match(await clerk.locator('main').innerText(), /対応した人\s*1/);
    assert.deepEqual([...visitor.faults, ...clerk.faults], []);
    await Promise.all([visitor, clerk].map((page) => page.context().close()));
});

it('lets an official ask for something of the house, and follow it by its address', async () => {
    const page = await open(true);
    await signIn(page, 'clerk');
    await page.goto(`${site.url}/staff/entry`);
    await sound(page);
    await press(page, 'a[href="/procedures/telework-request"]');
    const number = await send(page, DEFINITIONS.find((one) => one.id === 'telework-request'));
    const address = await page.locator('a.address').getAttribute('href');
    await page.goto(address);
    await sound(page);
    assert.ok((await page.locator('h1').innerText()).includes(number));
    const stranger = await open(true);
    assert.equal((await stranger.goto(`${site.url}/procedures/telework-request`)).status(), 404);
    await stranger.context().close();

    // the rule has prepared it: a person confirms it from the list, with the keyboard
    const personnel = await open(false);
    await signIn(personnel, 'counter');
    await takePost(personnel, 'general-affairs-personnel-clerk');
    await personnel.goto(`${site.url}/staff`);
    await press(personnel, '.banner a[href="/staff/rules"]');
    await press(personnel, 'a[href="/staff/rules/telework-request/usual"]');
    const line = personnel.locator('li.card', { hasText: number });
    assert.match(await line.innerText(), /全件確認[^]*なし[^]*done[^]*準備した手順：承認する/);
    await line.locator('summary').focus();
    await personnel.keyboard.press('Enter');
    await line.locator('input[type=checkbox]').focus();
    await personnel.keyboard.press('Space');
    await press(personnel, 'form[action$="/confirm"] > p button');
    assert.match(await personnel.locator('#errors').innerText(), /理由や内容/, 'nothing is done');
    await line.locator('input[type=checkbox]').uncheck();
    await press(personnel, 'form[action$="/confirm"] > p button');
    assert.match(await personnel.locator('.banner').first().innerText(), /1件を確認しました/);
    assert.equal(await line.count(), 0);
    await page.reload();
    await sound(page);
    assert.match(await page.locator('.tag').first().innerText(), /承認/);
    await Promise.all([page, personnel].map((one) => one.context().close()));
});

// An account of this post, with a password of its own.
async function appointed(account, post) {
    const page = await open(false, 1280), made = 'correct horse battery staple', own = `${account} draws seven quiet rivers`;
    const done = spawnSync(site.bin, ['user', '--data', site.data, '--posts', post, account], { input: `${made}\n` });
    assert.equal(done.status, 0, String(done.stderr));
    site.passwords[account] = made;
    await signIn(page, account);
    await page.fill('#present', made);
    await page.fill('#wanted', own);
    await press(page, 'form[action="/account/password"] button');
    site.passwords[account] = own;
    await page.context().close();
}

async function decides(account, post, decision) {
    const page = await open(false, 1280);
    await signIn(page, account);
    if (post) await takePost(page, post);
    await page.goto(`${site.url}/step-up?next=${encodeURIComponent(decision)}`);
    await page.fill('#password', site.passwords[account]);
    await press(page, 'form[action="/step-up"] button.wide');
    assert.match(await page.locator('main').innerText(), /前[^]*後[^]*新しい犬の登録/, 'what is changed is seen');
    await press(page, 'button[value="approve"]');
    await page.context().close();
}

// The address of a case that waits for an official: nothing is due for it.
async function chipped() {
    const page = await open(false);
    await page.goto(`${site.url}/procedures/dog-registration`);
    await press(page, 'form[action$="/begin"] button');
    await answerDog(page, { chip: 'yes' });
    await answerOwner(page);
    await press(page, 'main form .actions button');
    return page.locator('a.address').getAttribute('href');
}

async function goesOn(page, address) {
    await press(page, 'main a[href$="/transition"]');
    await page.check('[name="from-1"]');
    await press(page, 'main form[method="get"] .actions button');
    assert.match(await page.locator('#plan').innerText(), /移せるもの[1-9]/);
    assert.match(await page.locator('main').innerText(), /言葉が変わります[^]*「犬種」→「飼い犬の犬種」/);
    await page.fill('#reason', '様式が変わったため');
    await press(page, 'form:has(#reason) button');
    const decision = new URL(page.url()).pathname;
    assert.match(await page.locator('main').innerText(), /問いの言葉が変わる[^]*「犬種」→「飼い犬の犬種」[^]*第1版から第2版/);
    await decides('director', 'general-affairs-head', decision);
    await appointed('owner', 'environment-head');
    await decides('owner', null, decision);
    await decides('head', null, decision);
    const resident = await open(false);
    for (let i = 0, text = ''; !text.includes('第2版（決裁'); i++) {
        assert.ok(i < 50, `the case stays as it is: ${text}`);
        await resident.goto(address);
        text = await resident.locator('main').innerText();
        if (i) await resident.waitForTimeout(100);
    }
    const asked = dt => resident.locator('main dt', {hasText: '犬種'}).allInnerTexts().then(all => all.join());
    assert.doesNotMatch(await asked(), /飼い犬/, 'an answer stands under the words by which it was asked for');
    await resident.goto(`${address}/receipt`);
    assert.doesNotMatch(await resident.locator('main').innerText(), /新しい犬の登録|飼い犬/, 'the receipt is of what was sent');
    await page.reload();
    assert.match(await page.locator('main').innerText(), /件を移しました/, 'the decision says what came of it');
    await resident.context().close();
}

it('lets an official write a version, preview it, and have it decided; residents have it from its day, and running cases by a decision', async () => {
    const page = await open(true, 1280);
    const address = await chipped();
    const today = new Date(Date.now() + 9 * 3600_000).toISOString().slice(0, 10);
    const save = () => press(page, 'form.design > .actions button[value="save"]');
    await signIn(page, 'steward');
    await press(page, 'nav.side a[href="/staff/procedures"]');
    await press(page, 'main a[href="/staff/procedures/dog-registration"]');
    await press(page, 'button[value="begin"]');
    await page.fill('[name="effective.from"]', today);
    await page.fill('[name="label.ja"]', '新しい犬の登録');
    const days = await page.locator('[name="fee.asOf"] option:not([value=""])').allInnerTexts();
    assert.deepEqual(days, ['申請日', '処分日（決定する日）', '生まれた日', '飼い始めた日'], 'the days that a fee may be of');
    await save();
    await press(page, 'section a:has-text("犬について")');
    await press(page, 'section a:has-text("犬種")');
    await page.fill('[name="label.ja"]', '飼い犬の犬種');
    await press(page, 'button[value^="add "][value$=".options"]');
    await page.fill('#id', 'akita');
    for (const [language, text] of [['ja', '秋田犬'], ['en', 'Akita'], ['easy', '秋田犬']]) await page.fill(`[name="label.${language}"]`, text);
    await save();
    assert.match(await page.locator('.banner.warn').innerText(), /犬種 › 秋田犬: [^]*読みがな/, 'what is wrong is told where it is mended');
    await page.fill('[name="label.easy"]', '秋田犬（あきたいぬ）');
    await save();
    await page.goto(`${site.url}/staff/procedures/dog-registration`);
    assert.match(await page.locator('#findings').innerText(), /このまま起案できます[^]*期待どおり/);
    await press(page, '#findings .actions a[href$="/preview/-"]');
    assert.match(await page.locator('main').innerText(), /プレビュー[^]*秋田犬/);
    await page.goto(`${site.url}/staff/procedures/dog-registration`);
    await press(page, 'button[value="propose"]');
    const decision = new URL(page.url()).pathname;
    await decides('director', 'general-affairs-head', decision);
    await decides('head', null, decision);
    const resident = await open(true);
    await resident.goto(`${site.url}/procedures`);
    await press(resident, 'a:has-text("新しい犬の登録")');
    await press(resident, 'form[action$="/begin"] button');
    assert.match(await resident.locator('main').innerText(), /秋田犬/);
    await page.goto(`${site.url}/staff/procedures/dog-registration`);
    assert.match(await page.locator('main').innerText(), /第2版 受付中の版[^]*決裁を見る[^]*第1版/);
    await goesOn(page, address);
    await Promise.all([page, resident].map((one) => one.context().close()));
});

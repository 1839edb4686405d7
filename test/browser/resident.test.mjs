// What a resident's browser is answered when something goes another way: asked by plain requests, with cookies kept by hand.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { city } from './city.mjs';

let site;
before(async () => { site = await city(); });
after(async () => { assert.equal(await site.close(), 0, site.log()); });

// A browser that follows no redirect: get and post answer {status, text, to}.
function visitor(language = 'ja') {
    const cookies = new Map();
    let csrf = '';
    async function ask(path, options = {}) {
        const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const answer = await fetch(site.url + path, {
            redirect: 'manual', ...options,
            headers: { accept: 'text/html', 'accept-language': language, cookie: jar, ...options.headers },
        });
        for (const line of answer.headers.getSetCookie()) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
            cookies.set(name, value);
        }
        const text = await answer.text();
        csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? csrf;
        return { status: answer.status, text, to: answer.headers.get('location'), type: answer.headers.get('content-type') };
    }
    return {
        get: (path) => ask(path),
        post: (path, fields) => ask(path, { method: 'POST', body: new URLSearchParams({ csrf, ...fields }) }),
        forget: () => cookies.clear(),
    };
}

async function address(one, postcode) {
    const { text } = await one.post('/bulky/district', { postcode, action: 'lookup', street: '1-2-3' });
    const town = /name="town"[^>]*value="([^"]+)"/.exec(text)?.[1] ?? '';
    assert.equal((await one.post('/bulky/district', { postcode, town, action: 'next', street: '1-2-3' })).to, '/bulky/items');
}

const firstFree = (text) => [...text.matchAll(/<input[^>]*name="slot"[^>]*>/g)].map((m) => m[0])
    .find((input) => !input.includes('disabled')).match(/value="([^"]+)"/)[1];

async function hold(one, postcode = '999-0001') {
    await one.get('/bulky');
    await one.post('/bulky/start', {});
    await address(one, postcode);
    const item = /name="add" value="([^"]+)"/.exec((await one.get('/bulky/items?q=sofa')).text)[1];
    await one.post('/bulky/items', { add: item });
    await one.post('/bulky/items', { action: 'next' });
    const slot = firstFree((await one.get('/bulky/slot')).text);
    return { slot, answer: await one.post('/bulky/slot', { slot }) };
}

it('gives the held day back when the address moves to another district', async () => {
    const one = visitor(), left = (text) => text.match(/class="tag ok">[^<]+/)[0];
    const { slot, answer } = await hold(one);
    assert.equal(answer.to, '/bulky/contact');
    const before = left((await one.get('/bulky/slot')).text);
    await address(one, new Date(slot).getUTCDay() === 2 ? '999-0021' : '999-0038'); // collected on the same day of the week
    const page = (await one.get('/bulky/slot')).text;
    assert.ok(!/name="slot"[^>]* checked/.test(page), 'no day is chosen in the new district');
    assert.equal((await one.get('/bulky/contact')).to, '/bulky/slot', 'the day is asked for again');
    await address(one, '999-0001');
    assert.equal(left((await one.get('/bulky/slot')).text), before, 'nothing stays held in the old district');
});

async function apply(one) {
    await hold(one);
    await one.post('/bulky/contact', { name: '試験 太郎', kana: 'しけん たろう', phone: '0999-00-1234' });
    await one.post('/bulky/reduction', { reduction: 'none' });
    await one.post('/bulky/optout', { optout: 'no' });
    await one.get('/bulky/check');
    const { to } = await one.post('/bulky/check', {});
    assert.match(to, /^\/c\/[^/]+\/receipt$/);
    return to.replace('/receipt', '');
}

it('draws a form that is too long as a page, in the language of the reader', async () => {
    for (const [language, words] of [['ja', /入力が長すぎます/], ['en', /The input is too long/]]) {
        const one = visitor(language);
        await one.get(`/bulky?lang=${language}`);
        const answer = await one.post('/bulky/contact', { name: '長'.repeat(10_000) });
        assert.equal(answer.status, 413);
        assert.match(answer.type, /^text\/html/);
        assert.match(answer.text, words);
        assert.match(answer.text, /href="\/bulky"/);
    }
});

it('leads somebody whose cookie is gone back to the beginning', async () => {
    const one = visitor();
    await hold(one);
    one.forget();
    const answer = await one.post('/bulky/contact', { name: '試験 太郎' });
    assert.equal(answer.status, 403);
    assert.match(answer.text, /<h1>画面を開いてから時間がたちました/);
    assert.match(answer.text, /<a class="btn wide" href="\/bulky">/);
});

it('calls a conflict a conflict, and links to the newest state', async () => {
    const one = visitor(), path = await apply(one);
    await one.get(`${path}/cancel`);
    assert.equal((await one.post(`${path}/cancel`, {})).status, 303);
    const answer = await one.post(`${path}/cancel`, {});
    assert.equal(answer.status, 409);
    assert.match(answer.text, /<h1>ほかの操作と重なりました/);
    const again = /<a class="btn wide" href="([^"]+)">/.exec(answer.text)[1];
    assert.equal((await one.get(again)).to, path, 'what can be done no more leads to the case');
    assert.ok(!answer.text.includes('422'));
});

it('refuses letters and hidden characters in names, naming the field, and turns kana into katakana', async () => {
    const one = visitor(), good = { name: '試験 太郎', kana: 'ﾃｽﾄ たろう', phone: '0999-00-1234' };
    await hold(one);
    for (const [field, value] of [['kana', 'ABC'], ['kana', 'てすと\u202e'], ['name', '太郎\u202e次郎'], ['name', '太\u0007郎'], ['name', '\u2066太郎']]) {
        const answer = await one.post('/bulky/contact', { ...good, [field]: value });
        assert.equal(answer.status, 422, JSON.stringify(value));
        assert.ok(answer.text.includes(`href="#${field}"`), `${JSON.stringify(value)}: the field is named`);
    }
    assert.equal((await one.post('/bulky/contact', good)).to, '/bulky/reduction');
    await one.post('/bulky/reduction', { reduction: 'none' });
    await one.post('/bulky/optout', { optout: 'no' });
    assert.ok((await one.get('/bulky/check')).text.includes('テスト タロウ'));
});

it('offers officials their desk in the place of the page of residents', async () => {
    const one = visitor();
    await one.get('/sign-in');
    assert.ok((await one.get('/')).text.includes('href="/my"'));
    await one.get('/sign-in');
    assert.equal((await one.post('/sign-in', { account: 'clerk', password: site.passwords.clerk })).status, 303);
    const { text } = await one.get('/');
    assert.ok(text.includes('href="/staff"') && !text.includes('href="/my"'), 'the desk, and no page that answers 403');
});

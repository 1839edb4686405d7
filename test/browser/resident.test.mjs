// What a resident's browser is answered when something goes another way: asked by plain requests, with cookies kept by hand.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { chromium } from 'playwright-core';
import { city } from './city.mjs';
import * as keys from './keys.mjs';
import { mailbox } from './mailbox.mjs';
import { outsides, person, signed } from './outside.mjs';
import { CHROMIUM, ROOT } from './preview.mjs';

let site, folder, others, slow, post, till;
// The provider of payments to try with; what it would tell by itself is lost, so it is asked when somebody comes back.
async function paying() {
    const key = join(folder, 'pay.key');
    await writeFile(key, '0123456789abcdef0123456789abcdef', { mode: 0o600 });
    const child = spawn('python3', [join(ROOT, 'tool/pay-sandbox.py'), '--key', key, '--city', 'http://127.0.0.1:1', '--listen', '127.0.0.1:0',
        '--knobs', '{"lost": true}'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(child.stdout, 'data');
    return { child, flags: ['--pay.provider', 'sandbox', '--pay.url', String(said).trim(), '--pay.key', key, '--pay.every', '200ms'] };
}

before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'machi-outside-'));
    others = await outsides(folder);
    post = await mailbox();
    till = await paying();
    site = await city(['--starter', '--gate.providers', others.file, '--mail.url', post.url, '--mail.from', 'tetsuzuki@city.example.jp',
        '--mail.retry', '100ms', '--mail.patience', '1s', ...till.flags]);
    others.begin(site.url);
    slow = hanging(); // takes its time beside the others
});
after(async () => {
    const code = await site.close();
    till.child.kill();
    await others.close();
    await post.close();
    await rm(folder, { recursive: true });
    assert.equal(code, 0, site.log());
});

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
        const refresh = /^0; url=(.*)$/.exec(answer.headers.get('refresh') ?? '')?.[1];
        return { status: answer.status, text, to: answer.headers.get('location'), type: answer.headers.get('content-type'), refresh };
    }
    return {
        get: (path) => ask(path),
        post: (path, fields) => ask(path, { method: 'POST', body: new URLSearchParams({ csrf, ...fields }) }),
        forget: () => cookies.clear(),
    };
}

let homes = 0; // each applies from a home of its own: a household may so often for one day

async function address(one, postcode, building = `${++homes}号室`) {
    const { text } = await one.post('/bulky/district', { postcode, action: 'lookup', street: '1-2-3' });
    const town = /name="town"[^>]*value="([^"]+)"/.exec(text)?.[1] ?? '';
    assert.equal((await one.post('/bulky/district', { postcode, town, action: 'next', street: '1-2-3', building })).to, '/bulky/items');
}

const firstFree = (text) => [...text.matchAll(/<input[^>]*name="slot"[^>]*>/g)].map((m) => m[0])
    .find((input) => !input.includes('disabled')).match(/value="([^"]+)"/)[1];

async function hold(one, postcode = '999-0001', building = undefined) {
    await one.get('/bulky');
    await one.post('/bulky/start', {});
    await address(one, postcode, building);
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

async function answer(one, building) {
    await hold(one, undefined, building);
    await one.post('/bulky/contact', { name: '試験 太郎', kana: 'しけん たろう', phone: '0999-00-1234' });
    await one.post('/bulky/reduction', { reduction: 'none' });
    await one.post('/bulky/optout', { optout: 'no' });
}

async function apply(one, building) {
    await answer(one, building);
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

it('takes so many applications of a household for a day, and says when one more is sent, where it can be mended', async () => {
    const home = '上限の家';
    for (let i = 0; i < 2; i++) await apply(visitor(), home);
    const third = visitor();
    await answer(third, home);
    for (const page of ['slot', 'check']) // who has none of them learns it by sending alone
        assert.doesNotMatch((await third.get(`/bulky/${page}`)).text, /同じご家庭からの申込み/);
    const refused = await third.post('/bulky/check', {});
    assert.equal(refused.status, 409);
    assert.match(refused.text, /同じご家庭からの申込みがすでに上限/);
    for (const page of ['slot', 'district', 'contact']) {
        assert.ok(refused.text.includes(`href="/bulky/${page}"`), page);
        assert.equal((await third.get(`/bulky/${page}`)).status, 200, page);
    }
    await third.post('/bulky/contact', { name: '別 家子', kana: 'べつ いえこ', phone: '0999-00-1234' });
    assert.match((await third.post('/bulky/check', {})).to, /receipt$/);
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

// ---- coming in by an outside provider ----

const machi = (command, ...words) => execFileSync(site.bin, [command, '--data', site.data, ...words], { encoding: 'utf8' });
const here = (url) => url.slice(site.url.length);
const rows = (text) => text.match(/action="\/account\/outside\/end"/g)?.length ?? 0;

async function signIn(one, account) {
    await one.get('/sign-in');
    assert.equal((await one.post('/sign-in', { account, password: site.passwords[account], next: '/account' })).to, '/account');
    await one.get('/account');
}

// To a provider by the button of a page; the address there.
async function leave(one, provider, path = '/sign-in/outside', next = '/account') {
    await one.get(path === '/sign-in/outside' ? '/sign-in' : '/account');
    const answer = await one.post(path, { provider, next });
    assert.equal(answer.status, 200, answer.text);
    assert.ok(answer.text.includes(`href="${answer.refresh.replaceAll('&', '&amp;')}"`), 'a link beside the refresh');
    return answer.refresh;
}

async function come(one, login, { go = person(), path, next } = {}) {
    const { back, asked } = await go(await leave(one, 'real', path, next), login);
    assert.ok(back.startsWith(`${site.url}/sign-in/outside/real?`), back);
    return { answer: await one.get(here(back)), asked, back };
}

// One whose provider never answers.
async function hanging() {
    const { liar } = others, one = visitor(), asked = new URL(await leave(one, 'liar')).searchParams;
    liar.lie = { hang: 'token' };
    const answer = one.get(`/sign-in/outside/liar?${new URLSearchParams({ code: 'c', state: asked.get('state'), iss: liar.issuer })}`);
    while (!liar.asked.token) await new Promise((resolve) => setTimeout(resolve, 10));
    liar.lie = {};
    return answer;
}

it('keeps what somebody without any case chose, and begins the question of his next application with it', async () => {
    const one = visitor(), said = (text, value) => new RegExp(`<input[^>]*value="${value}"[^>]* checked`).test(text);
    assert.equal((await come(one, 'mikan', { next: '/my' })).answer.to, '/my');
    await one.get('/my');
    assert.equal((await one.post('/my/consents', {})).to, '/my');
    assert.doesNotMatch((await one.get('/my')).text, /<input[^>]*id="consent-open"[^>]* checked/);
    await hold(one);
    await one.post('/bulky/contact', { name: '試験 太郎', kana: 'しけん たろう', phone: '0999-00-1234' });
    await one.post('/bulky/reduction', { reduction: 'none' });
    const page = (await one.get('/bulky/optout')).text;
    assert.ok(said(page, 'yes') && !said(page, 'no'));
    assert.equal((await one.get('/bulky/check')).to, '/bulky/optout', 'it is asked all the same');
    await one.get('/my');
    await one.post('/my/consents', { open: 'yes' });
    assert.match((await one.get('/my')).text, /<input[^>]*id="consent-open"[^>]* checked/);
    assert.ok(said((await one.get('/bulky/optout')).text, 'no'));
});

it('makes an account by a real provider, finds it again, confirms by it, and never lets go of the last way in', async () => {
    const one = visitor(), again = visitor(), go = person();
    assert.match((await one.get('/sign-in')).text, /見本IDでサインインする/);
    assert.equal((await come(one, 'hana', { go, next: '/my' })).answer.to, '/my');
    const { text } = await one.get('/account');
    assert.match(text, /見本IDでサインイン</);
    assert.match(machi('user', '--list'), /見本 hana/, 'the name that the provider told');
    assert.equal(rows(text), 1);
    assert.equal((await come(again, 'hana')).answer.to, '/account');
    assert.match((await again.get('/account')).text, /ほかのすべてのサインインを終了する/, 'the same account: two sign-ins');

    const refused = await one.post('/account/outside/end', { id: 'x' });
    assert.match(refused.to, /^\/step-up\?/);
    const { answer, asked } = await come(one, 'hana', { go, path: '/step-up/outside' });
    assert.deepEqual([answer.to, asked], ['/account', ['login']], 'asked anew, though signed in there');
    const id = /name="id" value="([^"]+)"><button class="btn danger small">連携を外す/.exec((await one.get('/account')).text)[1];
    const last = await one.post('/account/outside/end', { id });
    assert.equal(last.status, 422);
    assert.match(last.text, /サインインする方法がなくなります/);

    const login = /^(\S+) .*見本 hana/m.exec(machi('user', '--list'))[1];
    assert.match(machi('erase', '--subject', login, '--as', 'chief', '--reason', '試験', '--files', '常用/利用者アカウント', '--yes'), /erased/);
    assert.equal((await one.get('/my')).status, 303, 'the erased account is signed out');
    await come(again, 'hana');
    assert.equal(rows((await again.get('/account')).text), 1, 'and who it was gets another one');
    machi('user', '--disable', /^(\S+) .*見本 hana/m.exec(machi('user', '--list'))[1]);
    assert.match((await come(again, 'hana')).answer.text, /このアカウントは使えません/);
});

it('links a provider to an account that has confirmed who it is, and unlinks it', async () => {
    const one = visitor(), other = visitor(), third = visitor();
    await signIn(one, 'resident-1');
    assert.match((await one.post('/account/outside', { provider: 'real' })).to, /^\/step-up\?/);
    assert.equal((await one.post('/step-up', { password: site.passwords['resident-1'], next: '/account' })).to, '/account');
    assert.equal((await come(one, 'taro', { path: '/account/outside' })).answer.to, '/account');
    assert.equal(rows((await one.get('/account')).text), 1);
    await come(other, 'taro');
    assert.match((await other.get('/account')).text, /見本IDでサインイン<.*ほかのすべてのサインインを終了する/s, 'the same account');

    await come(third, 'jiro');
    const wrong = await come(other, 'jiro', { path: '/step-up/outside' });
    assert.equal(wrong.answer.status, 422);
    assert.match(wrong.answer.text, /このアカウントに連携していません/);
    const known = await come(one, 'jiro', { path: '/account/outside' });
    assert.equal(known.answer.status, 422);
    assert.match(known.answer.text, /別のアカウントに連携しています/);

    const id = /name="id" value="([^"]+)"><button class="btn danger small">連携を外す/.exec((await one.get('/account')).text)[1];
    assert.equal((await one.post('/account/outside/end', { id })).to, '/account');
    assert.equal(rows((await one.get('/account')).text), 0);
    const anew = visitor();
    await come(anew, 'taro');
    assert.doesNotMatch((await anew.get('/account')).text, /ほかのすべてのサインインを終了する/, 'it is nobody\'s any more: another account');
});

it('takes a sign-in of its own browser, once, and not from who stops', async () => {
    const one = visitor(), stranger = visitor();
    const stopped = await come(one, null);
    assert.equal(stopped.answer.status, 422);
    assert.match(stopped.answer.text, /取りやめました/);
    const { back } = await person()(await leave(one, 'real'), 'saburo');
    await stranger.get('/sign-in');
    const foreign = await stranger.get(here(back));
    assert.match(foreign.text, /別のブラウザーで始めた/);
    assert.equal((await stranger.get('/my')).status, 303, 'and nobody is signed in');
    const changed = await one.get(here(back).replace('state=s.', 'state=l.'));
    assert.equal(changed.status, 422, 'begun as something else');
    assert.equal((await one.get(here(back))).to, '/account');
    const twice = await one.get(here(back));
    assert.match(twice.text, /すでに使われています/);
    assert.equal((await one.get('/sign-in/outside/real?code=1&state=s.AAAA')).status, 422);
    assert.equal((await one.get('/sign-in/outside/nobody?code=1&state=s.AAAA')).status, 404);
    for (const next of ['https://elsewhere.example/', '//elsewhere.example/', '/\\elsewhere.example'])
        assert.match((await come(visitor(), 'saburo', { next })).answer.to, /^\/(my)?$/, 'no way leads elsewhere');
});

it('takes nothing of a provider that lies', async () => {
    const { liar } = others, { keys } = liar;
    const day = 86_400, now = () => Math.floor(Date.now() / 1000), secret = '確かめられなかった';
    const lies = {
        'another nonce': [{ claims: { nonce: 'x' } }, secret], 'no nonce': [{ claims: { nonce: undefined } }, secret],
        'for another': [{ claims: { aud: 'else' } }, secret], 'for several, and no azp': [{ claims: { aud: ['machi', 'else'] } }, secret],
        'of another azp': [{ claims: { azp: 'else' } }, secret], 'of another issuer': [{ claims: { iss: 'https://id.example' } }, secret],
        'expired': [{ claims: { exp: now() - day } }, secret], 'of tomorrow': [{ claims: { iat: now() + day } }, secret], 'of yesterday': [{ claims: { iat: now() - day } }, secret],
        'no times': [{ claims: { exp: undefined, iat: undefined } }, secret], 'another access token': [{ claims: { at_hash: 'AAAA' } }, secret],
        'shown less': [{ claims: { acr: 'password' } }, secret], 'nobody': [{ claims: { sub: '' } }, secret],
        'not signed': [{ header: { alg: 'none' } }, secret], 'signed by what is public': [{ header: { alg: 'HS256' } }, secret],
        'another key of that name': [{ key: keys.other.privateKey }, secret], 'a key that nobody knows': [{ header: { kid: 'two' }, key: keys.other.privateKey }, secret],
        'another algorithm of the key': [{ header: { alg: 'ES256' }, key: (await import('node:crypto')).generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }, secret],
        'what must be understood': [{ header: { crit: ['x'], x: 1 } }, secret], 'no token': [{ token: '' }, secret], 'a broken token': [{ token: 'a.b.c' }, secret],
        'a code that was taken': [{ status: 400 }, '受け付けませんでした'], 'broken': [{ status: 500 }, '応答しません'],
    };
    for (const [what, [lie, said]] of Object.entries(lies)) {
        const one = visitor(), asked = new URL(await leave(one, 'liar')).searchParams;
        assert.equal(asked.get('code_challenge_method'), 'S256');
        Object.assign(liar, { nonce: asked.get('nonce'), lie });
        const answer = await one.get(`/sign-in/outside/liar?${new URLSearchParams({ code: 'c', state: asked.get('state'), iss: liar.issuer })}`);
        assert.equal(answer.status, said === '応答しません' ? 503 : 422, what);
        assert.ok(answer.text.includes(said), `${what}: ${answer.text}`);
        assert.equal((await one.get('/my')).status, 303, `${what}: signed in`);
        liar.lie = {};
    }
    assert.ok(liar.asked.keys <= 2, `keys were asked for ${liar.asked.keys} times: what is unknown is looked up once a minute`);
});

it('believes a provider that stops lying, names itself, and changes its keys', async () => {
    const { liar } = others, one = visitor();
    const brought = async (more, change = {}) => {
        const asked = new URL(await leave(one, 'liar')).searchParams;
        Object.assign(liar, { nonce: asked.get('nonce'), ...change });
        return one.get(`/sign-in/outside/liar?${new URLSearchParams({ code: 'c', state: asked.get('state'), ...more })}`);
    };
    assert.equal((await brought({})).status, 422, 'without its name, though it says that it tells it (RFC 9207)');
    assert.equal((await brought({ iss: 'https://id.example' })).status, 422);
    assert.equal((await brought({ iss: liar.issuer }, { lie: { claims: { aud: ['machi'], azp: 'machi' } } })).to, '/account');
    assert.match((await one.get('/account')).text, /うそつきIDでサインイン/);
    assert.equal((await slow).status, 503);
    const gone = visitor();
    await gone.get('/sign-in');
    const silent = await gone.post('/sign-in/outside', { provider: 'gone' });
    assert.equal(silent.status, 503);
    assert.match(silent.text, /応答しません/);
    assert.match(site.log(), /a sign-in by liar was refused \(outside-/);
    assert.doesNotMatch(site.log(), /somebody|hana|taro/, 'no log says who');
});

it('ends the sessions that have ended at a provider, and believes nobody else', async () => {
    const go = person(), [one, again, elsewhere, other, by] = Array.from({ length: 5 }, () => visitor());
    for (const each of [one, again]) await come(each, 'aki', { go }); // two browsers here, one session there
    await come(elsewhere, 'aki');
    await come(other, 'mio');
    const { status } = await go.out(others.issuer);
    assert.ok(status < 400, `the provider answers ${status}`);
    for (const [each, left] of [[one, false], [again, false], [elsewhere, true], [other, true]])
        assert.equal((await each.get('/account')).status, left ? 200 : 303);

    const { liar } = others, now = Math.floor(Date.now() / 1000), asked = new URL(await leave(by, 'liar')).searchParams;
    Object.assign(liar, { nonce: asked.get('nonce'), lie: { claims: { sid: 'there' } } });
    assert.equal((await by.get(`/sign-in/outside/liar?${new URLSearchParams({ code: 'c', state: asked.get('state'), iss: liar.issuer })}`)).to, '/account');
    const good = { iss: liar.issuer, aud: 'machi', iat: now, exp: now + 120, jti: 'one', sid: 'there', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } };
    const say = async (claims, header = {}, key = liar.keys.first.privateKey, provider = 'liar') => {
        const answer = await fetch(`${site.url}/sign-in/outside/${provider}/logout`, { method: 'POST',
            body: new URLSearchParams({ logout_token: signed({ alg: 'RS256', kid: 'one', typ: 'logout+jwt', ...header }, { ...good, ...claims }, key) }) });
        assert.equal(answer.headers.get('cache-control'), 'no-store');
        return answer.status;
    };
    assert.equal(await say({ sid: 'another', jti: 'none' }), 200, 'of which there is no session here');
    const lies = [[{ nonce: 'x' }], [{ aud: 'else' }], [{ iss: others.issuer }], [{ events: {} }], [{ jti: undefined }], [{ sid: undefined }], [{ exp: now - 120 }], [{ iat: now + 120 }],
        [{}, { typ: 'JWT' }], [{}, { alg: 'none' }], [{}, { alg: 'HS256' }], [{}, {}, liar.keys.other.privateKey], [{}, {}, undefined, 'real'], [{}, {}, undefined, 'nobody']];
    for (const lie of lies) assert.equal(await say(...lie), 400, JSON.stringify(lie[0]));
    assert.equal((await by.get('/account')).status, 200);
    assert.equal(await say({}), 200);
    assert.equal((await by.get('/account')).status, 303);
    assert.equal(await say({}), 400, 'once');
    liar.lie = {};
});

it('leads a browser without scripts to a provider and back', async () => {
    const browser = await chromium.launch(CHROMIUM);
    const page = await (await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'ja-JP', javaScriptEnabled: false })).newPage();
    await page.goto(`${site.url}/sign-in?next=/account`);
    await page.locator('button', { hasText: '見本IDでサインインする' }).click();
    await page.waitForURL(`${others.issuer}/interaction/**`);
    await page.fill('[name=login]', 'yuki');
    await page.fill('[name=password]', 'any');
    await page.locator('button[type=submit]').click();
    await page.locator('button[type=submit]').click(); // that the city may know it
    await page.waitForURL(`${site.url}/account`);
    assert.equal(await page.getByText('見本IDでサインイン').count(), 1);
    await browser.close();
});

// ---- notices by mail ----

// Signed in, told at an address from now on.
async function told(account, mail) {
    const one = visitor();
    await signIn(one, account);
    assert.match((await one.post('/account/mail', { mail })).to, /^\/step-up\?/, 'whoever changes it confirms first who he is');
    await one.get('/step-up');
    assert.equal((await one.post('/step-up', { password: site.passwords[account], next: '/account' })).to, '/account');
    assert.match((await one.post('/account/mail', { mail })).text, /確認コードを送りました/);
    const { text } = await post.wait(mail), code = /Code: (\d{8})/.exec(text)[1];
    assert.equal((await one.post('/account/mail/confirm', { mail, mail_code: code })).to, '/account');
    return { one, code };
}

// The clerk confirms a case that somebody has just asked for: another state, which is news. Its receipt number.
async function news(one, clerk) {
    const path = await apply(one), number = /\d{4}-\d{6}/.exec((await one.get(path)).text)[0];
    const version = /name="version" value="(\d+)"/.exec((await clerk.get(`/staff/cases/${number}`)).text)[1];
    assert.equal((await clerk.post(`/staff/cases/${number}/confirm`, { version })).status, 303);
    await one.get('/account');
    return number;
}

it('tells by mail that there is news, where somebody agreed to it, and stops at one click', async () => {
    const mail = 'hanako@example.jp', clerk = visitor(), stranger = visitor();
    await signIn(clerk, 'clerk');
    const one = visitor();
    await signIn(one, 'resident-1');
    await one.get('/step-up');
    await one.post('/step-up', { password: site.passwords['resident-1'], next: '/account' });
    for (const bad of ['', 'hanako', 'a@b@c', 'a@-b.jp', 'a b@example.jp', 'a@example.jp\r\nBcc: b@example.jp', `${'a'.repeat(250)}@example.jp`]) {
        const answer = await one.post('/account/mail', { mail: bad });
        assert.equal(answer.status, 422, JSON.stringify(bad));
        assert.match(answer.text, /id="mail-error"/);
    }
    assert.match((await one.post('/account/mail', { mail })).text, /確認コードを送りました/);
    const sent = await post.wait(mail), code = /Code: (\d{8})/.exec(sent.text)[1];
    assert.match(sent.headers.subject, /まち市の確認コード/);
    const wrong = await one.post('/account/mail/confirm', { mail, mail_code: String((Number(code) + 1) % 1e8).padStart(8, '0') });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /確認コードが違うか/);
    assert.equal((await one.post('/account/mail/confirm', { mail: 'other@example.jp', mail_code: code })).status, 422, 'of another address');
    assert.equal((await one.post('/account/mail/confirm', { mail, mail_code: code })).to, '/account');
    assert.match((await one.get('/account')).text, /hanako@example\.jp<br><small>電子的な通知に同意/);
    assert.equal((await one.post('/account/mail/confirm', { mail, mail_code: code })).status, 422, 'a code holds once');

    const number = await news(one, clerk), told = await post.wait(mail, 2);
    assert.match(told.headers.from, /^まち市 <tetsuzuki@city\.example\.jp>$/);
    assert.match(told.headers.subject, /^まち市からのお知らせ \/ News from /);
    assert.match(told.headers['message-id'], /^<[0-9a-z]{26}@city\.example\.jp>$/);
    assert.ok(told.text.includes(`${site.url}/my\r\n`), told.text);
    assert.ok(!told.raw.includes(number) && !told.text.includes(number) && !/試験|太郎|粗大|\/c\//.test(told.text), 'nothing of the case');
    assert.ok(told.raw.split('\r\n').every((line) => line.length <= 998 && /^[\x20-\x7e\t]*$/.test(line)), 'short lines of ASCII');

    const stop = here(/^<(.*)>$/.exec(told.headers['list-unsubscribe'])[1]);
    assert.match((await stranger.get(stop)).text, /<button class="btn danger wide">メールでの知らせを止める/);
    assert.equal((await stranger.post(`${stop}x`, {})).status, 403);
    assert.match((await one.get('/account')).text, /hanako@example\.jp/, 'looking at the page stops nothing');
    assert.match((await stranger.post(stop, { 'List-Unsubscribe': 'One-Click' })).text, /止めました/);
    await news(one, clerk);
    assert.doesNotMatch((await one.get('/account')).text, /hanako@example\.jp/);
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(post.letters.filter(({ to }) => to === mail).length, 2, 'nothing after it was stopped');
});

it('tells the owner by mail that the way by which he signs in was changed, whoever did it', async () => {
    const mail = 'nadia@example.jp', own = 'teapot walks at dawn', other = 'lanterns over quiet snow';
    const drawn = machi('user', 'nadia', '--kind', 'resident', '--draw').match(/\b[0-9a-z]{20}\b/)[0];
    const fresh = visitor();
    await fresh.get('/sign-in');
    await fresh.post('/sign-in', { account: 'nadia', password: drawn });
    await fresh.get('/account/password');
    assert.equal((await fresh.post('/account/password', { present: drawn, wanted: own })).status, 303);
    site.passwords.nadia = own;
    const { one } = await told('nadia', mail);
    await one.get('/account/password');
    assert.equal((await one.post('/account/password', { present: own, wanted: other })).status, 303);
    const changed = await post.wait(mail, 2);
    assert.match(changed.headers.subject, /サインインの方法が変わりました \/ How you sign in/);
    assert.ok(changed.text.includes(`${site.url}/account\r\n`) && changed.text.includes('0999-00-0000'), changed.text);
    assert.ok(!/nadia|teapot/.test(changed.text), 'nobody is named');
    machi('user', 'nadia', '--password', '--draw'); // by the operator
    assert.match((await post.wait(mail, 3)).headers.subject, /サインインの方法/);
    const desk = visitor();
    await signIn(desk, 'counter');
    await desk.get('/step-up');
    assert.equal((await desk.post('/step-up', { password: site.passwords.counter, next: '/staff/identity' })).to, '/staff/identity');
    await desk.get('/staff/identity');
    const { text } = await desk.post('/staff/identity/find', { find: 'nadia' });
    const owner = /name="account" value="([^"]+)"/.exec(text)[1];
    const paper = await desk.post('/staff/identity/recover', { account: owner, document: 'passport', seen: 'yes' });
    const code = /<p class="code">([^<]+)/.exec(paper.text)[1];
    const issued = await post.wait(mail, 4);
    assert.match(issued.headers.subject, /コードを窓口で渡しました/, 'when the code is issued');
    assert.match(issued.text, /令和\d+年\d+月\d+日 \d\d:\d\dまで使えます[^]*0999-00-0000[^]*\/my\r\n/);
    const again = visitor();
    await again.get('/sign-in/code');
    assert.equal((await again.post('/sign-in/code', { paper_code: code })).to, '/sign-in/new');
    await again.get('/sign-in/new');
    assert.equal((await again.post('/sign-in/new/password', { wanted: own })).to, '/my');
    assert.match((await post.wait(mail, 5)).headers.subject, /サインインの方法/, 'and when it was used');
});

it('tells the address that was told before when another is given, or none', async () => {
    const first = 'first@example.jp', second = 'second@example.jp', { one } = await told('resident-1', first);
    await one.post('/account/mail', { mail: second });
    const code = /Code: (\d{8})/.exec((await post.wait(second)).text)[1];
    assert.equal((await one.post('/account/mail/confirm', { mail: second, mail_code: code })).to, '/account');
    const letter = await post.wait(first, 2);
    assert.match(letter.headers.subject, /お知らせの宛先が変わりました/);
    assert.ok(letter.text.includes('0999-00-0000') && !letter.text.includes('second'), letter.text);
    const other = visitor();
    await signIn(other, 'resident-1');
    assert.match((await other.post('/account/mail/end', {})).to, /^\/step-up\?/);
    assert.match((await other.get('/account')).text, /second@example\.jp/, 'and it stays');
    assert.equal((await one.post('/account/mail/end', {})).to, '/account');
    assert.match((await post.wait(second, 2)).headers.subject, /お知らせの宛先が変わりました/);
});

it('tries again what is not taken now, gives up what is refused, and forgets nothing that is cut off', async () => {
    const clerk = visitor(), mail = 'taro@example.jp', { one } = await told('resident-2', mail);
    await signIn(clerk, 'clerk');
    post.refuse[mail] = 451;
    const before = post.tried[mail];
    await news(one, clerk);
    while (post.tried[mail] < before + 2) await new Promise((resolve) => setTimeout(resolve, 20));
    delete post.refuse[mail];
    post.hang[mail] = true; // then the server says nothing at all
    const silent = post.tried[mail];
    while (post.tried[mail] === silent) await new Promise((resolve) => setTimeout(resolve, 20));
    delete post.hang[mail];
    assert.match((await post.wait(mail, 2)).headers.subject, /お知らせ/);

    post.holds = true;
    await news(one, clerk);
    const first = await post.wait(mail, 3);
    await site.kill(); // it was taken, and machi has not heard so
    post.holds = false;
    await site.again();
    const second = await post.wait(mail, 4);
    assert.equal(second.headers['message-id'], first.headers['message-id']);
    await signIn(one, 'resident-2');
    await signIn(clerk, 'clerk');

    post.refuse[mail] = 550;
    const refused = post.tried[mail];
    await news(one, clerk);
    while (post.tried[mail] === refused) await new Promise((resolve) => setTimeout(resolve, 20));
    for (let i = 0; i < 200 && !/受け付けられませんでした/.test((await one.get('/account')).text); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match((await one.get('/account')).text, /受け付けられませんでした/);
    await news(one, clerk);
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(post.tried[mail], refused + 1, 'and is tried no more');
    assert.match(site.log(), /an address was refused for good/);
    const operator = visitor();
    await operator.get('/sign-in');
    await operator.post('/sign-in', { account: 'operator', password: site.passwords.operator });
    assert.match((await operator.get('/operate')).text, /送信を待つメール[\s\S]{0,300}?>0</, 'nothing waits');
    assert.match((await operator.get('/operate')).text, /断られた宛先[\s\S]{0,300}?>1</, 'the operator sees that one was');
    assert.doesNotMatch(site.log(), /example\.jp/, 'no log holds an address');
});

async function pays(browser) {
    const page = await (await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'ja-JP', javaScriptEnabled: false })).newPage();
    await page.goto(`${site.url}/procedures/dog-registration`);
    await keys.apply(page, 'dog-registration');
    await keys.press(page, 'a.address');
    const fee = page.locator('#payment');
    assert.match(await fee.innerText(), /未納[^]*3,000円/);
    await keys.press(page, '#payment button');
    assert.ok(page.url().startsWith(till.flags[3]), page.url());
    await keys.press(page, 'button[value="pay"]');
    for (let n = 0; n < 50 && !/納付済/.test(await fee.innerText()); n++) await page.goto(page.url());
    assert.match(await fee.innerText(), /納付済/);
    assert.equal(await page.locator('#payment button').count(), 0, 'and not again');
}

it('pays a fee on a phone, by the keyboard alone, and is told so', async () => {
    const browser = await chromium.launch(CHROMIUM);
    try {
        await pays(browser);
    } finally {
        await browser.close();
    }
});

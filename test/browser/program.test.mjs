// The program as an operator uses it: subcommands that speak to the running server.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { city } from './city.mjs';

const run = promisify(execFile);
let site;
before(async () => { site = await city(); });
after(async () => { assert.equal(await site.close(), 0, site.log()); });

const machi = (...words) => run(site.bin, words);

it('explains itself and each subcommand, and refuses what it does not know', async () => {
    const { stdout } = await machi('--help');
    for (const [, name] of stdout.matchAll(/^  ([a-z]+)  +/gm)) {
        const help = await machi(name, '--help');
        assert.match(help.stdout, new RegExp(`machi ${name}`), name);
    }
    const wrong = spawnSync(site.bin, ['serv']);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr.toString(), /serve/);
    const flag = spawnSync(site.bin, ['serve', '--sandbx']);
    assert.equal(flag.status, 2);
    assert.match(flag.stderr.toString(), /sandbox/);
});

it('makes a token that stands alone on the last line, for demo and service accounts only', async () => {
    const { stdout } = await machi('token', '--data', site.data, '--as', 'steward', '--ttl', '60');
    const token = stdout.trimEnd().split('\n').at(-1);
    assert.match(token, /^[0-9a-z]{32}$/);
    const body = JSON.stringify({ id: 'urn:ngsi-ld:Bench:1', type: 'Bench', seats: { type: 'Property', value: 3 } });
    const put = (headers) => fetch(`${site.url}/ngsi-ld/v1/entities`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
    assert.equal((await put({})).status, 401);
    assert.equal((await put({ authorization: 'Bearer wrong' })).status, 401);
    assert.equal((await put({ authorization: `Bearer ${token}` })).status, 201);
    const nobody = spawnSync(site.bin, ['token', '--data', site.data, '--as', 'nobody-of-that-name']);
    assert.equal(nobody.status, 4);
});

it('makes accounts, whose passwords are long and come on standard input', () => {
    const make = (password) => spawnSync(site.bin, ['user', '--data', site.data, '--kind', 'resident', 'someone'], { input: `${password}\n` });
    const short = make('short');
    assert.equal(short.status, 2);
    assert.match(short.stderr.toString(), /15 characters/);
    assert.equal(make('long enough for a city').status, 0);
    assert.equal(make('long enough for a city').status, 5, 'the login is taken');
});

it('keeps personal data from tokens, by every way of asking', async () => {
    const { stdout } = await machi('token', '--data', site.data, '--as', 'steward');
    const headers = { authorization: `Bearer ${stdout.trimEnd().split('\n').at(-1)}` };
    const get = async (path) => (await fetch(`${site.url}/ngsi-ld/v1${path}`, { headers })).text();
    const all = await get('/entities?type=Application&limit=1000');
    assert.match(all, /"submittedAt"/);
    for (const term of ['receiptNumber', '"name":', '"kana":', '"phone":', '"address":', '"postcode":', 'feeReduction', 'openDataChoice', 'passwordHash', '"login":'])
        assert.ok(!all.includes(term), term);
    for (const path of ['/entities?type=Application&q=name', '/entities?type=Application&q=name~=".*"', '/entities?attrs=passwordHash',
        '/entities?type=Application&q=phone'])
        assert.deepEqual(JSON.parse(await get(path)), [], path);
    for (const path of ['/attributes', '/types/Application', '/types/Account'])
        assert.ok(!/passwordHash|"phone"|"kana"/.test(await get(path)), path);
});

it('lets nobody move cases, slots, numbers or accounts through the API', async () => {
    for (const account of ['steward', 'clerk']) {
        const { stdout } = await machi('token', '--data', site.data, '--as', account);
        const headers = { authorization: `Bearer ${stdout.trimEnd().split('\n').at(-1)}`, 'content-type': 'application/json' };
        const base = `${site.url}/ngsi-ld/v1/entities`;
        const [one] = await (await fetch(`${base}?type=Application&limit=1`, { headers })).json();
        const place = `${base}/${encodeURIComponent(one.id)}`;
        const body = JSON.stringify({ fee: { type: 'Property', value: 0 } });
        assert.equal((await fetch(place, { method: 'PATCH', headers, body })).status, 403, account);
        assert.equal((await fetch(`${place}/attrs/fee`, { method: 'DELETE', headers })).status, 403, account);
        assert.equal((await fetch(place, { method: 'DELETE', headers })).status, 403, account);
        const forged = JSON.stringify({ id: 'urn:ngsi-ld:Application:x', type: ['Room', 'Application'], state: { type: 'Property', value: 'confirmed' } });
        assert.equal((await fetch(base, { method: 'POST', headers, body: forged })).status, 403, account);
    }
});

it('measures what the disk and the ledger can do, and leaves nothing behind', async () => {
    const { stdout } = await machi('bench', '--data', `${site.data}-trial`);
    const figures = [...stdout.matchAll(/^(\w+) +([\d.]+) /gm)].map((m) => [m[1], Number(m[2])]);
    assert.deepEqual(figures.map(([name]) => name), ['disk', 'ledger', 'group']);
    for (const [name, value] of figures) assert.ok(value > 0, name);
});

it('refuses a second server on the same folder, and a sandbox for the world', () => {
    const second = spawnSync(site.bin, ['serve', '--data', site.data, '--listen', '127.0.0.1:0'], { timeout: 60_000 });
    assert.notEqual(second.status, 0);
    assert.match(second.stderr.toString(), /holds|running|process/i);
    const open = spawnSync(site.bin, ['serve', '--data', `${site.data}-x`, '--listen', '0.0.0.0:0', '--sandbox'], { timeout: 60_000 });
    assert.equal(open.status, 2);
    assert.match(open.stderr.toString(), /loopback/);
});

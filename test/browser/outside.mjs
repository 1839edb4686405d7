// Outside providers on the loopback: a real one (oidc-provider, certified), and one that lies as it is told. Neither listens
// longer than its test; nothing here is asked over a network.
import { createHash, createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import Provider from 'oidc-provider';

const SECRET = 'a secret: 10% + &c.'; // what has to be encoded on its way
const base64 = (value) => Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url');
const parts = (token) => token.split('.').map((part) => Buffer.from(part, 'base64url'));
const jwk = (key, more) => ({ ...key.export({ format: 'jwk' }), use: 'sig', ...more });
const now = () => Math.floor(Date.now() / 1000);

async function listening() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, url: `http://127.0.0.1:${server.address().port}` };
}

// Signs as RFC 7515 has it: what `alg` says is done, right or wrong.
function signed(header, claims, key) {
    const text = `${base64(header)}.${base64(claims)}`;
    const made = {
        RS256: () => sign('sha256', text, key), ES256: () => sign('sha256', text, { key, dsaEncoding: 'ieee-p1363' }), EdDSA: () => sign(null, text, key),
        HS256: () => createHmac('sha256', createPublicKey(key).export({ type: 'spki', format: 'pem' })).update(text).digest(), none: () => '',
    };
    return `${text}.${base64(made[header.alg]())}`;
}

function realProvider(issuer, back) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const client = { client_id: 'machi:city', client_secret: SECRET, redirect_uris: [back], id_token_signed_response_alg: 'ES256',
        backchannel_logout_uri: `${back}/logout`, backchannel_logout_session_required: true };
    return new Provider(issuer, {
        clients: [client], jwks: { keys: [jwk(rsa, { kid: 'rsa', alg: 'RS256' }), jwk(privateKey, { kid: 'ec', alg: 'ES256' })] },
        cookies: { keys: ['a key of the test'] }, conformIdTokenClaims: false, claims: { openid: ['sub'], profile: ['name'], acr: null, auth_time: null },
        pkce: { required: () => true, methods: ['S256'] }, features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
        findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub, name: `見本 ${sub}` }) }),
    });
}

// A provider that answers well but for what `lie` says: {about, header, claims, token, keys, status, hang}. Its client is known by a key.
function lyingProvider(issuer, clientKey) {
    const keys = { first: generateKeyPairSync('rsa', { modulusLength: 2048 }), second: generateKeyPairSync('ed25519'), other: generateKeyPairSync('rsa', { modulusLength: 2048 }) };
    const liar = { lie: {}, nonce: '', sub: 'somebody', asked: { about: 0, keys: 0, token: 0 }, keys, issuer };
    liar.published = () => [jwk(keys.first.publicKey, { kid: 'one' })];
    const about = () => ({
        issuer, authorization_endpoint: `${issuer}/authorize?theme=plain`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`,
        authorization_response_iss_parameter_supported: true, ...liar.lie.about });
    function token(form) {
        const [header, claims, signature] = parts(form.get('client_assertion') ?? '..');
        const text = (form.get('client_assertion') ?? '').split('.').slice(0, 2).join('.');
        const known = signature?.length && verify('sha256', Buffer.from(text), { key: clientKey, dsaEncoding: 'ieee-p1363' }, signature)
            && JSON.parse(header).kid === 'city-1' && JSON.parse(claims).aud === `${issuer}/token` && JSON.parse(claims).exp > now();
        if (!known || liar.lie.status) return [liar.lie.status ?? 401, { error: 'invalid_client' }];
        const access = randomUUID(), header_ = { alg: 'RS256', kid: 'one', ...liar.lie.header };
        const said = {
            iss: issuer, sub: liar.sub, aud: 'machi', iat: now(), exp: now() + 300, nonce: liar.nonce, acr: 'card', auth_time: now(),
            at_hash: base64(createHash(header_.alg === 'EdDSA' ? 'sha512' : 'sha256').update(access).digest().subarray(0, header_.alg === 'EdDSA' ? 32 : 16)), ...liar.lie.claims };
        const key = liar.lie.key ?? keys.first.privateKey;
        return [200, { access_token: access, token_type: 'Bearer', id_token: liar.lie.token ?? signed(header_, said, key) }];
    }
    liar.handle = async (request, response) => {
        let body = '';
        for await (const piece of request) body += piece;
        const path = new URL(request.url, issuer).pathname, what = { '/.well-known/openid-configuration': 'about', '/keys': 'keys', '/token': 'token' }[path];
        if (what) liar.asked[what]++;
        if (liar.lie.hang === what) return; // never answered
        const [status, answer] = { about: () => [200, about()], keys: () => [200, { keys: liar.lie.keys ?? liar.published() }], token: () => token(new URLSearchParams(body)) }[what]();
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    };
    return liar;
}

// Both, and one that isn't there; `file` is what machi is told of them, `begin` is called once the city's address is known.
export async function outsides(folder) {
    const real = await listening(), lying = await listening(), client = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const liar = lyingProvider(lying.url, client.publicKey);
    lying.server.on('request', liar.handle);
    const named = (id, ja, more) => ({ id, label: { ja, en: `${id} sample` }, identity: 'checked', ...more });
    await writeFile(join(folder, 'secret'), `${SECRET}\n`, { mode: 0o600 });
    await writeFile(join(folder, 'client.pem'), client.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const file = join(folder, 'providers.json');
    await writeFile(file, JSON.stringify({ providers: [
        named('real', '見本ID', { issuer: real.url, client: 'machi:city', secret: 'secret', scopes: ['profile'], authentication: 'certificate' }),
        named('liar', 'うそつきID', { issuer: lying.url, client: 'machi', key: 'client.pem', keyId: 'city-1', acr: ['card'], authentication: 'passkey' }),
        named('gone', '不在ID', { issuer: 'http://127.0.0.1:9', client: 'machi', authentication: 'mail' }),
    ] }));
    return {
        file, liar, issuer: real.url,
        begin(city) { real.server.on('request', realProvider(real.url, `${city}/sign-in/outside/real`).callback()); },
        async close() {
            for (const { server } of [real, lying]) {
                server.closeAllConnections();
                await new Promise((resolve) => server.close(resolve));
            }
        },
    };
}

// What somebody does at the real provider, from the address that machi gave him, until it leads back: as `login`, or stopping there.
export function person() {
    const cookies = new Map();
    async function ask(url, fields) {
        const answer = await fetch(url, {
            redirect: 'manual', method: fields ? 'POST' : 'GET', body: fields && new URLSearchParams(fields),
            headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') } });
        for (const line of answer.headers.getSetCookie()) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
            if (value) cookies.set(name, value); else cookies.delete(name);
        }
        return { status: answer.status, text: await answer.text(), to: answer.headers.get('location') && new URL(answer.headers.get('location'), url).href };
    }
    async function go(url, login) {
        const issuer = new URL(url).origin, asked = [];
        for (let i = 0, at = url; i < 20; i++) {
            if (!at.startsWith(issuer)) return { back: at, asked };
            let answer = await ask(at);
            if (answer.status === 200) {
                const prompt = /name="prompt" value="(\w+)"/.exec(answer.text)[1];
                asked.push(prompt);
                answer = login ? await ask(at, { prompt, login, password: 'any' }) : await ask(`${at}/abort`);
            }
            if (!answer.to) throw new Error(`the provider answers ${answer.status}: ${answer.text}`);
            at = answer.to;
        }
        throw new Error('the provider leads in a circle');
    }
    // Signs out there, which tells all who were led to it.
    go.out = async (issuer) => {
        const { text } = await ask(`${issuer}/session/end`);
        return ask(`${issuer}/session/end/confirm`, { xsrf: /name="xsrf" value="(\w+)"/.exec(text)[1], logout: 'yes' });
    };
    return go;
}

export { signed };

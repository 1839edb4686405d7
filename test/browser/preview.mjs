// Renders every template with its example (web_preview) and serves the pages with the headers that machi sends.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
    '.mjs': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml', '.json': 'application/json' };

// What the map of an example shows.
const point = (kind, name, x, y) => ({ type: 'Feature', properties: { kind, name }, geometry: { type: 'Point', coordinates: [x, y] } });
const GEOJSON = JSON.stringify({ type: 'FeatureCollection', features: [
    { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[[136.98, 34.98], [137.2, 34.96], [137.25, 35.12], [137.02, 35.15], [136.98, 34.98]]] } },
    { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: [[136.99, 35.1], [137.06, 35.07], [137.12, 35.06], [137.2, 35.0]] } },
    ...Array.from({ length: 40 }, (_, i) => point(i % 3 ? 'shelter' : 'aed', `まち ${i}`, 137.02 + (i * 37 % 40) / 200, 35.0 + (i * 53 % 40) / 320)),
    point('gauge', '中橋', 137.1, 35.063),
] });

function build_folder() {
    const given = process.env.MACHI_BUILD;
    const folders = (given ? [given] : ['build-test', 'build-dev', 'build']).map((name) => join(ROOT, name));
    if (given?.startsWith('/')) folders.unshift(given);
    const found = folders.find((folder) => existsSync(join(folder, 'test/web/web_preview')));
    if (!found) throw new Error('web_preview is not built: run ./dev test, or set MACHI_BUILD to the build folder');
    return found;
}

function answer(folder, csp, request, response) {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://preview').pathname));
    if (path.endsWith('.geojson')) {
        response.writeHead(200, { 'Content-Type': 'application/geo+json' }).end(GEOJSON);
        return;
    }
    if (/\/files\/\w+$/.test(path)) { // a photo that an example has attached
        response.writeHead(200, { 'Content-Type': 'image/svg+xml' }).end('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="6"/>');
        return;
    }
    const file = join(folder, path.startsWith('/assets/') ? path : `${path}.html`);
    if (!file.startsWith(folder) || !existsSync(file)) {
        response.writeHead(404).end();
        return;
    }
    const headers = { 'Content-Type': TYPES[extname(file)], 'Content-Security-Policy': csp, 'X-Content-Type-Options': 'nosniff' };
    const zipped = existsSync(`${file}.gz`);
    if (zipped) headers['Content-Encoding'] = 'gzip';
    response.writeHead(200, headers).end(readFileSync(zipped ? `${file}.gz` : file));
}

// Starts the server; {url, pages: ["home", "home.sandbox", ...], close}.
export async function preview() {
    const folder = mkdtempSync(join(tmpdir(), 'machi-preview-'));
    execFileSync(join(build_folder(), 'test/web/web_preview'), [join(ROOT, 'web'), folder], { stdio: ['ignore', 'inherit', 'inherit'] });
    const csp = readFileSync(join(folder, 'csp.txt'), 'utf8');
    const server = createServer((request, response) => answer(folder, csp, request, response));
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    return {
        url: `http://127.0.0.1:${server.address().port}`,
        pages: readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'assets').map((entry) => entry.name).sort(),
        async close() {
            server.closeAllConnections();
            await new Promise((done) => server.close(done));
            rmSync(folder, { recursive: true });
        },
    };
}

export const CHROMIUM = { executablePath: '/usr/bin/chromium-headless-shell', args: ['--no-sandbox', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-gpu', '--in-process-gpu', '--renderer-process-limit=1'] };

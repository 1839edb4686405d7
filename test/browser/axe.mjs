// axe-core over a page as it is drawn now.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = `${readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')};0`;
const seen = new Set();
const debuggers = new WeakMap(); // of the pages looked at

// Pages of one width that differ in numbers and tokens alone are one page to axe.
async function fingerprint(page) {
    const [width, html] = await page.evaluate(() => [innerWidth, document.documentElement.outerHTML]);
    const text = html.replace(/"[\w-]{20,}"/g, '').replace(/\d+/g, '0');
    return `${width} ${createHash('sha256').update(text).digest('hex')}`;
}

// axe's text runs in the page's own world through the debugger, which the page's policy does not bind. Not by page.evaluate,
// which wraps it in an eval: a script of its own is compiled once in a process, and takes a sixth of the time on the pages after.
async function load(page) {
    if (await page.evaluate(() => Boolean(globalThis.axe))) return;
    if (!debuggers.has(page)) debuggers.set(page, await page.context().newCDPSession(page));
    const { exceptionDetails } = await debuggers.get(page).send('Runtime.evaluate', { expression: AXE });
    if (exceptionDetails) throw new Error(`axe-core did not load: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
}

// What axe finds, a line each. A page that was looked at before in this run, at the same width, has nothing new to tell.
export async function violations(page) {
    const print = await fingerprint(page);
    if (seen.has(print)) return [];
    seen.add(print);
    await load(page);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html} ${node.failureSummary}`));
}

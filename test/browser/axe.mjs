// axe-core over a page as it is drawn now.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const AXE = `${readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')};0`;
const seen = new Set();
const SHARED = process.env.TEST_AXE_SEEN; // a folder in which the programs of one run tell each other what they have looked at
const debuggers = new WeakMap(); // of the pages looked at

// What axe goes by: elements, attributes, which texts are there. Words, numbers, addresses and tokens are no matter to it, nor which of
// our languages they are in, nor which link is the current one, what is chosen or has the focus: those parts are the same
// on every page. What repeats, like the rows of a list, is looked at once.
const outline = () => {
    const same = (name, value) => (/^(lang|hreflang)$/.test(name) && /^(ja|en)$/.test(value)) || (name === 'aria-current' && /^(true|page)$/.test(value));
    const plain = (name, value) => (!value || /^(href|src|action|value|content|title|alt|aria-label|placeholder|datetime|d|points|data-(label|copied|failed))$/.test(name)
        ? Boolean(value) : value.replace(/[\w-]{20,}/g, '').replace(/\d+/g, '0'));
    const walk = (node) => {
        if (node.nodeType === Node.TEXT_NODE) return node.data.trim() && 'x';
        if (node.nodeType !== Node.ELEMENT_NODE) return '';
        const attributes = [...node.attributes].filter(({ name, value }) => !same(name, value)).map(({ name, value }) => `${name}=${plain(name, value)}`).sort().join(' ');
        const children = [...node.childNodes].map(walk).filter((text, i, all) => text && text !== all[i - 1]).join('');
        return `<${node.localName} ${attributes} ${Boolean(node.disabled)}>${children}</>`;
    };
    return `${innerWidth} ${document.documentElement.lang !== ''} ${document.title !== ''} ${walk(document.documentElement)}`;
};

async function fingerprint(page) {
    return createHash('sha256').update(await page.evaluate(outline)).digest('hex');
}

const known = (print) => seen.has(print) || Boolean(SHARED && existsSync(join(SHARED, print)));

function remember(print) {
    seen.add(print);
    if (SHARED) writeFileSync(join(SHARED, print), '');
}

// axe's text runs in the page's own world through the debugger, which the page's policy does not bind. Not by page.evaluate,
// which wraps it in an eval: a script of its own is compiled once in a process, and takes a sixth of the time on the pages after.
async function load(page) {
    if (await page.evaluate(() => Boolean(globalThis.axe))) return;
    if (!debuggers.has(page)) debuggers.set(page, await page.context().newCDPSession(page));
    const { exceptionDetails } = await debuggers.get(page).send('Runtime.evaluate', { expression: AXE });
    if (exceptionDetails) throw new Error(`axe-core did not load: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
}

// What axe finds, a line each. A page that was looked at before in this run, at the same width, has nothing new to tell; one that
// has violations is looked at each time.
export async function violations(page) {
    const print = await fingerprint(page);
    if (known(print)) return [];
    await load(page);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    if (!found.violations.length) remember(print);
    return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html} ${node.failureSummary}`));
}

// What every page may use. Nothing here is needed: each page works without it.
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// After a refused form, reading begins at the summary.
document.getElementById('errors')?.focus();

// Entries that were not sent: ask before they are lost.
for (const form of $$('form[data-unsent]')) {
    let changed = false;
    form.addEventListener('input', () => { changed = true; });
    form.addEventListener('submit', () => { changed = false; });
    addEventListener('beforeunload', (event) => { if (changed) event.preventDefault(); });
}

// A second press of the same button sends nothing again.
for (const form of $$('form[method=post]')) {
    let sent = 0;
    form.addEventListener('submit', (event) => {
        if (Date.now() - sent < 3000) event.preventDefault();
        else sent = Date.now();
    });
}
addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });

// What the fragment of an address brings is put into its field, and isn't kept in the history.
for (const form of $$('[data-fragment]')) {
    const take = () => {
        if (location.hash.length < 2) return;
        form.elements[form.dataset.fragment].value = location.hash.slice(1);
        history.replaceState(null, '', location.pathname + location.search);
    };
    take();
    addEventListener('hashchange', take);
}

for (const button of $$('[data-print]')) {
    button.hidden = false;
    button.addEventListener('click', () => print());
}
for (const button of $$('[data-copy]')) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener('click', async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        for (const note of $$('[data-copied]')) note.textContent = note.dataset.copied;
    });
}

// The rest is fetched by the pages that use it.
const parts = [
    ['form[data-find]', './find.js'],
    ['[data-touch]', './touch.js'],
    ['[data-events], [data-clock]', './wall.js'],
    ['[data-map]', './map.js'],
    ['[data-point]', './point.js'],
    ['[data-chart]', './chart.js'],
    ['[data-passkey]', './passkey.js'],
    ['[data-tablet]', './tablet.js'],
];
for (const [selector, file] of parts) {
    const found = $$(selector);
    if (found.length) import(file).then((module) => found.forEach(module.start));
}

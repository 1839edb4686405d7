// The tablet at a desk: what it shows goes as soon as the city says so, and isn't left standing while the city can't be asked. The mark
// tells the city that this asks by itself, so that the page needn't be loaded again under somebody who reads.
const EVERY = 2_000;

const shown = (page) => page.querySelector('[data-tablet]')?.dataset.tablet;

export function start(element) {
    document.cookie = 'machi_script=1; path=/tablet; samesite=strict';
    async function ask() {
        const text = await fetch('/tablet', { cache: 'no-store' }).then((answer) => (answer.ok ? answer.text() : null)).catch(() => null);
        element.hidden = text === null;
        if (text !== null && shown(new DOMParser().parseFromString(text, 'text/html')) !== element.dataset.tablet) location.replace('/tablet');
    }
    setInterval(ask, EVERY);
}

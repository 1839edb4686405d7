// The tablet at a desk: what it shows goes as soon as the city says so. The mark tells the city that this asks by itself, so that
// the page needn't be loaded again under somebody who reads.
const EVERY = 2_000;

const shown = (page) => page.querySelector('[data-tablet]')?.dataset.tablet;

export function start(element) {
    document.cookie = 'machi_script=1; path=/tablet; samesite=strict';
    async function ask() {
        const answer = await fetch('/tablet', { cache: 'no-store' }).catch(() => null);
        const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null;
        if (!page || shown(page) !== element.dataset.tablet) location.replace('/tablet');
    }
    setInterval(ask, EVERY);
}

// Touch time: seconds of work on a case, or on all cases of a list. A pause of more than 90 s, or a hidden page, does not count.
const IDLE = 90_000;

export function start(element) {
    let last = Date.now(), active = 0;

    function touch() {
        const now = Date.now();
        if (now - last <= IDLE && !document.hidden) active += now - last;
        last = now;
    }
    function send() {
        const seconds = Math.floor(active / 1000);
        if (!seconds) return;
        const body = new URLSearchParams({ csrf: element.dataset.csrf, seconds });
        if (element.dataset.step) body.set('step', element.dataset.step);
        if (element.dataset.cases) body.set('cases', element.dataset.cases);
        if (navigator.sendBeacon(element.dataset.src, body)) active -= seconds * 1000;
    }

    for (const kind of ['pointermove', 'pointerdown', 'keydown', 'scroll', 'wheel'])
        addEventListener(kind, touch, { passive: true });
    document.addEventListener('visibilitychange', () => {
        if (document.hidden) send();
        else last = Date.now();
    });
    addEventListener('pagehide', () => { touch(); send(); });
    setInterval(send, 60_000);
    element.dataset.ready = 'true';
}

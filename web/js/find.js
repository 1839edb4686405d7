// Search as you type: asks for the page that the form would show, and takes its results.
export function start(form) {
    const field = form.querySelector('input[type=search]');
    const target = document.getElementById('found');
    let timer, running;

    async function find() {
        running?.abort();
        running = new AbortController();
        const url = new URL(form.action);
        url.searchParams.set(field.name, field.value);
        try {
            const answer = await fetch(url, { signal: running.signal });
            if (!answer.ok) return;
            const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
            const found = page.getElementById('found');
            if (found) target.replaceChildren(...found.childNodes);
        } catch (error) {
            if (error.name !== 'AbortError') console.warn('search as you type:', error.message);
        }
    }

    target.setAttribute('aria-live', 'polite');
    field.addEventListener('input', (event) => {
        clearTimeout(timer);
        if (!event.isComposing) timer = setTimeout(find, 200);
    });
    field.addEventListener('compositionend', () => { timer = setTimeout(find, 200); });
}

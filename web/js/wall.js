// The wall: tiles as they are pushed ("event: tile", data as the page's own tiles), and a clock.
const lang = document.documentElement.lang;
const era = lang === 'ja' ? 'ja-JP-u-ca-japanese' : 'en-GB';
const long = { dateStyle: 'long', timeStyle: 'short', timeZone: 'Asia/Tokyo' };
const short = { hour: 'numeric', minute: '2-digit', hourCycle: 'h23', timeZone: 'Asia/Tokyo' };
const pick = (text) => (typeof text === 'string' ? text : text?.[lang] ?? text?.ja ?? '');

function figure(tile) {
    return new Intl.NumberFormat(lang, { minimumFractionDigits: tile.decimals, maximumFractionDigits: tile.decimals }).format(tile.value);
}

function same_form(box, tile) {
    return tile.few === box.querySelector('.figure').classList.contains('few') && tile.about === Boolean(box.querySelector('.about'));
}

function set(box, selector, text) {
    const part = box.querySelector(selector);
    if (part && text) part.textContent = text;
}

function level(box, tile, words) {
    const tag = box.querySelector('[data-level]');
    box.className = `tile ${tile.level ?? ''}`;
    tag.hidden = !tile.level;
    tag.className = `tag ${tile.level ?? ''}`;
    tag.textContent = tile.level ? words[tile.level] : '';
}

// False: the page has no such tile, or one of another form: it has to be drawn anew.
function show(tile, words) {
    const box = document.querySelector(`[data-tile="${CSS.escape(tile.id)}"]`);
    if (!box || !same_form(box, tile)) return false;
    const before = box.textContent;
    if (!tile.few) set(box, '[data-figure]', figure(tile));
    set(box, '[data-source]', pick(tile.source));
    const link = box.querySelector('.name a') ?? box.querySelector('.name');
    link.textContent = pick(tile.label);
    const time = box.querySelector('[data-time]');
    if (time && tile.time && Date.parse(time.dateTime) !== Math.floor(Date.parse(tile.time) / 1000) * 1000) {
        time.dateTime = tile.time;
        time.textContent = new Date(tile.time).toLocaleString(era, long);
    }
    if (tile.n !== null) set(box, '[data-n]', new Intl.NumberFormat(lang).format(tile.n));
    level(box, tile, words);
    box.classList.remove('pulse');
    if (before !== box.textContent) requestAnimationFrame(() => box.classList.add('pulse'));
    return true;
}

let drawing;
async function draw_anew() {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const tiles = page.getElementById('tiles');
    if (tiles) document.getElementById('tiles').replaceChildren(...tiles.children);
}

// What isn't pushed is asked for at intervals: the places, whose gauges have levels, and the chart.
async function look_again() {
    document.querySelector('[data-map]')?.dispatchEvent(new CustomEvent('refresh'));
    const trend = document.getElementById('trend');
    const answer = trend && await fetch(location.href);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('trend');
    const newest = (part) => part.querySelector('tbody time')?.dateTime + part.querySelector('h2').textContent;
    if (!fresh || newest(fresh) === newest(trend)) return;
    trend.replaceWith(fresh);
    const { start: draw } = await import('./chart.js');
    await draw(fresh.querySelector('[data-chart]'));
}

export function start(element) {
    if (element.matches('[data-clock]')) {
        setInterval(() => { element.textContent = new Date().toLocaleTimeString(lang, short); }, 1000);
        return;
    }
    setInterval(() => look_again().catch((error) => console.warn('the wall:', error.message)), 60_000);
    const events = new EventSource(element.dataset.src);
    const state = document.querySelector('[data-connection]');
    const calm = state.className, words = document.getElementById('tiles').dataset;
    events.addEventListener('tile', (event) => {
        if (show(JSON.parse(event.data), words)) return;
        clearTimeout(drawing);
        drawing = setTimeout(() => draw_anew().catch((error) => console.warn('the wall:', error.message)), 500);
    });
    events.addEventListener('open', () => {
        state.className = calm;
        if (state.dataset.live) state.textContent = state.dataset.live;
    });
    events.addEventListener('error', () => { state.className = 'tag warn'; });
}

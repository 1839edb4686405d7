// The wall: tiles as they are pushed ("event: tile", data {id, value, n, time, level, level_text}), and a clock.
const lang = document.documentElement.lang;
const number = new Intl.NumberFormat(lang, { maximumFractionDigits: 3 });
const era = lang === 'ja' ? 'ja-JP-u-ca-japanese' : 'en-GB';
const long = { dateStyle: 'long', timeStyle: 'short', timeZone: 'Asia/Tokyo' };
const short = { hour: 'numeric', minute: '2-digit', hourCycle: 'h23', timeZone: 'Asia/Tokyo' };

function show(tile) {
    const box = document.querySelector(`[data-tile="${CSS.escape(tile.id)}"]`);
    if (!box) return;
    box.querySelector('[data-figure]').textContent = number.format(tile.value);
    const time = box.querySelector('[data-time]');
    time.dateTime = tile.time;
    time.textContent = new Date(tile.time).toLocaleString(era, long);
    const n = box.querySelector('[data-n]');
    if (n && tile.n) n.textContent = number.format(tile.n);
    const tag = box.querySelector('.tag');
    if (tag && tile.level) {
        box.className = `tile ${tile.level}`;
        tag.className = `tag ${tile.level}`;
        if (tile.level_text) tag.textContent = tile.level_text;
    }
    box.classList.remove('pulse');
    requestAnimationFrame(() => box.classList.add('pulse'));
}

export function start(element) {
    if (element.matches('[data-clock]')) {
        setInterval(() => { element.textContent = new Date().toLocaleTimeString(lang, short); }, 1000);
        return;
    }
    const events = new EventSource(element.dataset.src);
    const state = document.querySelector('[data-live]');
    events.addEventListener('tile', (event) => show(JSON.parse(event.data)));
    events.addEventListener('open', () => { state.textContent = state.dataset.live; state.className = 'tag ok'; });
    events.addEventListener('error', () => { state.className = 'tag warn'; });
}

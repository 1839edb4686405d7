// The map: our own GeoJSON, no tiles: the city's ground (data-ground), if it has one, and its places (data-src), whose features carry
// "kind" and "name". The pins are those of the page: [data-pin] holds the drawing. Without WebGL2 the list stays.
const JAPAN = [122.9, 24, 146, 45.6];
const LIGHT = { sea: '#d9ecf7', plain: '#eef3f7', land: '#fbfaf5', edge: '#5c7d94', border: '#b9c4cc', river: '#6fb7e6', road: '#ffffff', casing: '#cfd6da', rail: '#8f9aa3', text: '#33424d', halo: '#ffffff', water: '#1f6f9f' };
const DARK = { sea: '#0d1a30', plain: '#10162c', land: '#1b2444', edge: '#7d8fd0', border: '#3c4a7e', river: '#3f86c4', road: '#33406f', casing: '#1b2444', rail: '#68749f', text: '#dbe3ff', halo: '#10162c', water: '#8ecbff' };
const LEVELS = { ok: '#51b883', warn: '#ff8d44', bad: '#ff5454' };
const FONT = ['Noto Sans JP', 'Noto Sans CJK JP', 'sans-serif'];
const english = () => document.documentElement.lang === 'en';

function has_webgl2() {
    return Boolean(document.createElement('canvas').getContext('webgl2'));
}

// A pin of the page as an image, with a ring for the level of a gauge.
function pin_image(pin, ring, ratio) {
    const size = 30 * ratio, canvas = document.createElement('canvas');
    canvas.width = canvas.height = size;
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    pen.scale(ratio, ratio);
    pen.beginPath();
    pen.arc(15, 15, ring ? 14 : 12.5, 0, 2 * Math.PI);
    pen.fillStyle = ring ?? '#ffffff';
    pen.fill();
    pen.beginPath();
    pen.arc(15, 15, 11, 0, 2 * Math.PI);
    pen.fillStyle = getComputedStyle(pin).backgroundColor;
    pen.fill();
    pen.translate(15 - 8.4, 15 - 8.4);
    pen.scale(0.7, 0.7);
    Object.assign(pen, { strokeStyle: '#ffffff', lineWidth: 2, lineCap: 'round', lineJoin: 'round' });
    for (const path of pin.querySelectorAll('path')) pen.stroke(new Path2D(path.getAttribute('d')));
    return pen.getImageData(0, 0, size, size);
}

function pins_add(map) {
    const ratio = Math.max(2, Math.ceil(devicePixelRatio));
    for (const pin of document.querySelectorAll('[data-pin]')) {
        const kind = pin.dataset.pin;
        if (map.hasImage(kind)) continue;
        map.addImage(kind, pin_image(pin, null, ratio), { pixelRatio: ratio });
        for (const [level, colour] of Object.entries(LEVELS))
            map.addImage(`${kind}-${level}`, pin_image(pin, colour, ratio), { pixelRatio: ratio });
    }
}

const of_kind = (kind) => ['==', ['get', 'kind'], kind];
const widths = (far, near, scale) => ['interpolate', ['exponential', 1.6], ['zoom'], 10, far * scale, 15, near * scale];

function label(id, source, filter, layout, paint, extra = {}) {
    return { id, type: 'symbol', source, filter, ...extra,
        layout: { 'text-field': ['get', english() ? 'nameEn' : 'name'], 'text-font': FONT, ...layout },
        paint: { 'text-halo-width': 1.6, ...paint } };
}

// Land, borders, water and ways.
function ground_layers(c, scale) {
    const line = (id, kind, colour, width, extra = {}, layout = {}) => ({ id, type: 'line', source: 'ground', filter: of_kind(kind),
        layout: { 'line-cap': 'round', 'line-join': 'round', ...layout }, paint: { 'line-color': colour, 'line-width': width, ...extra } });
    return [
        { id: 'land', type: 'fill', source: 'ground', filter: of_kind('municipality'), paint: { 'fill-color': c.land } },
        line('districts', 'district', c.border, 1 * scale, { 'line-dasharray': [3, 2] }, { 'line-cap': 'butt' }),
        line('river', 'river', c.river, ['interpolate', ['exponential', 1.6], ['zoom'], 10, ['*', 1.2 * scale, ['get', 'size']], 15, ['*', 6 * scale, ['get', 'size']]]),
        line('road-edge', 'road', c.casing, widths(2.4, 10, scale)),
        line('road', 'road', c.road, widths(1.4, 7.5, scale)),
        line('rail', 'rail', c.rail, widths(1.4, 3, scale)),
        line('ferry', 'ferry', c.edge, 1.2 * scale, { 'line-dasharray': [2, 3] }, { 'line-cap': 'butt' }),
        line('outline', 'municipality', c.edge, 1.6 * scale),
    ];
}

// The names of it all stand above the pins, which don't push them away.
function names(c, scale) {
    const text = { 'text-color': c.text, 'text-halo-color': c.halo };
    return [
        label('river-name', 'ground', of_kind('river'), { 'symbol-placement': 'line', 'text-size': 12 * scale, 'symbol-spacing': 400 },
            { 'text-color': c.water, 'text-halo-color': c.halo }),
        label('town-name', 'ground', of_kind('town'), { 'text-size': 11.5 * scale, 'text-padding': 3 }, text, { minzoom: 12.3 }),
        label('district-name', 'ground', of_kind('district'), { 'text-size': ['interpolate', ['linear'], ['zoom'], 10, 12 * scale, 13, 17 * scale], 'text-letter-spacing': 0.05 },
            text, { maxzoom: 14 }),
    ];
}

const look_of = (element) => ({ colours: 'dark' in element.dataset ? DARK : LIGHT, scale: Math.max(1, innerWidth / 1920), ground: element.dataset.ground });

function style_of(element) {
    const { colours, scale, ground } = look_of(element);
    return {
        version: 8,
        sources: ground ? { ground: { type: 'geojson', data: new URL(ground, location).href } } : {},
        layers: [
            { id: 'ground', type: 'background', paint: { 'background-color': ground ? colours.sea : colours.plain } },
            ...(ground ? ground_layers(colours, scale) : []),
        ],
    };
}

// The pins come first: a tile that is laid out without its images keeps none.
function places_add(map, element) {
    const { colours, scale } = look_of(element);
    pins_add(map);
    map.addSource('places', { type: 'geojson', data: new URL(element.dataset.src, location).href });
    map.addLayer(label('places', 'places', ['has', 'kind'], {
        'icon-image': ['concat', ['get', 'kind'], ['match', ['get', 'level'], Object.keys(LEVELS), ['concat', '-', ['get', 'level']], '']],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 8, 0.4 * scale, 11, 0.56 * scale, 15, 1 * scale], 'icon-allow-overlap': true, 'icon-ignore-placement': true,
        'symbol-sort-key': ['match', ['get', 'kind'], 'gauge', 3, 'shelter', 2, 'aed', 1, 0],
        'text-field': ['step', ['zoom'], '', 14, ['coalesce', ['get', english() ? 'nameEn' : 'name'], ['get', 'name']]],
        'text-size': 12 * scale, 'text-offset': [0, 1.4], 'text-anchor': 'top', 'text-optional': true,
    }, { 'text-color': colours.text, 'text-halo-color': colours.halo }));
    names_add(map, element);
}

// What the popup says of a place: its name, which may lead on, and a line of detail.
function about(place) {
    const box = document.createElement('div'), name = document.createElement(place.url ? 'a' : 'b'), more = document.createElement('div');
    name.textContent = (english() && place.nameEn) || place.name;
    if (place.url) name.href = place.url;
    more.textContent = [place.address, english() ? place.detailEn : place.detail].filter(Boolean).join(' / ');
    box.append(name, more);
    return box;
}

// Buttons on the map that show the city, or all places where some lie beyond it.
function extents(map, element, fit) {
    if (element.dataset.all === 'null') return;
    const box = document.createElement('div');
    box.className = 'maplibregl-ctrl maplibregl-ctrl-group extents';
    for (const [words, bounds] of [[element.dataset.city, element.dataset.bounds], [element.dataset.everything, element.dataset.all]]) {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = words;
        button.addEventListener('click', () => map.fitBounds(JSON.parse(bounds), fit));
        box.append(button);
    }
    map.addControl({ onAdd: () => box, onRemove: () => box.remove() }, 'top-left');
}

// A kind that is unticked leaves the map at once, and the list with it.
function kinds(map, form) {
    const chosen = () => [...form.querySelectorAll('[name=layer]:checked')].map((box) => box.value);
    const show = () => map.setFilter('places', ['in', ['get', 'kind'], ['literal', chosen()]]);
    let running;
    form.addEventListener('change', async () => {
        if (!chosen().length) return;
        show();
        running?.abort();
        running = new AbortController();
        const url = new URL(form.action);
        for (const kind of chosen()) url.searchParams.append('layer', kind);
        const answer = await fetch(url, { signal: running.signal }).catch(() => null);
        if (!answer?.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        document.getElementById('found').replaceChildren(...page.getElementById('found').childNodes);
        history.replaceState(null, '', url);
        places_lead(map);
    });
    show();
}

// The list's places lead to the map.
function places_lead(map) {
    for (const button of document.querySelectorAll('[data-at]')) {
        button.hidden = false;
        button.addEventListener('click', () => {
            map.jumpTo({ center: JSON.parse(button.dataset.at), zoom: 15 });
            map.getContainer().scrollIntoView({ block: 'nearest' });
        });
    }
}

// The ground alone; null without WebGL2, and the element stays hidden.
export async function open_map(element, fit) {
    if (!has_webgl2()) return null;
    const sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = element.dataset.css;
    document.head.append(sheet);
    const maplibre = await import(element.dataset.lib);
    element.hidden = false;
    const map = new maplibre.Map({
        container: element, style: style_of(element), bounds: JSON.parse(element.dataset.bounds) ?? JAPAN,
        fitBoundsOptions: fit, attributionControl: false, cooperativeGestures: false, dragRotate: false,
        fadeDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 300,
    });
    map.addControl(new maplibre.NavigationControl({ showCompass: false }));
    return { maplibre, map };
}

// Names of towns, districts and rivers, above all else.
export function names_add(map, element) {
    const { colours, scale, ground } = look_of(element);
    for (const layer of ground ? names(colours, scale) : []) map.addLayer(layer);
}

export async function start(element) {
    const fit = { padding: 24, maxZoom: 15, animate: false };
    const opened = await open_map(element, fit);
    if (!opened) return;
    const { maplibre, map } = opened;
    extents(map, element, fit);
    map.once('style.load', () => places_add(map, element));
    map.on('click', 'places', (event) => {
        const { geometry, properties } = event.features[0];
        new maplibre.Popup().setLngLat(geometry.coordinates).setDOMContent(about(properties)).addTo(map);
    });
    map.on('mouseenter', 'places', () => { map.getCanvas().style.cursor = 'pointer'; });
    map.on('mouseleave', 'places', () => { map.getCanvas().style.cursor = ''; });
    element.addEventListener('refresh', () => map.getSource('places').setData(new URL(element.dataset.src, location).href));
    map.on('load', () => {
        const form = document.querySelector('form[data-layers]');
        if (form) kinds(map, form);
        places_lead(map);
        element.dataset.ready = 'true';
    });
}

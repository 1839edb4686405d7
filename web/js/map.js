// The map: our own GeoJSON on a plain ground, no tiles. Features carry "kind" and "name". Without WebGL2 the list stays.
const JAPAN = [122.9, 24, 146, 45.6];
const COLOURS = { shelter: '#0017c1', site: '#197a4b', aed: '#ce0000', gauge: '#006f83' };
const DARK = { shelter: '#9db7f9', site: '#71c598', aed: '#ff9696', gauge: '#2bc8e4' };

function has_webgl2() {
    return Boolean(document.createElement('canvas').getContext('webgl2'));
}

function style_of(element) {
    const dark = 'dark' in element.dataset;
    const scale = Math.max(1, innerWidth / 1920);
    const colours = Object.entries(dark ? DARK : COLOURS).flat();
    return {
        version: 8,
        sources: { places: { type: 'geojson', data: new URL(element.dataset.src, location).href } },
        layers: [
            { id: 'ground', type: 'background', paint: { 'background-color': dark ? '#10162c' : '#eef3f7' } },
            { id: 'areas', type: 'fill', source: 'places', filter: ['==', ['geometry-type'], 'Polygon'],
                paint: { 'fill-color': dark ? '#1c2550' : '#ffffff', 'fill-outline-color': dark ? '#46548f' : '#7f9bb0' } },
            { id: 'lines', type: 'line', source: 'places', filter: ['==', ['geometry-type'], 'LineString'],
                paint: { 'line-color': dark ? '#3f6ea8' : '#97d3ff', 'line-width': 4 * scale } },
            { id: 'places', type: 'circle', source: 'places', filter: ['==', ['geometry-type'], 'Point'],
                paint: { 'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, 3 * scale, 15, 9 * scale],
                    'circle-color': ['match', ['get', 'kind'], ...colours, '#7f7f7f'],
                    'circle-stroke-color': dark ? '#0b0f1f' : '#ffffff', 'circle-stroke-width': 1.5 } },
        ],
    };
}

// What the popup says of a place: its name, which may lead on, and a line of detail.
function about(place) {
    const english = document.documentElement.lang === 'en';
    const box = document.createElement('div'), name = document.createElement(place.url ? 'a' : 'b'), more = document.createElement('div');
    name.textContent = (english && place.nameEn) || place.name;
    if (place.url) name.href = place.url;
    more.textContent = [place.address, english ? place.detailEn : place.detail].filter(Boolean).join(' / ');
    box.append(name, more);
    return box;
}

export async function start(element) {
    if (!has_webgl2()) return;
    const sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = element.dataset.css;
    document.head.append(sheet);
    const maplibre = await import(element.dataset.lib);
    element.hidden = false;
    const map = new maplibre.Map({
        container: element, style: style_of(element), bounds: JSON.parse(element.dataset.bounds) ?? JAPAN,
        fitBoundsOptions: { padding: 24, maxZoom: 15 }, attributionControl: false, cooperativeGestures: false,
        fadeDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 300,
    });
    map.addControl(new maplibre.NavigationControl({ showCompass: false }));
    map.on('click', 'places', (event) => {
        const { geometry, properties } = event.features[0];
        new maplibre.Popup().setLngLat(geometry.coordinates).setDOMContent(about(properties)).addTo(map);
    });
    map.on('mouseenter', 'places', () => { map.getCanvas().style.cursor = 'pointer'; });
    map.on('mouseleave', 'places', () => { map.getCanvas().style.cursor = ''; });
    map.on('load', () => { element.dataset.ready = 'true'; });
}

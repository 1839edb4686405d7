// A point on the city's map: shown (data-at), or chosen for a question (data-for), whose fields for latitude and longitude are what is
// sent. "Use my position" asks the browser; a refusal is said beside the button.
import { names_add, open_map } from './map.js';

const DIGITS = 6;

function marker_of({ maplibre, map }, draggable) {
    const marker = new maplibre.Marker({ draggable, color: '#0017c1' });
    return (at) => {
        if (at) marker.setLngLat(at).addTo(map);
        else marker.remove();
        return marker;
    };
}

// The fields of a question: read as [longitude, latitude], null where there is no point; and written.
function fields_of(id) {
    const [latitude, longitude] = ['latitude', 'longitude'].map((name) => document.getElementById(`${id}-${name}`));
    return {
        both: [latitude, longitude],
        read() {
            const at = [longitude, latitude].map((field) => (field.value.trim() ? Number(field.value.normalize('NFKC')) : NaN));
            return Math.abs(at[0]) <= 180 && Math.abs(at[1]) <= 90 ? at : null;
        },
        write({ lng, lat }) {
            longitude.value = lng.toFixed(DIGITS);
            latitude.value = lat.toFixed(DIGITS);
            latitude.dispatchEvent(new Event('input', { bubbles: true }));
            latitude.closest('details').open = true;
        },
    };
}

function position_asks(element, fields, place) {
    const id = element.dataset.for;
    const button = document.querySelector(`[data-here="${id}"]`), said = document.querySelector(`[data-said="${id}"]`);
    if (!navigator.geolocation) return;
    button.hidden = false;
    button.addEventListener('click', () => {
        said.textContent = '';
        navigator.geolocation.getCurrentPosition(
            ({ coords }) => { fields.write({ lng: coords.longitude, lat: coords.latitude }); place(true); },
            () => { said.textContent = element.dataset.asks; },
            { enableHighAccuracy: true, timeout: 15_000 });
    });
}

function choose(element, opened) {
    const fields = fields_of(element.dataset.for), show = opened && marker_of(opened, true);
    const place = (near) => {
        const at = fields.read();
        if (!opened) return;
        show(at);
        if (at && near) opened.map.jumpTo({ center: at, zoom: Math.max(15, opened.map.getZoom()) });
    };
    for (const field of fields.both) field.addEventListener('change', () => place(true));
    position_asks(element, fields, place);
    if (!opened) return;
    const marker = show(null);
    marker.on('dragend', () => fields.write(marker.getLngLat()));
    opened.map.on('click', ({ lngLat }) => { fields.write(lngLat); place(false); });
    opened.map.getCanvas().style.cursor = 'crosshair';
    place(true);
}

export async function start(element) {
    const at = JSON.parse(element.dataset.at);
    const opened = await open_map(element, { padding: 12, maxZoom: 15, animate: false });
    opened?.map.once('style.load', () => names_add(opened.map, element));
    if (element.dataset.for) choose(element, opened);
    else if (opened && at) {
        marker_of(opened, false)(at);
        opened.map.jumpTo({ center: at, zoom: 15 });
    }
    opened?.map.on('load', () => { element.dataset.ready = 'true'; });
}

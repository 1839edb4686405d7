// The procedures of the starter city, and what their examples answer as if they were tried today.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './preview.mjs';

const FOLDER = join(ROOT, 'starter/procedures');
export const DEFINITIONS = readdirSync(FOLDER).map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')));

const DAY = 86_400_000;
export const today = () => new Date(Date.now() + 9 * 3600_000).toISOString().slice(0, 10);

// A day as people write it, in milliseconds; null: no day.
function dayOf(text) {
    const parts = /^(?:(令和|平成|昭和|[RHS]))?(\d+)[年./-](\d+)[月./-](\d+)日?$/.exec(text.normalize('NFKC'));
    if (!parts) return null;
    const begins = { 令和: 2018, R: 2018, 平成: 1988, H: 1988, 昭和: 1925, S: 1925 }[parts[1]] ?? 0;
    return Date.UTC(begins + Number(parts[2]), Number(parts[3]) - 1, Number(parts[4]));
}

// The answers of an example as if it were tried today: its days lie as far from today as they lay from the day on which it is tried.
export function answersOf(definition) {
    const example = definition.examples[0];
    const by = Date.parse(today()) - Date.parse(example.on ?? today());
    const dates = definition.pages.flatMap((page) => page.fields).filter((field) => field.kind === 'date').map((field) => field.id);
    return Object.fromEntries(Object.entries(example.answers).map(([field, said]) => {
        const day = dates.includes(field) ? dayOf(said) : null;
        if (day === null) return [field, said];
        const moved = new Date(day + Math.round(by / DAY) * DAY);
        const ahead = day > Date.parse(example.on ?? today()); // what begins with a month does so still, past or to come as it was
        if (new Date(day).getUTCDate() === 1) moved.setUTCMonth(moved.getUTCMonth() + Number(ahead), 1);
        else if (ahead) moved.setUTCDate(moved.getUTCDate() + [1, 0, 0, 0, 0, 0, 2][moved.getUTCDay()]); // the office is open
        return [field, moved.toISOString().slice(0, 10)];
    }));
}

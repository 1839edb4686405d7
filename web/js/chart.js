// The chart of a table: its rows hold <time datetime> and cells with data-value, or data-low and data-high where
// readings are drawn together.
const number = (cell, name) => Number(cell.dataset[name]);

// Where nothing was read for long, the line ends: 20 times the usual distance.
function with_gaps(points) {
    const steps = points.slice(1).map((point, i) => point[0] - points[i][0]).sort((a, b) => a - b);
    const long = 20 * steps[Math.floor(steps.length / 2)];
    return points.flatMap((point, i) => (i && point[0] - points[i - 1][0] > long
        ? [[point[0] - 1, ...point.slice(1).map(() => null)], point] : [point]));
}

// Columns: times, then values; or times, highs and lows.
function columns(rows) {
    const points = rows.map((row) => {
        const time = Date.parse(row.querySelector('time').dateTime) / 1000;
        const value = row.querySelector('[data-value]');
        return value ? [time, number(value, 'value')]
            : [time, number(row.querySelector('[data-high]'), 'high'), number(row.querySelector('[data-low]'), 'low')];
    }).sort((a, b) => a[0] - b[0]);
    const whole = with_gaps(points);
    return (points[0] ?? []).map((_, i) => whole.map((point) => point[i]));
}

const BRIGHT = { '#ce0000': '#ff9696', '#927200': '#ffc700' }; // of the lines, on a dark ground

function draw_lines(plot, lines, bottom, dark) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.textBaseline = 'alphabetic';
    ctx.font = `${(dark ? Math.max(13, Math.min(24, innerWidth / 120)) : 13) * devicePixelRatio}px sans-serif`;
    for (const [i, line] of lines.filter((one) => one.value >= plot.scales.y.min && one.value <= plot.scales.y.max).entries()) {
        const y = plot.valToPos(line.value, 'y', true);
        ctx.strokeStyle = ctx.fillStyle = (dark && BRIGHT[line.colour]) || line.colour;
        ctx.lineWidth = 1.5 * devicePixelRatio;
        ctx.setLineDash([8, 6]);
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
        const label = typeof line.label === 'string' ? line.label : line.label[document.documentElement.lang];
        ctx.textAlign = i % 2 ? 'right' : 'left'; // neighbours may be close
        ctx.fillText(label, bbox.left + (i % 2 ? bbox.width - 6 * devicePixelRatio : 6 * devicePixelRatio), Math.min(y - 5 * devicePixelRatio, bottom));
    }
    ctx.restore();
}

export async function start(element) {
    const table = document.getElementById(element.dataset.chart);
    const data = columns([...table.tBodies[0].rows]);
    if (!data.length || data[0].length < 2) return;
    const sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = element.dataset.css;
    document.head.append(sheet);
    const { default: uPlot } = await import(element.dataset.lib);
    const lines = JSON.parse(element.dataset.lines);
    const values = data.slice(1).flat().filter((value) => value !== null).concat(lines.map((line) => line.value));
    const low = Math.min(...values), high = Math.max(...values), room = (high - low) * 0.08 || 1;
    const banded = data.length === 3;
    const dark = 'dark' in element.dataset, colour = dark ? '#9db7f9' : '#0017c1', ink = dark ? '#b8c1e0' : '#414143';
    const stroke = { stroke: colour, width: banded ? 1 : dark ? 3 : 2, points: { show: false } };
    const size = Math.max(12, Math.min(24, innerWidth / 110)), font = `${dark ? size : 12}px sans-serif`;
    const axis = { stroke: ink, font, grid: { stroke: dark ? '#2e3860' : '#e6e6e6', width: 1 }, ticks: { stroke: dark ? '#2e3860' : '#d8d8db', width: 1 } };

    element.hidden = false;
    // Where the page gives the chart a height, it is drawn as high.
    const height = () => (element.clientHeight > 120 ? element.clientHeight : Math.max(240, Math.min(420, element.clientWidth * 0.5)));
    const options = {
        width: element.clientWidth, height: height(),
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Asia/Tokyo'),
        legend: { show: false },
        scales: { y: { range: [low - room, high + room] } },
        axes: [{ ...axis, values: [
            [86400 * 365, '{YYYY}', null, null, null, null, null, null, 1],
            [86400 * 28, '{YYYY}/{M}', null, null, null, null, null, null, 1],
            [86400, '{M}/{D}', '\n{YYYY}', null, null, null, null, null, 1],
            [3600, '{H}:{mm}', '\n{M}/{D}', null, '\n{M}/{D}', null, null, null, 1],
            [60, '{H}:{mm}', '\n{M}/{D}', null, '\n{M}/{D}', null, null, null, 1],
        ], space: dark ? 6 * size : 60, size: dark ? 3.6 * size : 50 }, { ...axis, size: dark ? 4 * size : 60 }],
        series: [{}, { label: element.dataset.name, ...stroke, ...(banded ? {} : { fill: `${colour}1f` }) }, ...(banded ? [stroke] : [])],
        bands: banded ? [{ series: [1, 2], fill: `${colour}40` }] : [],
        hooks: { draw: [(plot) => draw_lines(plot, lines, plot.bbox.top + plot.bbox.height - 4, dark)] },
    };
    const plot = new uPlot(options, data, element);
    addEventListener('resize', () => plot.setSize({ width: element.clientWidth, height: height() }));
    element.dataset.ready = 'true';
    table.closest('details').open = false;
}

// The chart of a table: its rows hold <time datetime> and a cell with data-value.
export async function start(element) {
    const sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = element.dataset.css;
    document.head.append(sheet);
    const rows = [...document.getElementById(element.dataset.chart).tBodies[0].rows];
    const points = rows.map((row) => [
        Date.parse(row.querySelector('time').dateTime) / 1000,
        Number(row.querySelector('[data-value]').dataset.value),
    ]).sort((a, b) => a[0] - b[0]);
    if (points.length < 2) return;
    const { default: uPlot } = await import(element.dataset.lib);
    const lines = JSON.parse(element.dataset.lines);
    const values = points.map((point) => point[1]).concat(lines.map((line) => line.value));
    const low = Math.min(...values), high = Math.max(...values), room = (high - low) * 0.08 || 1;

    function draw_lines(plot) {
        const { ctx, bbox } = plot;
        ctx.save();
        ctx.textAlign = 'left';
        ctx.textBaseline = 'alphabetic';
        ctx.font = `${14 * devicePixelRatio}px sans-serif`;
        for (const line of lines) {
            const y = plot.valToPos(line.value, 'y', true);
            ctx.strokeStyle = ctx.fillStyle = line.colour || '#ac3e00';
            ctx.setLineDash([8, 6]);
            ctx.beginPath();
            ctx.moveTo(bbox.left, y);
            ctx.lineTo(bbox.left + bbox.width, y);
            ctx.stroke();
            const label = typeof line.label === 'string' ? line.label : line.label[document.documentElement.lang];
            ctx.fillText(label, bbox.left + 6, y - 6);
        }
        ctx.restore();
    }

    element.hidden = false;
    const options = {
        width: element.clientWidth, height: Math.max(240, Math.min(420, element.clientWidth * 0.5)),
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Asia/Tokyo'),
        legend: { show: false },
        scales: { y: { range: [low - room, high + room] } },
        axes: [{ values: [
            [86400, '{M}/{D}', null, null, null, null, null, null, 1],
            [3600, '{H}:{mm}', '\n{M}/{D}', null, '\n{M}/{D}', null, null, null, 1],
            [60, '{H}:{mm}', '\n{M}/{D}', null, '\n{M}/{D}', null, null, null, 1],
        ] }, { size: 60 }],
        series: [{}, { label: element.dataset.name, stroke: '#0017c1', width: 2, fill: '#0017c114' }],
        hooks: { draw: [draw_lines] },
    };
    const plot = new uPlot(options, [points.map((p) => p[0]), points.map((p) => p[1])], element);
    addEventListener('resize', () => plot.setSize({ width: element.clientWidth, height: options.height }));
    element.dataset.ready = 'true';
    document.getElementById(element.dataset.chart).closest('details').open = false;
}

// Starts the real program with the starter city in a folder of its own, on any free port, and stops what it started. The
// folder is a copy of the city that the run has made (test/city.py), or made anew when there is none.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = process.env.MACHI_BIN ?? join(process.env.MACHI_BUILD ?? 'build', 'src/machi');
const MADE = process.env.TEST_CITY;

export async function city(flags = ['--starter']) {
    const folder = await mkdtemp(join(tmpdir(), 'machi-city-'));
    const data = join(folder, 'data');
    if (MADE && flags.includes('--starter')) await cp(MADE, data, { recursive: true });
    const child = spawn(BIN, ['serve', '--data', data, '--listen', '127.0.0.1:0', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '', log = '';
    child.stderr.on('data', (bytes) => { log += bytes; });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    await new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`machi did not start in time: ${log}`)), 120_000);
        child.on('exit', (code) => reject(new Error(`machi ended with ${code}: ${log}`)));
        child.stdout.on('data', (bytes) => {
            text += bytes;
            if (!/listens on \S+\n/.test(text) || (flags.includes('--starter') && !/operator +with password \S+\n/.test(text))) return;
            clearTimeout(late);
            resolve();
        });
    });
    const url = /listens on (\S+)\n/.exec(text)[1];
    const passwords = Object.fromEntries([...text.matchAll(/sign in as (\S+) +with password (\S+)/g)].map((m) => [m[1], m[2]]));
    return {
        url, data, passwords, bin: BIN,
        log: () => log,
        async close() {
            child.kill('SIGTERM');
            const code = await ended;
            await rm(folder, { recursive: true, force: true });
            return code;
        },
    };
}

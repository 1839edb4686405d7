// Starts the real program with the starter city in a folder of its own, on any free port, and stops what it started. The
// folder is a copy of the city that the run has made (test/city.py), or made anew when there is none.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = process.env.MACHI_BIN ?? join(process.env.MACHI_BUILD ?? 'build', 'src/machi');
const MADE = process.env.TEST_CITY;

// One life of the program on a folder; resolves once it serves.
async function life(data, listen, flags) {
    const child = spawn(BIN, ['serve', '--data', data, '--listen', listen, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    const one = { child, text: '', log: '' };
    child.stderr.on('data', (bytes) => { one.log += bytes; });
    one.ended = new Promise((resolve) => child.on('exit', resolve));
    await new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`machi did not start in time: ${one.log}`)), 120_000);
        child.on('exit', (code) => reject(new Error(`machi ended with ${code}: ${one.log}`)));
        child.stdout.on('data', (bytes) => {
            one.text += bytes;
            if (!/listens on \S+\n/.test(one.text) || (flags.includes('--starter') && !/operator +with password \S+\n/.test(one.text))) return;
            clearTimeout(late);
            resolve();
        });
    });
    return one;
}

export async function city(flags = ['--starter']) {
    const folder = await mkdtemp(join(tmpdir(), 'machi-city-'));
    const data = join(folder, 'data');
    if (MADE && flags.includes('--starter')) await cp(MADE, data, { recursive: true });
    let now = await life(data, '127.0.0.1:0', flags), log = '';
    const url = /listens on (\S+)\n/.exec(now.text)[1];
    const passwords = Object.fromEntries([...now.text.matchAll(/sign in as (\S+) +with password (\S+)/g)].map((m) => [m[1], m[2]]));
    return {
        url, data, passwords, bin: BIN,
        log: () => log + now.log,
        // As by a power cut, but for what the kernel still writes; and on again at the same address.
        async kill() {
            now.child.kill('SIGKILL');
            await now.ended;
            log += now.log;
        },
        async again() { now = await life(data, new URL(url).host, flags); },
        async close() {
            now.child.kill('SIGTERM');
            const code = await now.ended;
            await rm(folder, { recursive: true, force: true });
            return code;
        },
    };
}

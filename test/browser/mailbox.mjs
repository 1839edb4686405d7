// A mail server on the loopback (smtp-server): keeps what it takes, and behaves as it is told.
import { SMTPServer } from 'smtp-server';

const word = (text) => text.replace(/\r\n[ \t]+/g, ' ').replace(/=\?UTF-8\?B\?([^?]*)\?=(\s+(?==\?))?/g, (_, bytes) => Buffer.from(bytes, 'base64').toString());

function letter(raw, to) {
    const head = raw.split('\r\n\r\n')[0], headers = {};
    const text = /Content-Type: text\/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n([^-]+)/.exec(raw)[1];
    for (const [, name, value] of head.replace(/\r\n[ \t]+/g, '\r\n ').matchAll(/^([\w-]+): ((?:.*(?:\r\n .*)*))$/gm)) headers[name.toLowerCase()] = word(value);
    return { raw, to, headers, text: Buffer.from(text, 'base64').toString() };
}

export async function mailbox() {
    const box = { letters: [], tried: {}, refuse: {}, hang: {}, holds: false, held: null };
    const server = new SMTPServer({
        authOptional: true, disabledCommands: ['AUTH', 'STARTTLS'], disableReverseLookup: true, logger: false,
        onRcptTo({ address }, session, done) {
            box.tried[address] = (box.tried[address] ?? 0) + 1;
            if (box.hang[address]) return; // says nothing
            const code = box.refuse[address];
            done(code && Object.assign(new Error('not now or never'), { responseCode: code }));
        },
        onData(stream, session, done) {
            let raw = '';
            stream.on('data', (bytes) => { raw += bytes; });
            stream.on('end', () => {
                box.letters.push(letter(raw, session.envelope.rcptTo[0].address));
                if (box.holds) box.held = done; else done(); // taken, but not said yet
            });
        },
    });
    server.on('error', () => {}); // a client that is killed
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    box.url = `smtp://127.0.0.1:${server.server.address().port}`;
    // The nth letter to an address, once it has come.
    box.wait = async (to, n = 1) => {
        for (let i = 0; i < 1500; i++) {
            const found = box.letters.filter((one) => one.to === to);
            if (found.length >= n) return found[n - 1];
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
        throw new Error(`no letter to ${to} in 15 s`);
    };
    box.close = () => new Promise((resolve) => server.close(resolve));
    return box;
}

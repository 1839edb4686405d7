#!/usr/bin/env python3
"""A payment provider to try machi with: it takes no money and keeps nothing. Speaks doc/payments.md.

    tool/pay-sandbox.py --key FILE --city http://127.0.0.1:8080 [--listen 127.0.0.1:8090] [--name sandbox]

prints the address on which it listens. Its page asks whether the payment succeeds. How its callbacks go wrong is set by
--knobs or, while it runs, by POST /knobs: a JSON object of `late` (seconds), `twice`, `reordered` (a failure is told
after the success, though it was before), `lost` (none is sent), `refuse` (refunds fail); each false or 0 at first.
"""
import argparse
import csv
import hashlib
import hmac
import html
import io
import json
import re
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WINDOW = 300  # seconds between the time of a signature and now
LASTS = 3600  # seconds in which a session is paid
BODY_MAX = 1 << 16
TRIES = 8
PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><h1>{title}</h1><p>{number}</p><p><b>{amount} 円</b></p>
<form method="post"><button name="do" value="pay">{pay}</button> <button name="do" value="fail">{fail}</button></form>
<p><a href="{back}">{stop}</a></p></html>"""
WORDS = {
    'ja': {'title': '支払いのお試し（お金は動きません）', 'pay': '支払う', 'fail': '支払いを失敗させる', 'stop': '支払わずに戻る'},
    'en': {'title': 'A trial payment: no money moves', 'pay': 'Pay', 'fail': 'Let it fail', 'stop': 'Back without paying'},
}


def now_text(at=None):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(at))


class Provider:
    """What it knows: sessions by the city's id, payments by its own, refunds by the payment."""

    def __init__(self, key, city, name, knobs):
        self.key, self.city, self.name, self.knobs = key, city.rstrip('/'), name, dict(knobs)
        self.lock = threading.Lock()
        self.sessions, self.payments, self.refunds = {}, {}, {}

    def sign(self, message):
        return 'v1=' + hmac.new(self.key, message.encode(), hashlib.sha256).hexdigest()

    def open(self, asked):
        with self.lock:
            known = self.sessions.get(asked['session'])
            if known:
                return known
            session = dict(asked, state='open', page=secrets.token_hex(16), began=time.time())
            self.sessions[asked['session']] = session
            return session

    def found(self, page):
        return next((one for one in self.sessions.values() if one['page'] == page), None)

    def look(self, session):
        with self.lock:
            if session['state'] == 'open' and time.time() - session['began'] > LASTS:
                session['state'] = 'expired'
            return session

    def settle(self, session, pays):
        """Somebody pressed: the truth is kept first, then told."""
        with self.lock:
            if session['state'] == 'paid':
                return
            events = [self.event(session, 'payment.failed')]
            session['state'] = 'failed'
            if pays:
                payment = {'payment': 'pay_' + secrets.token_hex(12), 'amount': session['amount'],
                           'reference': session['reference'], 'at': now_text()}
                self.payments[payment['payment']] = payment
                session.update(payment, state='paid')
                late = events[0]
                events = [self.event(session, 'payment.succeeded')]
                if self.knobs.get('reordered'):
                    events.append(late)
        self.tell(events)

    def event(self, about, kind):
        return {'event': 'evt_' + secrets.token_hex(12), 'type': kind, 'session': about.get('session', ''),
                'payment': about.get('payment', ''), 'reference': about['reference'],
                'amount': about.get('amount', 0), 'at': about.get('at', now_text())}

    def refund(self, asked):
        with self.lock:
            if asked['payment'] in self.refunds:
                return self.refunds[asked['payment']]
            payment = self.payments.get(asked['payment'])
            good = payment and payment['amount'] == asked['amount'] and not self.knobs.get('refuse')
            refund = {'state': 'pending' if good else 'failed', 'at': now_text()}
            if payment:
                self.refunds[asked['payment']] = refund
            if not good:
                return refund
        refund['state'] = 'succeeded'
        self.tell([self.event(payment, 'refund.succeeded')])
        return {'state': 'pending', 'at': refund['at']}

    def tell(self, events):
        if self.knobs.get('lost'):
            return
        rounds = 2 if self.knobs.get('twice') else 1
        threading.Thread(target=self.tell_all, args=(events * rounds,), daemon=True).start()

    def tell_all(self, events):
        time.sleep(float(self.knobs.get('late') or 0))
        for event in events:
            self.call(event)

    def call(self, event):
        """Says it until the city has taken it in, or refuses it for good."""
        body = json.dumps(event)
        for n in range(TRIES):
            at = str(int(time.time()))
            request = urllib.request.Request(f'{self.city}/pay/callback/{self.name}', body.encode(), {
                'Content-Type': 'application/json', 'Machi-Time': at, 'Machi-Signature': self.sign(f'{at}.{body}')})
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 409:
                    return error.code
            except OSError:
                pass
            time.sleep(min(0.2 * 2 ** n, 5))
        return None

    def account(self):
        """The reconciliation file: a line for each payment and refund."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(['payment', 'reference', 'kind', 'amount', 'at'])
        with self.lock:
            for one in self.payments.values():
                writer.writerow([one['payment'], one['reference'], 'payment', one['amount'], one['at']])
            for name, refund in self.refunds.items():
                if refund['state'] != 'succeeded':
                    continue
                one = self.payments[name]
                writer.writerow([name, one['reference'], 'refund', one['amount'], refund['at']])
        return out.getvalue()


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind='application/json', more=()):
        data = (json.dumps(body) if kind == 'application/json' else body).encode()
        self.send_response(status)
        for name, value in (('Content-Type', f'{kind}; charset=utf-8'), ('Content-Length', str(len(data))), *more):
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(data)
        except BrokenPipeError:
            pass  # who asked is gone, and asks again

    def body(self):
        return self.rfile.read(min(int(self.headers.get('Content-Length') or 0), BODY_MAX)).decode()

    def signed(self, body):
        at = self.headers.get('Machi-Time', '')
        wanted = self.server.provider.sign(f'{at}.{self.command} {self.path}.{body}')
        fresh = at.isdigit() and abs(time.time() - int(at)) <= WINDOW
        return fresh and hmac.compare_digest(wanted, self.headers.get('Machi-Signature', ''))

    def page(self, session):
        words = WORDS.get(session.get('language'), WORDS['ja'])
        return PAGE.format(**words, language=html.escape(session.get('language', 'ja')), number=html.escape(session['number']),
                           amount=session['amount'], back=html.escape(session['back']))

    def do_GET(self):
        provider, path = self.server.provider, urllib.parse.urlsplit(self.path).path
        session = re.fullmatch(r'/v1/sessions/([0-9a-z]+)', path)
        hosted = re.fullmatch(r'/pay/([0-9a-f]+)', path)
        if hosted and provider.found(hosted.group(1)):
            return self.answer(200, self.page(provider.found(hosted.group(1))), 'text/html')
        if path == '/account.csv':
            return self.answer(200, provider.account(), 'text/csv')
        if not session:
            return self.answer(404, {'error': 'no such address'})
        if not self.signed(''):
            return self.answer(403, {'error': 'not signed'})
        found = provider.sessions.get(session.group(1))
        if not found:
            return self.answer(404, {'error': 'no such session'})
        found = provider.look(found)
        return self.answer(200, {name: found[name] for name in ('state', 'payment', 'amount', 'at') if name in found})

    def do_POST(self):
        provider, body = self.server.provider, self.body()
        hosted = re.fullmatch(r'/pay/([0-9a-f]+)', self.path)
        if hosted and provider.found(hosted.group(1)):
            session = provider.found(hosted.group(1))
            provider.settle(session, 'pay' in urllib.parse.parse_qs(body).get('do', []))
            return self.answer(303, '', 'text/html', [('Location', session['back'])])
        if self.path == '/knobs':
            provider.knobs = json.loads(body)
            return self.answer(200, provider.knobs)
        if not self.signed(body):
            return self.answer(403, {'error': 'not signed'})
        if self.path == '/v1/sessions':
            session = provider.open(json.loads(body))
            here = f'http://{self.headers["Host"]}'
            return self.answer(201, {'url': f'{here}/pay/{session["page"]}'})
        if self.path == '/v1/refunds':
            return self.answer(200, provider.refund(json.loads(body)))
        return self.answer(404, {'error': 'no such address'})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--key', required=True, help='the file of the key, pay.key of the city')
    parser.add_argument('--city', required=True, help='where the city is reached, http://HOST:PORT')
    parser.add_argument('--listen', default='127.0.0.1:8090')
    parser.add_argument('--name', default='sandbox', help='pay.provider of the city')
    parser.add_argument('--knobs', type=json.loads, default={})
    options = parser.parse_args()
    host, port = options.listen.rsplit(':', 1)
    with open(options.key, 'rb') as file:
        key = file.read().strip()
    server = ThreadingHTTPServer((host, int(port)), Handler)
    server.provider = Provider(key, options.city, options.name, options.knobs)
    print(f'http://{host}:{server.server_address[1]}', flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()

"""Fees paid online, over a real server and the sandbox provider: once and never lost, whatever is repeated, late, out of order,
forged or lost on the way, and whenever the server is killed.

    test_pay.py MACHI tool/pay-sandbox.py starter/procedures/dog-registration.json
"""
import hashlib
import hmac
import html
import http.client
import importlib.util
import json
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from http.server import ThreadingHTTPServer

MACHI, SANDBOX, DEFINITION = sys.argv[1:4]
KEY = b'0123456789abcdef0123456789abcdef'
spec = importlib.util.spec_from_file_location('pay_sandbox', SANDBOX)
sandbox = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sandbox)
with open(DEFINITION, encoding='utf-8') as file:
    DOG = json.load(file)
FORM = {'Content-Type': 'application/x-www-form-urlencoded'}


class Machi:
    """A server on one port, however often it is killed."""

    def __init__(self, folder, *settings):
        self.folder, self.settings, self.port, self.process = folder, settings, 0, None
        self.start()

    def start(self):
        with open(f'{self.folder}.log', 'ab') as log:
            self.process = subprocess.Popen([MACHI, 'serve', '--data', str(self.folder), '--listen', f'127.0.0.1:{self.port}',
                                             *self.settings], stdout=subprocess.PIPE, stderr=log, text=True)
        signal.alarm(60)
        said = self.process.stdout.readline()
        signal.alarm(0)
        self.port = int(re.search(r':(\d+)$', said).group(1))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0, self.process.returncode

    def log(self):
        return pathlib.Path(f'{self.folder}.log').read_text(encoding='utf-8')

    def ask(self, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer
        finally:
            connection.close()


class Browser:
    def __init__(self, machi):
        self.machi, self.cookies, self.csrf, self.policy = machi, {}, None, ''

    def ask(self, method, path, form=None):
        headers = {'Cookie': '; '.join(f'{name}={value}' for name, value in self.cookies.items()), **(FORM if form is not None else {})}
        body = None if form is None else urllib.parse.urlencode({'csrf': self.csrf, **form}, doseq=True)
        status, text, answer = self.machi.ask(method, path, body, headers)
        self.policy = answer.getheader('Content-Security-Policy') or ''
        for line in answer.headers.get_all('Set-Cookie') or []:
            name, value = line.split(';')[0].split('=', 1)
            self.cookies[name] = value
        found = re.search(r'name="csrf" value="([^"]+)"', text)
        self.csrf = found.group(1) if found else self.csrf
        return status, text, answer.getheader('Location') or ''


def applied(machi):
    """A browser whose dog's fee is due, and the address of its case."""
    browser, base, answers = Browser(machi), '/procedures/dog-registration', DOG['examples'][0]['answers']
    browser.ask('GET', base)
    status, text, place = browser.ask('POST', base + '/begin', {})
    while status == 303 and '/ask/' in place:
        page = next(one for one in DOG['pages'] if place.endswith('/' + one['id']))
        status, text, place = browser.ask('POST', place, {f['id']: answers.get(f['id'], '') for f in page['fields']})
    assert place.endswith('/check'), (status, place, text)
    place = browser.ask('POST', place, {})[2]
    assert place.endswith('/receipt'), place
    return browser, place[:-len('/receipt')]


def begun(browser, case):
    """Goes to the provider's page; the session there."""
    browser.ask('GET', case)
    status, text, place = browser.ask('POST', case + '/pay', {})
    assert status == 303 and '/pay/' in place, (status, text)
    return place


def pressed(place, what='pay'):
    """On the provider's own page."""
    parts = urllib.parse.urlsplit(place)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request('POST', parts.path, urllib.parse.urlencode({'do': what}), FORM)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.getheader('Location')


def shows(browser, case, *texts, without=()):
    """The case's page, once it shows all of these."""
    end = time.time() + 15
    while True:
        page = html.unescape(browser.ask('GET', case)[1])
        if all(text in page for text in texts):
            assert not any(text in page for text in without), page
            return page
        assert time.time() < end, (texts, re.sub(r'<[^>]+>', ' ', page[page.find('手数料の納付'):])[:800])
        time.sleep(0.1)


def paid_once(browser, case):
    shows(browser, case, '納付済', without=('重ねて支払われました',))


def callback(machi, event, at=None, key=KEY, name='sandbox'):
    body, at = event if isinstance(event, str) else json.dumps(event), str(int(time.time() if at is None else at))
    signed = 'v1=' + hmac.new(key, f'{at}.{body}'.encode(), hashlib.sha256).hexdigest()
    return machi.ask('POST', f'/pay/callback/{name}', body, {'Content-Type': 'application/json', 'Machi-Time': at, 'Machi-Signature': signed})[0]


def told(session, **other):
    return {'event': 'evt_' + secrets.token_hex(8), 'type': 'payment.succeeded', 'session': session['session'], 'payment': 'pay_' + secrets.token_hex(8),
            'reference': session['reference'], 'amount': session['amount'], 'at': sandbox.now_text(), **other}


def last(provider):
    return list(provider.sessions.values())[-1]


# ---- tests

def one_pays_and_sees_it(machi, provider):
    browser, case = applied(machi)
    page = shows(browser, case, '未納', '3,000円', 'オンラインで支払う')
    origin = machi.settings[machi.settings.index('--pay.url') + 1]
    assert f"form-action 'self' {origin};" in browser.policy + ';', browser.policy
    assert case not in json.dumps(provider.sessions) and '納期限' in page
    back = pressed(begun(browser, case))
    assert back.endswith('/pay/return'), back
    assert case.split('/')[-1] not in json.dumps(provider.sessions), 'the provider was told the address of the case'
    assert browser.ask('GET', '/pay/return')[2] == case
    paid_once(browser, case)
    assert browser.ask('POST', case + '/pay', {})[2] == case, 'it was paid: nothing leads to the provider'


def repeated_late_and_out_of_order_it_is_paid_once(machi, provider):
    provider.knobs = {'twice': True, 'reordered': True, 'late': 0.3}
    browser, case = applied(machi)
    pressed(begun(browser, case))
    shows(browser, case, '決済事業者からの確認を待っています')
    paid_once(browser, case)
    time.sleep(0.5)
    paid_once(browser, case)


def a_lost_callback_is_asked_for(machi, provider):
    provider.knobs = {'lost': True}
    browser, case = applied(machi)
    pressed(begun(browser, case))
    browser.ask('GET', '/pay/return')
    paid_once(browser, case)


def forged_and_old_ones_are_refused(machi, provider):
    browser, case = applied(machi)
    begun(browser, case)
    event = told(last(provider))
    assert callback(machi, event, key=b'another key of thirty-two bytes.') == 403
    assert callback(machi, event, at=time.time() - 600) == 403
    assert callback(machi, event, at=time.time() + 600) == 403
    assert callback(machi, event, name='other') == 404
    assert callback(machi, dict(event, reference='0' * 26)) == 404
    for member in ('event', 'type', 'reference', 'payment', 'at'):
        assert callback(machi, dict(event, **{member: ''})) == 422, member
    assert callback(machi, dict(event, amount=0)) == 422
    assert callback(machi, '{') == 422
    assert machi.log().count('bad-signature') == 1 and machi.log().count('bad-time') == 0, machi.log()  # once a minute
    assert machi.log().count('bad-event') == 5 and 'no-payment' in machi.log(), machi.log()
    shows(browser, case, '未納')
    assert callback(machi, event) == 204 and callback(machi, event) == 204
    assert callback(machi, dict(event, event='evt_other')) == 204
    paid_once(browser, case)
    assert callback(machi, told(last(provider))) == 204
    shows(browser, case, '納付済', '重ねて支払われました', '還付の判断待ち')


def a_failure_is_told_and_tried_again(machi, provider):
    browser, case = applied(machi)
    pressed(begun(browser, case), 'fail')
    shows(browser, case, '前回の支払いは成立しませんでした', 'もう一度オンラインで支払う')
    pressed(begun(browser, case))
    paid_once(browser, case)


def what_comes_after_the_end_is_not_lost(machi, provider):
    browser, case = applied(machi)
    place = begun(browser, case)
    browser.ask('GET', case)
    assert browser.ask('POST', case + '/move', {'move': 'withdraw'})[0] == 303
    shows(browser, case, '納付不要')
    pressed(place)
    shows(browser, case, '還付の手続中', '申請が終わった手数料です')


def a_provider_that_is_silent_takes_nothing(machi, provider):
    browser, case = applied(machi)
    browser.ask('GET', case)
    open_ = provider.open
    provider.open = lambda asked: {'page': 'x' * 70000}
    status, text, _ = browser.ask('POST', case + '/pay', {})
    again = browser.ask('POST', case + '/pay', {})
    provider.open = open_
    assert status == 503 and '決済事業者につながりません' in text and 'お金は引き落とされていません' in text, (status, text)
    assert machi.log().count('no page to pay on') == 1, machi.log()  # once a minute
    assert again[0] == 503 and '重ねて支払わずに' in again[1] and '引き落とされていません' not in again[1], again
    shows(browser, case, '未納')
    pressed(begun(browser, case))
    paid_once(browser, case)


def killed_before_the_redirect_it_is_one_session(machi, provider):
    """Between the session and the redirect: the provider knows it, the browser doesn't."""
    browser, case = applied(machi)
    browser.ask('GET', case)
    known, open_ = len(provider.sessions), provider.open

    def slow(asked):
        session = open_(asked)
        machi.kill()
        return session
    provider.open = slow
    try:
        browser.ask('POST', case + '/pay', {})
        raise AssertionError('it answered, though it was killed')
    except (OSError, http.client.HTTPException):
        pass
    provider.open = open_
    machi.start()
    shows(browser, case, '決済事業者からの確認を待っています', '支払いの画面に戻る')
    place = begun(browser, case)
    assert len(provider.sessions) == known + 1, 'the same try is another session'
    pressed(place)
    paid_once(browser, case)


def killed_around_the_commit_it_is_posted_once(machi, provider):
    """The provider says it until it hears that it is kept: whether the kill came before or after the commit."""
    provider.knobs = {'lost': True}
    before = after = 0
    for delay in (0, 0.001, 0.002, 0.004, 0.008):
        browser, case = applied(machi)
        begun(browser, case)
        event, heard = told(last(provider)), []
        caller = threading.Thread(target=lambda: heard.append(said(machi, event)))
        caller.start()
        time.sleep(delay)
        machi.kill()
        caller.join()
        machi.start()
        kept = '納付済' in browser.ask('GET', case)[1]
        assert kept or heard != [204], 'it was told as kept, and is lost'
        before, after = before + (not kept), after + kept
        assert callback(machi, event) == 204
        paid_once(browser, case)
    print(f'# killed before the commit: {before}, after: {after}')


def said(machi, event):
    try:
        return callback(machi, event)
    except (OSError, http.client.HTTPException):
        return None


def a_provider_that_refuses_is_told_to_the_operator(machi, provider):
    machi_key, provider.key = provider.key, b'another key of thirty-two bytes.'
    browser, case = applied(machi)
    browser.ask('GET', case)
    assert browser.ask('POST', case + '/pay', {})[0] == 503
    until(lambda: 'check that pay.key is its key' in machi.log(), 5, 'it refuses, and nobody is told')
    provider.key = machi_key
    pressed(begun(browser, case))
    paid_once(browser, case)


def stopped_while_somebody_is_on_the_way(machi, provider):
    """Who waits for the provider is told that it is silent; nobody waits for it, neither the poll nor the end."""
    browsers = [applied(machi) for _ in range(3)]
    for browser, case in browsers:
        begun(browser, case)
    browser, case = applied(machi)
    browser.ask('GET', case)
    open_, look, silent, heard = provider.open, provider.look, threading.Event(), []
    looked, opened = threading.Event(), threading.Event()

    def wait(reached, asked, before):
        reached.set()
        silent.wait(30)
        return before(asked)
    provider.look = lambda session: wait(looked, session, look)
    provider.open = lambda asked: wait(opened, asked, open_)
    assert looked.wait(10), 'nothing is asked for'
    caller = threading.Thread(target=lambda: heard.append(browser.ask('POST', case + '/pay', {})))
    caller.start()
    assert opened.wait(10), 'nobody goes to the provider'
    began = time.time()
    machi.stop()
    took = time.time() - began
    caller.join()
    provider.open, provider.look = open_, look
    silent.set()
    assert heard and heard[0][0] == 503 and '決済事業者につながりません' in heard[0][1], heard
    assert took < 4, f'the end waited {took:.1f} s for the provider'
    machi.start()
    shows(browser, case, '未納')


def private(path, secret):
    path.write_bytes(secret)
    path.chmod(0o600)
    return path


def served(folder, every):
    """A city and its provider."""
    server = ThreadingHTTPServer(('127.0.0.1', 0), sandbox.Handler)
    private(folder / 'pay.key', KEY + b'\n')
    machi = Machi(folder / f'data-{every}', '--pay.provider', 'sandbox', '--pay.url', f'http://127.0.0.1:{server.server_address[1]}',
                  '--pay.key', str(folder / 'pay.key'), '--pay.every', every)
    server.provider = sandbox.Provider(KEY, f'http://127.0.0.1:{machi.port}', 'sandbox', {})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return machi, server.provider


def until(holds, seconds, what):
    end = time.time() + seconds
    while not holds():
        assert time.time() < end, what
        time.sleep(0.1)


def who_comes_back_has_it_asked_for_and_no_more_often(folder):
    machi, provider = served(folder, '1h')
    asked, look = [], provider.look
    provider.look = lambda session: asked.append(1) or look(session)
    browser, case = applied(machi)
    begun(browser, case)
    time.sleep(2.2)  # who has just gone to the provider is not asked for
    for cookie in ('', 'machi_pay=//elsewhere.example'):
        assert machi.ask('GET', '/pay/return', headers={'Cookie': cookie})[0] == 303
    time.sleep(0.7)
    assert not asked, 'whoever comes has the provider asked'
    assert browser.ask('GET', '/pay/return')[2] == case
    until(lambda: asked, 3, 'nothing was asked')
    came = {'Cookie': f'machi_pay={case}'}
    machi.ask('GET', '/pay/return', headers=came)
    time.sleep(1)
    assert len(asked) == 1, 'asked again at once'
    until(lambda: len(asked) == 2, 6, 'who came back meanwhile was forgotten')
    machi.stop()


def the_sandbox_gives_nothing_back_that_it_refused(_):
    provider = sandbox.Provider(KEY, 'http://127.0.0.1:9', 'sandbox', {'lost': True, 'refuse': True})
    provider.payments['pay_1'] = {'payment': 'pay_1', 'reference': 'r', 'amount': 300, 'at': sandbox.now_text()}
    asked = {'payment': 'pay_1', 'reference': 'r', 'amount': 300}
    assert provider.refund(asked)['state'] == 'failed'
    provider.knobs['refuse'] = False
    assert provider.refund(asked)['state'] == 'failed', 'the same request has another answer'
    assert ',refund,' not in provider.account()


def without_a_provider_the_counter_is_named(folder):
    machi = Machi(folder / 'none')
    browser, case = applied(machi)
    shows(browser, case, 'オンラインでは支払えません', '窓口')
    assert browser.ask('POST', case + '/pay', {})[0] == 404
    assert callback(machi, {}) == 404
    machi.stop()


def wrong_settings_are_refused(folder):
    private(folder / 'short', b'short')
    private(folder / 'key', KEY)
    (folder / 'open').write_bytes(KEY)
    (folder / 'open').chmod(0o644)
    for settings, says in ((('--pay.provider', 'Bank', '--pay.url', 'https://pay.example.jp', '--pay.key', str(folder / 'key')), 'pay.provider'),
                           (('--pay.provider', 'bank', '--pay.url', 'http://pay.example.jp', '--pay.key', str(folder / 'key')), 'pay.url'),
                           (('--pay.provider', 'bank', '--pay.url', 'https://pay.example.jp', '--pay.key', str(folder / 'short')), 'pay.key'),
                           (('--pay.provider', 'bank', '--pay.url', 'https://pay.example.jp', '--pay.key', str(folder / 'open')), 'chmod 0600'),
                           (('--pay.provider', 'bank', '--pay.url', 'https://pay.example.jp'), 'pay.key')):
        done = subprocess.run([MACHI, 'serve', '--data', str(folder / 'wrong'), '--listen', '127.0.0.1:0', *settings],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0 and says in done.stderr, (settings, done.stderr)


TESTS = (one_pays_and_sees_it, repeated_late_and_out_of_order_it_is_paid_once, a_lost_callback_is_asked_for, forged_and_old_ones_are_refused,
         a_failure_is_told_and_tried_again, what_comes_after_the_end_is_not_lost, a_provider_that_is_silent_takes_nothing,
         a_provider_that_refuses_is_told_to_the_operator, stopped_while_somebody_is_on_the_way,
         killed_before_the_redirect_it_is_one_session, killed_around_the_commit_it_is_posted_once)
ALONE = (the_sandbox_gives_nothing_back_that_it_refused, who_comes_back_has_it_asked_for_and_no_more_often,
         without_a_provider_the_counter_is_named, wrong_settings_are_refused)


def main():
    with tempfile.TemporaryDirectory(prefix='machi-pay-') as name:
        folder = pathlib.Path(name)
        machi, provider = served(folder, '200ms')
        print(f'1..{len(TESTS) + len(ALONE)}')
        for n, test in enumerate(TESTS, 1):
            provider.knobs, began = {}, time.time()
            test(machi, provider)
            print(f'ok {n} - {test.__name__.replace("_", " ")} # {time.time() - began:.1f} s', flush=True)
        machi.stop()
        for n, test in enumerate(ALONE, len(TESTS) + 1):
            test(folder)
            print(f'ok {n} - {test.__name__.replace("_", " ")}', flush=True)


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""What is kept out at the door: other Hosts than the city's, guesses of passwords, and values of forms, paths and queries that
must not reach a header. After each the server still answers."""
import html
import http.client
import json
import re
import socket
import sys
import tempfile
import urllib.parse

from walk_routes import Browser, Machi, tell

HOSTILE = ['a\r\nX-Injected: 1', 'a\n\nX-Injected: 1', 'a\rb', 'a\0b', '\x7f\x1b[2J', '/\t/evil.example', 'x' * 65536,
           '//evil.example/', 'https://evil.example/', '/\\evil.example', '\u2028あ', '"><script>', '%0d%0aX-Injected: 1', '\ud7ff' * 3]
SETTINGS = {'MACHI_HTTP_HOSTS': 'city.example.jp, www.city.example.jp', 'MACHI_HTTP_SECURE': 'yes',
            'MACHI_HTTP_PROXIES': '127.0.0.1', 'MACHI_HTTP_NETWORK_SENDS': '60', 'MACHI_HTTP_NETWORK_READS': '30'}


def raw(machi, method, target, headers, body=b''):
    """The answer to a request whose target is sent as it is."""
    connection = http.client.HTTPConnection('127.0.0.1', machi.port, timeout=60)
    connection.putrequest(method, '/', skip_host=True, skip_accept_encoding=True)
    connection._buffer[0] = f'{method} {target} HTTP/1.1'.encode('ascii')
    for name, value in dict({'Host': 'localhost', 'Content-Length': str(len(body))}, **headers).items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    answer.text = answer.read(1 << 22).decode('utf-8', 'replace')
    connection.close()
    return answer


def hosts(machi, rows):
    faults = []
    for host, status in rows:
        for path in ('/', '/ngsi-ld/v1/types', '/assets/none', '/no-such-page', '/ngsi-ld/v1/none'):
            answer = raw(machi, 'GET', path, {'Host': host})
            if (answer.status == 421) != (status == 421):
                faults.append(f'Host {host} {path}: {answer.status}, not {status}')
            if answer.status == 421 and 'http.hosts' not in answer.text:
                faults.append('a foreign Host is refused without a word')
    return faults


def guess(machi, login, client):
    browser = Browser(machi, 'nobody')
    headers = {'X-Forwarded-For': f'198.51.100.7, {client}'}
    csrf = re.search(r'name="csrf" value="([^"]+)"', browser.ask('GET', '/sign-in').text).group(1)
    form = {'csrf': csrf, 'account': login, 'password': 'wrong horse battery'}
    return browser.ask('POST', '/sign-in', form, headers)


def guesses(machi):
    faults = []
    statuses = [guess(machi, 'clerk', '203.0.113.1').status for _ in range(11)]
    if statuses != [422] * 10 + [429]:
        faults.append(f'eleven guesses at one login: {statuses}')
    statuses = [guess(machi, f'login-{i}', '203.0.113.2').status for i in range(51)]
    if statuses != [422] * 50 + [429]:
        faults.append(f'51 guesses from one address: {statuses}')
    answer = guess(machi, 'another', '203.0.113.2')
    if not answer.headers.get('Retry-After', '').isdigit():
        faults.append('429 without Retry-After')
    if guess(machi, 'another', '203.0.113.3').status != 422:
        faults.append('guesses from one address keep others out')
    return faults


def paces(machi):
    """So many requests of a network as may be, the next one, and what else is taken."""
    def ask(method, target, client):
        return raw(machi, method, target, {'X-Forwarded-For': f'203.0.113.77, {client}'})
    faults = []
    for method, target, many in (('POST', '/report', 60), ('GET', '/ngsi-ld/v1/types', 30)):
        kind = f'{method} {target}'
        statuses = [ask(method, target, f'2001:db8:0:1::{i}').status for i in range(1, many + 1)]
        if 429 in statuses:
            faults.append(f'{kind}: fewer than {many}')
        answer = ask(method, target, '2001:db8:0:1:ffff::9')
        if answer.status != 429 or not 1 <= int(answer.headers.get('Retry-After', '0')) <= 60:
            faults.append(f'{kind}: {answer.status} {answer.headers.get("Retry-After")} after {many} of one network')
        if method == 'GET' and json.loads(answer.text)['title'] == '':
            faults.append(f'{kind}: refused without a problem')
        if ask(method, target, '2001:db8:0:2::9').status == 429 or raw(machi, method, target, {}).status == 429:
            faults.append(f'{kind}: other networks, or the proxy, are kept out')
    if ask('GET', '/report', '2001:db8:0:1::1').status != 200:
        faults.append('a network that sent too much sees no page')
    return faults


def own_pace(resident, official):
    """What one resident's account sends in a minute, and that an official's isn't counted."""
    statuses = [resident.ask('POST', '/report', {}).status for _ in range(301)]
    faults = [] if 429 not in statuses[:300] and statuses[300] == 429 else [f'300 and one more: {statuses[299:]}']
    if official.ask('POST', '/report', {}).status == 429:
        faults.append('an official is counted')
    return faults


def secure(machi):
    faults = []
    answer = raw(machi, 'GET', '/sign-in', {'Host': 'city.example.jp'})
    cookies = answer.headers.get_all('Set-Cookie') or []
    if not cookies or any('secure' not in cookie.lower() for cookie in cookies):
        faults.append(f'cookies without Secure: {cookies}')
    catalogue = raw(machi, 'GET', '/catalog.jsonld', {'Host': 'city.example.jp'}).text
    if 'https://city.example.jp/' not in catalogue or 'http://city.example.jp' in catalogue:
        faults.append('the catalogue names addresses without https')
    return faults


# ---- values that must not reach a header ----

def judge(answer, what):
    """What is wrong with the answer to something hostile."""
    if answer.status >= 500 and answer.status != 503:
        return [f'{what}: {answer.status}']
    location = answer.headers.get('Location', '')
    if answer.headers.get('X-Injected') or re.match(r'(//|/\\|https?:)', location):
        return [f'{what}: led to {location!r}']
    return []


def forms_of(text):
    """Action and fields of each form of a page."""
    for form in re.findall(r'<form method="post"[^>]*action="([^"]*)"[^>]*>(.*?)</form>', text, re.S):
        fields = dict(re.findall(r'<(?:input|button)[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form[1]))
        names = re.findall(r'<(?:input|textarea|select)[^>]* name="([^"]+)"', form[1])
        yield html.unescape(form[0]), {name: html.unescape(fields.get(name, '')) for name in set(names) | set(fields)}


def hostile_forms(browsers):
    faults, count = [], 0
    for role, browser in browsers.items():
        pages = ['/', '/sign-in', '/sign-in?next=/x', '/step-up', '/report', '/case', '/my', '/staff', '/staff/plan/2026-12-04',
                 '/bulky/district']
        inbox = browser.ask('GET', '/staff').text
        pages += re.findall(r'/staff/cases/[\d-]+', inbox)[:1]
        for page in pages:
            for action, fields in list(forms_of(browser.ask('GET', page).text)):
                if action == '/sign-out' or not action.startswith('/'):
                    continue
                for name in sorted(set(fields) - {'csrf'} | {'next'}):
                    for value in HOSTILE[:10]:
                        answer = browser.ask('POST', action, dict(fields, **{name: value}))
                        count += 1
                        faults += judge(answer, f'{role} {action} {name}={value[:20]!r}')
    if count < 500:
        faults.append(f'only {count} forms were sent')
    return faults


def hostile_targets(machi, browser):
    faults = []
    headers = {'Cookie': '; '.join(f'{name}={value}' for name, value in browser.cookies.items())}
    for method, pattern in machi.routes():
        if method not in ('GET', 'DELETE') or re.search(r'stream|/events$', pattern):
            continue
        for value in HOSTILE:
            quoted = urllib.parse.quote(value[:7000], safe='')
            path = re.sub(r'\{[^}]+\}', quoted, pattern)
            query = '&'.join(f'{name}={quoted[:1500]}' for name in ('next', 'lang', 'type', 'q', 'after', 'limit', 'state'))
            for target in {path, f'{re.sub(r"{[^}]+}", "x", pattern)}?{query}'}:
                faults += judge(raw(machi, method, target, headers), f'{method} {pattern} {value[:20]!r}')
    return faults


def hostile_entities(machi, browser):
    """Ids that come back in Location and Link."""
    faults = []
    for value in HOSTILE[:10] + ['a:b c', 'urn:x:' + 'y' * 65000, 'urn:x:\u3042', 'urn:x:a\r\nX-Injected: 1']:
        for path, body in (('/ngsi-ld/v1/entities', {'id': value, 'type': 'Park'}),
                           ('/ngsi-ld/v1/subscriptions', {'id': value, 'type': 'Subscription', 'entities': [{'type': 'Park'}],
                                                          'notification': {'endpoint': {'uri': 'https://192.0.2.1/' + value}}}),
                           ('/ngsi-ld/v1/jsonldContexts', {'@context': {'a': value}})):
            headers = {'Content-Type': 'application/json', 'Cookie': '; '.join(f'{n}={v}' for n, v in browser.cookies.items())}
            faults += judge(raw(machi, 'POST', path, headers, json.dumps(body).encode()), f'{path} {value[:20]!r}')
    for name in ('a', 'b'):  # two pages, so that an answer names the next
        body = json.dumps({'id': 'urn:ngsi-ld:LinkProbe:' + name, 'type': 'LinkProbe', 'a': {'type': 'Property', 'value': 1}})
        raw(machi, 'POST', '/ngsi-ld/v1/entities', headers, body.encode())
    for length in (400, 1500):
        target = '/ngsi-ld/v1/entities?type=LinkProbe&limit=1&idPattern=' + '(' * length + 'LinkProbe' + ')' * length
        faults += judge(raw(machi, 'GET', target, headers), f'idPattern of {length} brackets')
        target = '/ngsi-ld/v1/entities?type=' + '|'.join(['LinkProbe'] * length) + '&limit=1'
        faults += judge(raw(machi, 'GET', target, headers), f'{length} types')
    return faults


def inside(machi):
    """Who isn't signed in has nothing asked for him within the city's networks, by naming it as a @context."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        listener.settimeout(0.5)
        url = f'http://127.0.0.1:{listener.getsockname()[1]}/context'
        link = f'<{url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
        answer = raw(machi, 'GET', '/ngsi-ld/v1/entities?type=T', {'Link': link})
        try:
            listener.accept()[0].close()
            return ['the context of this machine was asked for']
        except TimeoutError:
            return [] if answer.status in (400, 503, 504) else [f'{answer.status} {answer.text[:200]}']


def main():
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        machi = Machi(one)
        try:
            # all of them first: hostile sign-ins use up what this address may try
            browsers = {role: Browser(machi, role) for role in ('nobody', 'resident-1', 'clerk', 'chief', 'steward')}
            other = Browser(machi, 'resident-2')
            results = [('a loopback city answers to no foreign name',
                        hosts(machi, [('localhost', 200), ('127.0.0.1:80', 200), ('[::1]', 200), ('evil.example', 421),
                                      ('localhost.evil.example', 421), ('192.0.2.1', 421), ('127.0.0.1.nip.io:80', 421)])),
                       ('hostile values of forms reach no header', hostile_forms(browsers)),
                       ('hostile paths and queries reach no header', hostile_targets(machi, browsers['clerk'])),
                       ('no context is had from this machine', inside(machi)),
                       ('hostile ids reach no header', hostile_entities(machi, browsers['steward'])),
                       ('what a resident sends is counted by his account', own_pace(other, browsers['clerk']))]
        finally:
            code = machi.end()
        results.append(('the server has survived it', [f'exit code {code}'] if code else []))
        machi = Machi(two, SETTINGS)
        try:
            results += [('a city with names answers to them',
                         hosts(machi, [('city.example.jp', 200), ('WWW.City.Example.JP:443', 200), ('evil.example', 421)])),
                        ('over https cookies are Secure and links say so', secure(machi)),
                        ('guesses are counted by login and by address', guesses(machi)),
                        ('requests are counted by network', paces(machi))]
        finally:
            machi.end()
    tell(results)
    return 0


if __name__ == '__main__':
    sys.exit(main())

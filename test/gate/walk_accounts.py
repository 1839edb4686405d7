#!/usr/bin/env python3
"""Accounts and tokens as people end them: the operator by `machi user`, `machi token` and his page, everybody by the page of his own
sign-ins. What has ended answers 401 or asks to sign in at once, to whoever holds it, and nobody ends what is another's."""
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from walk_routes import Browser, Machi

ENTITIES = '/ngsi-ld/v1/entities?type=EvacuationSite&limit=1'
GOOD, OWN = 'a new password of many words', 'seven lanterns under the old bridge'
LEAKED = 'gravel teapot seventeen harbours'


class Walk:
    def __init__(self, machi):
        self.machi, self.faults = machi, []

    def hold(self, what, good):
        if not good:
            self.faults.append(what)

    def run(self, *words, said='', code=0):
        done = subprocess.run([sys.argv[1], words[0], '--data', self.machi.data, *words[1:]], input=said, text=True,
                              capture_output=True, timeout=60, check=False)
        self.hold(f'{words} ends with {done.returncode}: {done.stderr}', done.returncode == code)
        return done.stdout if code == 0 else done.stderr

    def browser(self, role, password=None):
        browser = Browser(self.machi, 'nobody')
        browser.role = role
        browser.sign_in(password or self.machi.passwords[role])
        return browser

    def api(self, token, target=ENTITIES, method='GET', body=None):
        headers = {'Authorization': 'Bearer ' + token, 'Content-Type': 'application/json'}
        browser = Browser(self.machi, 'nobody')
        if body is None:
            return browser.ask(method, target, headers=headers)
        connection = http.client.HTTPConnection('127.0.0.1', self.machi.port, timeout=60)
        connection.request(method, target, json.dumps(body), headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer


def form(browser, page, action, **fields):
    """Sends a form of this page; its secret is the page's."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', browser.ask('GET', page).text).group(1)
    return browser.ask('POST', action, dict(fields, csrf=csrf))


def refused(walk, answer, member, detail):
    """With 403, by the token's scope, as RFC 9457 and RFC 6750 have it."""
    problem = json.loads(answer.text)
    walk.hold(f'{answer.status} {problem}', answer.status == problem['status'] == 403 and problem['detail'] == detail and
              problem['member'] == member and answer.headers['Content-Type'] == 'application/problem+json' and
              answer.headers['WWW-Authenticate'] == 'Bearer error="insufficient_scope"')


def another(walk, types):
    return walk.run('token', '--as', 'sluice', '--types', types).split()[-1]


def tokens_are_scoped_listed_and_revoked(walk):
    walk.run('user', '--kind', 'service', '--roles', 'editor', '--name', 'Sluice', 'sluice')
    narrow = walk.run('token', '--as', 'sluice', '--types', 'Sluice,EvacuationSite', '--actions', 'read,create').split()[-1]
    wide = walk.run('token', '--as', 'sluice').split()[-1]
    made = {'id': 'urn:ngsi-ld:Sluice:1', 'type': 'Sluice', 'level': {'type': 'Property', 'value': 1}}
    create = '/ngsi-ld/v1/entities'
    walk.hold('a token does what it is for', walk.api(narrow, create, 'POST', made).status == 201)
    refused(walk, walk.api(narrow, create, 'POST', dict(made, id='urn:ngsi-ld:Sluce:1', type='Other')),
            'Other', 'The scope of this token has the types Sluice, EvacuationSite, not Other: make another one with `machi token`.')
    refused(walk, walk.api(narrow, create + '/urn:ngsi-ld:Sluice:1', 'DELETE'),
            'delete', 'The scope of this token has the actions read, create, not delete: make another one with `machi token`.')
    batch = walk.api(another(walk, 'Sluice'), '/ngsi-ld/v1/entityOperations/create', 'POST',
                     [dict(made, id='urn:ngsi-ld:Sluice:2'), dict(made, id='urn:ngsi-ld:Other:2', type='Other')])
    walk.hold(f'an element of a batch is told the same: {batch.text}', batch.status == 207 and 'not Other' in batch.text)
    walk.run('token', '--revoke', next(line for line in walk.run('token', '--list').splitlines() if line.endswith('/Sluice')).split()[0])
    never = walk.api(narrow, create, 'POST', dict(made, id='urn:ngsi-ld:Account:1', type='Account'))
    walk.hold(f'what no token would help with is not laid to it: {never.text}', never.status == 403 and 'scope' not in never.text)
    lines = walk.run('token', '--list').splitlines()
    own = [line for line in lines if 'Sluice' in line]
    walk.hold(f'two tokens are listed: {lines}', len(own) == 2)
    walk.hold('the secret is not', not any(narrow in line or wide in line for line in lines))
    first = next(line for line in own if 'create' in line)
    walk.hold(f'scope and use are shown: {first}', 'read,create' in first and 'EvacuationSite' in first and 'used 20' in first)
    walk.run('token', '--revoke', first.split()[0])
    walk.hold('a revoked token is unknown', walk.api(narrow).status == 401)
    walk.hold('another goes on', walk.api(wide).status == 200)
    walk.hold('revoked once', 'no such token' in walk.run('token', '--revoke', first.split()[0], code=4).lower())
    walk.hold('usage', '--list' in walk.run('token', code=2))
    walk.hold('an action that is none', 'no action' in walk.run('token', '--as', 'sluice', '--actions', 'fly', code=2))
    operator, clerk = walk.browser('operator'), walk.browser('clerk')
    page = operator.ask('GET', '/operate/tokens').text
    token = re.search(r'Sluice<br><code class="hash">(\w+)', page, re.S)
    walk.hold('the operator sees it', token)
    walk.hold('a clerk does not', clerk.ask('GET', '/operate/tokens').status == 403)
    ended = form(clerk, '/account', '/account/tokens', id=token.group(1))
    walk.hold(f'nor ends it: {ended.status}', ended.status == 404 and walk.api(wide).status == 200)
    ended = form(operator, '/operate/tokens', '/operate/tokens', id=token.group(1))
    walk.hold('the operator ends it', ended.status == 303 and walk.api(wide).status == 401)


def a_person_revokes_ones_own_token(walk):
    token = walk.run('token', '--as', 'clerk', '--actions', 'read').split()[-1]
    clerk = walk.browser('clerk')
    page = clerk.ask('GET', '/account').text
    found = re.search(r'action="/account/tokens">.*?name="id" value="(\w+)"', page, re.S)
    walk.hold('one\'s token is on one\'s page', found)
    ended = form(clerk, '/account', '/account/tokens', id=found.group(1))
    walk.hold('and ends', ended.status == 303 and walk.api(token).status == 401)


def one_ends_ones_other_sign_ins(walk):
    here, there, third = (walk.browser('resident-2') for _ in range(3))
    ids = re.findall(r'name="id" value="(\w{16})"', here.ask('GET', '/account').text)
    walk.hold(f'two others are shown: {ids}', len(ids) == 2)
    other = walk.browser('resident-1')
    asked = form(here, '/account', '/account/sessions', id=ids[0]).headers.get('Location')
    walk.hold(f'confirmed first: {asked}', asked == '/step-up?next=%2Faccount')
    for browser in (here, other):
        form(browser, '/account', '/step-up', password=walk.machi.passwords[browser.role])
    ended = form(other, '/account', '/account/sessions', id=ids[0])
    walk.hold(f'nobody ends another\'s: {ended.status}', ended.status == 404)
    open_before = sum(browser.ask('GET', '/my').status == 200 for browser in (there, third))
    ended = form(here, '/account', '/account/sessions', id=ids[0])
    open_after = sum(browser.ask('GET', '/my').status == 200 for browser in (there, third))
    walk.hold(f'one ends: {ended.status} {open_before} {open_after}', (open_before, open_after) == (2, 1))
    form(here, '/account', '/account/sessions', id='others')
    walk.hold('all others end', all(browser.ask('GET', '/my').status == 303 for browser in (there, third)))
    walk.hold('one\'s own does not', here.ask('GET', '/my').status == 200)
    walk.hold('nameless', form(here, '/account', '/account/sessions').status == 422)


def ones_own_password(walk):
    """What the operator has made opens the page alone on which it is replaced; what is guessed easily doesn't replace it."""
    auditor, there = walk.browser('auditor', GOOD), walk.browser('auditor', GOOD)
    for target in ('/', '/audit', '/account'):
        walk.hold(f'first to the password: {target}', auditor.ask('GET', target).headers.get('Location') == '/account/password')
    style = re.search(r'href="(/assets/[^"]+\.css)"', auditor.ask('GET', '/account/password').text).group(1)
    walk.hold(f'which is drawn as any page: {style}', auditor.ask('GET', style).status == 200)
    change = lambda present, wanted: form(auditor, '/account/password', '/account/password', present=present, wanted=wanted)
    refused = {'short': '15文字以上', 'x' * 20: '推測されやすい', 'password password': '推測されやすい', 'machi city audit office 1': 'まちや課',
               GOOD + '1': '推測されやすい', LEAKED: '推測されやすい', 'auditor auditor au': '推測されやすい', 'kite lamp\u200bmoss river': '目に見えない'}
    for wanted, said in refused.items():
        answer = change(GOOD, wanted)
        walk.hold(f'refused: {wanted} {answer.status}', answer.status == 422 and said in answer.text)
    walk.hold('the present one is asked', change(OWN, OWN).status == 422)
    walk.hold('and changed', change(GOOD, OWN).headers.get('Location') == '/account?changed=password')
    walk.hold('he is in', auditor.ask('GET', '/audit').status == 200)
    walk.hold('others are out', there.ask('GET', '/audit').headers.get('Location', '').startswith('/sign-in'))
    drawn = walk.run('user', '--draw', '--kind', 'resident', 'drawn').splitlines()[0].removeprefix('password ')
    walk.hold('one is drawn', len(drawn) == 20 and walk.browser('drawn', drawn).ask('GET', '/my').headers.get('Location') == '/account/password')


def accounts_are_shut_out_and_let_in(walk):
    auditor = walk.browser('auditor')
    walk.run('user', '--password', 'auditor', said='too short\n', code=2)
    walk.hold('a refused password changes nothing', auditor.ask('GET', '/audit').status == 200)
    walk.run('user', '--password', 'auditor', said=GOOD + '\n')
    walk.hold('another password ends sessions', auditor.ask('GET', '/audit').status == 303)
    ones_own_password(walk)
    auditor = walk.browser('auditor', OWN)
    token = walk.run('token', '--as', 'auditor').split()[-1]
    walk.run('user', '--disable', 'auditor')
    walk.hold('a disabled account is out', auditor.ask('GET', '/audit').status == 303 and walk.api(token).status == 401)
    line = next(line for line in walk.run('user', '--list').splitlines() if line.startswith('auditor '))
    walk.hold(f'and listed so: {line}', 'disabled' in line and 'sessions 0  tokens 0' in line)
    walk.run('token', '--as', 'auditor', code=3)
    walk.run('user', '--enable', 'auditor')
    walk.hold('nothing comes back', auditor.ask('GET', '/audit').status == 303 and walk.api(token).status == 401)
    walk.hold('but signing in works', walk.browser('auditor', OWN).ask('GET', '/audit').status == 200)
    walk.run('user', '--change', '--posts', 'environment-counter-clerk', 'auditor')
    walk.hold('other posts at once', walk.browser('auditor', OWN).ask('GET', '/audit').status == 403)
    walk.run('user', '--disable', '--enable', 'auditor', code=2)


def watching(walk, browser, target):
    """A connection to server-sent events that has begun."""
    connection = http.client.HTTPConnection('127.0.0.1', walk.machi.port, timeout=20)
    cookies = '; '.join(f'{name}={value}' for name, value in browser.cookies.items())
    connection.request('GET', target, headers={'Cookie': cookies})
    answer = connection.getresponse()
    walk.hold(f'events begin: {answer.status}', answer.status == 200 and answer.readline().startswith(b'event: tile'))
    return answer


def seconds_until_end(answer):
    begun = time.monotonic()
    while answer.readline():
        pass
    return time.monotonic() - begun


def events_end_with_the_session(walk):
    public = watching(walk, Browser(walk.machi, 'nobody'), '/wall/events')
    for ends in (lambda one: form(one, '/account', '/sign-out'), lambda _: walk.run('user', '--disable', 'chief')):
        chief = walk.browser('chief')
        events = watching(walk, chief, '/staff/wall/events')
        ends(chief)
        waited = seconds_until_end(events)
        walk.hold(f'they end after {waited:.1f} s', waited < 10)
    public.fp.raw._sock.settimeout(3)
    try:
        walk.hold('everybody\'s go on', seconds_until_end(public) < 0)
    except TimeoutError:
        pass
    walk.run('user', '--enable', 'chief')


def posts_are_an_officials(walk):
    def line():
        return next(line for line in walk.run('user', '--list').splitlines() if line.startswith('resident-1 '))

    before = line()
    said = walk.run('user', '--change', '--posts', 'environment-waste-clerk', 'resident-1', code=2)
    walk.hold(f'one sentence says why: {said}', said.count('\n') == 1 and "resident's" in said and 'staff' in said)
    walk.hold('nor are none given', 'staff' in walk.run('user', '--change', 'resident-1', code=2))
    walk.hold(f'nothing changed: {before} {line()}', before == line())
    walk.hold('nor are they given to a new one', 'staff' in walk.run(
        'user', '--kind', 'service', '--posts', 'environment-waste-clerk', 'robot', code=2))


def what_was_done_is_said(walk):
    said = [walk.run('user', *words, 'steward') for words in (('--disable',), ('--enable',), ('--change', '--posts', 'information-data-steward'))]
    for done, word in zip(said, ('shut out', 'let in', 'information-data-steward')):
        lines = done.splitlines()
        walk.hold(f'a sentence, then the id alone: {lines}',
                  len(lines) == 2 and word in lines[0] and 'steward' in lines[0] and re.fullmatch(r'urn:ngsi-ld:Account:\w{26}', lines[1]))
    walk.hold('and of whom nothing else can be done', 'no account' in walk.run('user', '--enable', 'nobody', code=4))


def usage_is_told(walk):
    walk.run('user', code=2)
    walk.run('user', '--disable', 'no-such-login', code=4)


CASES = [tokens_are_scoped_listed_and_revoked, a_person_revokes_ones_own_token, one_ends_ones_other_sign_ins,
         accounts_are_shut_out_and_let_in, events_end_with_the_session, posts_are_an_officials, what_was_done_is_said, usage_is_told]


def main():
    print(f'1..{len(CASES) + 1}')
    with tempfile.TemporaryDirectory() as folder:
        leaked = os.path.join(folder, 'leaked')
        subprocess.run(['pwqfilter', '--create=100', '--output=' + leaked], input=LEAKED + '\n', text=True, check=True, stderr=subprocess.DEVNULL)
        machi = Machi(folder, {'MACHI_GATE_LEAKED_PASSWORDS': leaked})
        try:
            for number, case in enumerate(CASES, 1):
                walk = Walk(machi)
                case(walk)
                for line in walk.faults:
                    print('#', line)
                print('not ok' if walk.faults else 'ok', number, '-', case.__name__.replace('_', ' '), flush=True)
        finally:
            code = machi.end()
    print('not ok' if code else 'ok', len(CASES) + 1, '- machi ends well')
    return 0


if __name__ == '__main__':
    os.environ.pop('MACHI_DATA', None)
    sys.exit(main())

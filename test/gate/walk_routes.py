#!/usr/bin/env python3
"""Walks every route as every role: starts machi with the starter city, signs in as each demo account, and holds the answer to
each route of the route log to the rule below. A route that no rule expects to be closed must be open to everybody, so a page that
was meant for few has to be named here, too."""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from city import STARTS, lay

ROLES = ['nobody', 'resident-1', 'resident-2', 'clerk', 'chief', 'head', 'steward', 'auditor', 'operator', 'contractor']
STAFF = {'clerk', 'chief', 'head', 'steward', 'auditor', 'operator'}
RESIDENTS = {'resident-1', 'resident-2'}
EVERYBODY = set(ROLES)
CONTRACTOR = {'contractor'}  # 指定管理者: its own work alone
# The first that fits: the beginning of a route's pattern, who may come in.
RULES = [
    ('/staff/decisions/waiting', {'clerk', 'chief', 'head', 'steward'}),
    ('/staff/decisions/{decision}/seen', {'clerk', 'chief', 'head', 'steward', 'auditor'}),
    ('/staff/decisions/{decision}/out/', {'clerk', 'chief', 'head'}),
    ('/staff/decisions/{decision}/back', {'clerk', 'chief', 'head'}),
    ('/staff/decisions', {'clerk', 'chief', 'head', 'steward', 'auditor'}),
    ('/staff/reports', {'clerk', 'chief', 'head', 'steward'}),
    ('/staff/identity', set()),  # a post of the counter's, which none of these holds
    ('/staff/entry', {'clerk'}),
    ('/staff/counter', {'clerk'}),
    ('/staff/export', {'clerk', 'chief', 'head'}),
    ('/staff/search', {'clerk', 'chief', 'head'} | CONTRACTOR),
    ('/staff/releases', {'chief', 'head', 'steward'}),
    ('/staff/reductions', {'chief', 'head'}),
    ('/staff/cases/{number}/fee/decide', {'chief', 'head'}),  # whose division it is, is asked after who he is
    ('/staff/cases/{number}/files/', {'clerk', 'chief'}),  # of the division whose case it is
    ('/staff/cases/{number}/cancel', {'clerk', 'chief'}),
    ('/staff/cases/{number}/slot', {'clerk', 'chief'}),
    ('/staff/cases/{number}/correct', {'clerk', 'chief'}),
    ('/staff/cases/', {'clerk', 'chief'} | CONTRACTOR),  # of the division whose case it is
    ('/staff/handover', {'clerk', 'chief', 'head'}),
    ('/staff/round', {'clerk'}),
    ('/staff/wall', STAFF),
    ('/staff/absence', STAFF),
    ('/staff/duties', STAFF),
    ('/staff/effect', {'clerk', 'chief', 'head', 'steward', 'auditor'}),
    ('/staff/rules/{procedure}/{rule}/', {'clerk', 'chief', 'head'}),  # whose cases they are, is asked after who he is
    ('/staff/rules', {'clerk', 'chief', 'head', 'steward', 'auditor'}),
    ('/staff/files/{file}/hold', {'clerk'}),
    ('/staff/files/propose', {'clerk'}),
    ('/staff/files', {'clerk', 'chief', 'head', 'steward', 'auditor'}),
    ('/staff/meetings', {'clerk', 'chief', 'head', 'steward'}),  # who is its secretariat, and of which division, is asked after who he is
    ('/staff/inventory', {'clerk', 'chief', 'head', 'steward', 'auditor'}),
    ('/staff/procedures', {'clerk', 'chief', 'head', 'steward'}),
    ('/staff/inbox', {'clerk', 'chief', 'head'} | CONTRACTOR),
    ('/staff/', {'clerk', 'chief', 'head'}),
    ('/staff', {'clerk', 'chief', 'head'} | CONTRACTOR),
    ('/audit', {'auditor'}),
    ('/operate', {'operator'}),
    ('/sign-in/new', RESIDENTS),
    ('/account/outside', RESIDENTS),
    ('/account/mail', RESIDENTS),
    ('/account/code', RESIDENTS),
    ('/account', STAFF | RESIDENTS | CONTRACTOR),
    ('/my', RESIDENTS),
    ('/c/{token}/keep', RESIDENTS),
    ('/ngsi-ld/v1/subscriptions', STAFF),
    ('/step-up/outside', RESIDENTS),
    ('/step-up', STAFF | RESIDENTS | CONTRACTOR),
    ('/post', STAFF | CONTRACTOR),
    ('/data/{dataset}/run', {'steward'}),
    ('', EVERYBODY),
]
# Forms of a draft that has not begun yet send the browser back to where it begins; days without a plan and what
# can't be done to a closed case lead elsewhere.
REDIRECTS = re.compile(r'/bulky/|/sign-in/new$|/pay/return|/wait/|/procedures/\{procedure\}/|/staff/(plan|round)$|/staff/(reductions|export)|/cases/\{(case|number)\}/(cancel|slot|correct)$')


class Machi:
    def __init__(self, folder, settings=None):
        self.log = os.path.join(folder, 'routes')
        self.data = data = os.path.join(folder, 'data')
        lay(data)
        environment = dict(os.environ, MACHI_ROUTE_LOG=self.log, **(settings or {}))
        self.process = subprocess.Popen([sys.argv[1], 'serve', '--data', data, '--listen', '127.0.0.1:0', '--starter'],
                                        stdout=subprocess.PIPE, text=True, env=environment,
                                        restore_signals=False)  # a file that may not grow is an error, no signal
        signal.alarm(STARTS)
        self.port = int(re.search(r':(\d+)$', self.process.stdout.readline()).group(1))
        signal.alarm(0)
        with open(os.path.join(data, 'keys', 'demo-accounts'), encoding='utf-8') as file:
            self.passwords = dict(line.split() for line in file)

    def routes(self):
        with open(self.log, encoding='utf-8') as file:
            return [line.split()[1:3] for line in file if line.startswith('ROUTE ')]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stdout.read()
        return self.process.wait(60)


class Browser:
    """One role, with its cookies."""

    def __init__(self, machi, role):
        self.machi, self.role, self.cookies = machi, role, {}
        if role != 'nobody':
            self.sign_in(machi.passwords[role])

    def ask(self, method, path, form=None, headers=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.machi.port, timeout=60)
        headers = dict(headers or {}, Cookie='; '.join(f'{name}={value}' for name, value in self.cookies.items()))
        body = None
        if form is not None:
            headers['Content-Type'] = 'application/x-www-form-urlencoded'
            body = urllib.parse.urlencode(form)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.raw = answer.read(1 << 22) if not re.search(r'stream|/events$', path) else b''
        answer.text = answer.raw.decode('utf-8', 'replace')
        for cookie in answer.headers.get_all('Set-Cookie') or []:
            name, value = cookie.split(';')[0].split('=', 1)
            self.cookies[name] = value
        connection.close()
        return answer

    def sign_in(self, password):
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.ask('GET', '/sign-in').text).group(1)
        answer = self.ask('POST', '/sign-in', {'csrf': csrf, 'account': self.role, 'password': password})
        assert answer.status == 303, (self.role, answer.status)


def found(text, pattern, otherwise):
    match = re.search(pattern, text)
    return match.group(1) if match else otherwise


def form_of(page, action):
    """The hidden fields of the form that is sent to an action."""
    body = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.S).group(0)
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', body))


def parameters(browsers):
    inbox, mine = browsers['clerk'].ask('GET', '/staff').text, browsers['resident-1'].ask('GET', '/my').text
    files = browsers['clerk'].ask('GET', '/staff/files').text
    known = {
        'file': found(files, r'/staff/files/([a-z0-9]{16})', None),
        'number': found(inbox, r'/staff/cases/([\d-]+)', None),
        'case': found(mine, r'/my/cases/([\w:-]+)', None),
        'token': 'a' * 26,
        'day': '2026-12-01',
        'position': '1',
        'item': 'tv',
        'release': 'bulky-waste-counts',
        'procedure': 'dog-registration',
        'counter': 'main',
        'page': 'dog',
        'rule': 'chip-in-order',
        'resource': 'vaccine',
        'lottery': 'community-center',
        'month': '2026-12',
        'ticket': '0-00000000-0-aaaaaaaaaaaaaaaaaaaa',
        'place': 'health-center',
        'time': '09:15',
        'entityId': 'urn:ngsi-ld:Slot:x',
        'type': 'Application',
        'attrId': 'name',
        'path...': 'no-such-file',
    }
    assert known['number'] and known['case'] and known['file'], 'the starter city shows no case'
    return known


def admitted(pattern):
    return next(who for beginning, who in RULES if pattern.startswith(beginning))


def undeclared(description, method, pattern, answer):
    """What the OpenAPI description does not say of a route's answer, or None."""
    responses = description['paths'][pattern.replace('...}', '}')][method.lower()]['responses']
    content = responses.get(str(answer.status), {'content': {'no such status': {}}}).get('content', {})
    media = answer.headers.get('Content-Type', '').split(';')[0]
    return None if media in (content or {''}) else f'{answer.status} {media} is not declared'


def fault(method, pattern, path, browser):
    """What is wrong with the answer, or None."""
    answer = browser.ask(method, path, {} if method == 'POST' else None)
    wrong = undeclared(browser.machi.description, method, pattern, answer)
    if wrong:
        return wrong
    location, api = answer.headers.get('Location', ''), pattern.startswith('/ngsi-ld/')
    if answer.status >= 500:
        return f'{answer.status}'
    if browser.role not in admitted(pattern):
        nobody = browser.role == 'nobody'
        closed = 401 if nobody and api else 303 if nobody and method == 'GET' else 403
        right = answer.status == closed and (closed != 303 or location.startswith('/sign-in'))
        return None if right else f'{answer.status} {location}, not {closed}'
    if method != 'GET':  # without the form's secret nothing happens
        if api:
            return f'{answer.status}' if answer.status < 400 else None
        step_up = answer.status == 303 and location.startswith('/step-up')
        return None if answer.status == 403 or step_up else f'{answer.status} {location}, not 403'
    if location.startswith('/sign-in'):
        return 'asks to sign in'
    if answer.status == 303:
        return None if REDIRECTS.search(pattern) else f'303 {location}'
    usual = {200, 404} if '{' in pattern else {200}
    if api:
        usual |= {400, 401}
    return None if answer.status in usual else f'{answer.status}'


def walk(machi, browsers):
    known, faults, count = parameters(browsers), [], 0
    machi.description = json.loads(browsers['nobody'].ask('GET', '/ngsi-ld/v1/openapi.json').text)
    for method, pattern in machi.routes():
        if pattern in ('/sign-out', '/pay/callback/{provider}', '/sign-in/outside/{provider}/logout'):  # which have a signature, and no form
            continue
        path = re.sub(r'\{([^}]+)\}', lambda m: known.get(m.group(1), 'none'), pattern)
        for role, browser in browsers.items():
            count += 1
            wrong = fault(method, pattern, path, browser)
            if wrong:
                faults.append(f'{method} {path} as {role}: {wrong}')
    return faults, count, known


def own_only(browsers, known):
    """What belongs to one resident is found by nobody else."""
    faults = []
    for role, wanted in (('resident-1', 200), ('resident-2', 404)):
        status = browsers[role].ask('GET', '/my/cases/' + known['case']).status
        if status != wanted:
            faults.append(f'the case of resident-1 as {role}: {status}, not {wanted}')
    for role, browser in browsers.items():
        text = browser.ask('GET', '/ngsi-ld/v1/entities?type=Application&limit=500').text
        if role not in RESIDENTS and '0999-' in text:
            faults.append(f'{role} reads telephone numbers without saying why')
        if role == 'nobody' and text.strip() != '[]':
            faults.append('nobody reads applications')
        if role in RESIDENTS and text.count('"Application"') > 20:
            faults.append(f'{role} reads the applications of others')
    return faults


def entities(browser, kind, headers=None):
    """What is shown of a type, by id."""
    shown = json.loads(browser.ask('GET', f'/ngsi-ld/v1/entities?type={kind}&limit=500&options=keyValues', headers=headers).text)
    return {one['id']: one for one in shown}


def contractors_own(browsers, known):
    """A contractor has work of one post: of all else it is shown what everybody is, not even that more is there."""
    contractor, faults = browsers['contractor'], []
    for kind in ('Application', 'Decision', 'Absence', 'Duty', 'Letter', 'Message', 'Payment', 'Slot', 'Visit', 'RecordFile', 'Procedure',
                 'ProblemReport', 'Counter', 'Indicator', 'TouchTime', 'AutomaticRule'):
        public = entities(browsers['nobody'], kind)
        for purpose in ({}, {'Machi-Purpose': 'application-check'}):
            shown = entities(contractor, kind, purpose)
            faults += [f'{kind} {name} is shown' for name, one in shown.items()
                       if one != public.get(name) and one.get('post') != 'community-center-manager']
    if not entities(browsers['clerk'], 'Decision'):
        faults.append('nobody is shown a decision: the test says nothing')
    types = contractor.ask('GET', '/ngsi-ld/v1/types').text
    faults += [f'{kind} is told of' for kind in ('Decision', 'Absence', 'Duty') if kind in types]
    asked = contractor.ask('GET', '/staff?post=environment-waste-clerk&state=all')
    if asked.status != 200 or '/staff/cases/' in asked.text or 'environment-waste-clerk' in asked.text:
        faults.append('the inbox of another post is shown')
    inbox = contractor.ask('GET', '/staff')
    numbers = re.findall(r'/staff/cases/([\d-]+)', inbox.text)
    if inbox.status != 200 or numbers:
        faults.append(f'the inbox: {inbox.status} {numbers}')
    menu = set(re.findall(r'href="(/staff[^"?]*)', inbox.text))
    if menu - {'/staff', '/staff/search'}:
        faults.append(f'its menu leads to {menu}')
    status = contractor.ask('GET', f'/staff/cases/{known["number"]}').status
    return faults + ([f'the case of another post: {status}'] if status != 404 else [])


def tell(results):
    """Each a name and what is wrong, which is nothing where it holds."""
    print(f'1..{len(results)}')
    for number, (name, wrong) in enumerate(results, 1):
        for line in wrong[:40]:
            print('#', line)
        print('not ok' if wrong else 'ok', number, '-', name)


def main():
    with tempfile.TemporaryDirectory() as folder:
        machi = Machi(folder)
        try:
            browsers = {role: Browser(machi, role) for role in ROLES}
            faults, count, known = walk(machi, browsers)
            faults_own = own_only(browsers, known)
            faults_contractor = contractors_own(browsers, known)
        finally:
            code = machi.end()
    tell([(f'{count} answers are as the rules say', faults),
          ('what is one resident\'s own is shown to nobody else', faults_own),
          ('a contractor is shown its own work alone', faults_contractor),
          ('machi ends well', [f'exit code {code}'] if code else [])])
    return 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
"""Personal data over the API and on pages: without a stated purpose an official sees what is left by the mask, and can neither
match, order nor count by what is masked; with a purpose the post in charge sees it, another division does not, and the resident
reads within a second who looked."""
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse

from walk_routes import Browser, Machi, form_of, found, tell

PERSONAL = {'receiptNumber', 'town', 'pickupDate', 'slot', 'items', 'itemClasses', 'fee', 'checks', 'applicant', 'name', 'kana',
            'postcode', 'address', 'building', 'phone', 'email', 'place', 'openDataChoice', 'steps'}
SENSITIVE = {'feeReduction', 'reductionState'}
PURPOSE = {'Machi-Purpose': 'bulky-waste-check'}
FAR = 'far-clerk'
FIRST, PASSWORD = 'a password for a newcomer', 'correct horse battery staple'


class Official(Browser):
    def query(self, headers=None, **options):
        """Status, entities and the count of a query."""
        path = '/ngsi-ld/v1/entities?' + urllib.parse.urlencode(dict({'limit': 1000, 'options': 'keyValues'}, **options))
        answer = self.ask('GET', path, headers=headers)
        return answer.status, json.loads(answer.text), answer.headers.get('NGSILD-Results-Count')


def names(entities):
    return {name for entity in entities for name in entity}


def masked(official):
    """Without a purpose."""
    _, cases, _ = official.query(type='Application')
    _, seen, _ = official.query(PURPOSE, type='Application')
    assert cases and seen, 'no applications'
    faults = [f'{name} is seen without a purpose' for name in names(cases) & (PERSONAL | SENSITIVE)]
    known = next(case for case in seen if 'receiptNumber' in case)
    conditions = {'receiptNumber': known['receiptNumber'], 'town': known['town'], 'pickupDate': known['pickupDate'],
                  'reductionState': 'requested', 'applicant': known['applicant'], 'name': known['name']}
    for name, value in conditions.items():
        for q in (f'{name}=="{value}"', name, f'{name}>="0"'):
            status, hits, count = official.query(type='Application', q=q, count='true')
            if status != 200 or hits or count != '0':
                faults.append(f'q={q} finds {len(hits)} ({count}) without a purpose')
    _, other, _ = official.query(type='Application', q=f'!{"receiptNumber"}')
    if len(other) != len(cases):
        faults.append('the absence of a masked attribute tells of it')
    ids = [case['id'] for case in cases]
    for name in ('receiptNumber', 'town', 'fee', 'pickupDate'):
        for order in (name, f'{name};desc'):
            _, ordered, _ = official.query(type='Application', orderBy=order)
            if [case['id'] for case in ordered] != ids:
                faults.append(f'orderBy={order} orders by what is masked')
    for kind, hidden in (('Decision', {'contents', 'cases', 'opinion'}), ('Slot', {'bookings'}), ('Account', None)):
        _, records, _ = official.query(type=kind)
        others = [record for record in records if kind == 'Account' and record.get('displayName') != '職員E']
        if others:
            faults.append(f'{len(others)} accounts of others are seen')
        if hidden and names(records) & hidden:
            faults.append(f'{kind} shows {names(records) & hidden} without a purpose')
    return faults


def with_purpose(official, resident):
    faults, before = [], looks_of(resident)
    status, _, _ = official.query({'Machi-Purpose': 'curiosity'}, type='Application')
    if status != 400:
        faults.append(f'an unknown purpose is answered {status}')
    own = found(resident.ask('GET', '/my').text, r'/my/cases/([\w:-]+)', None)
    answer = official.ask('GET', f'/ngsi-ld/v1/entities/{own}?options=keyValues', headers=PURPOSE)
    at = time.monotonic()
    missing = {'receiptNumber', 'town', 'items', 'fee', 'applicant', 'name'} - set(json.loads(answer.text))
    if missing:
        faults.append(f'{missing} is not seen with a purpose')
    while looks_of(resident) == before and time.monotonic() - at < 1:
        time.sleep(0.05)
    if looks_of(resident) == before:
        faults.append('the resident does not read who looked within a second')
    _, decisions, _ = official.query(PURPOSE, type='Decision')
    if 'contents' not in names(decisions):
        faults.append('the drafter does not see what he drafted')
    return faults


def search(official, far, resident):
    """By name: who may see the case finds it, whose it is is told, and another division finds nothing."""
    faults = []
    number = found(resident.ask('GET', '/my').text, r'\b(20\d\d-\d{6})\b', None)
    _, cases, _ = official.query(PURPOSE, type='Application')
    name = next(case['name'] for case in cases if case.get('receiptNumber') == number)
    before, at = looks_of(resident), time.monotonic()

    def ask(browser):
        form = form_of(browser.ask('GET', '/staff/search').text, '/staff/search')
        return browser.ask('POST', '/staff/search', dict(form, q=name)).text

    if f'/staff/cases/{number}' not in ask(official):
        faults.append(f'{number} is not found by its name')
    while looks_of(resident) == before and time.monotonic() - at < 5:
        time.sleep(0.05)
    if looks_of(resident) == before:
        faults.append('whose case was found is not told')
    before = looks_of(resident)
    if '/staff/cases/' in ask(far) or looks_of(resident) != before:
        faults.append('another division finds a case by its name')
    return faults


def looks_of(resident):
    return len(re.findall(r'about=look-', resident.ask('GET', '/my/looks').text))


def pages(official, far, resident):
    faults = []
    before = looks_of(resident)
    text = official.ask('GET', '/staff/inbox?state=all').text
    number = found(text, r'/staff/cases/([\d-]+)', None)
    if not number:
        faults.append('the post in charge sees no number in its inbox')
    for day in ('/staff/plan', '/staff/reductions'):
        if official.ask('GET', day).status >= 500:
            faults.append(f'{day} fails')
    if looks_of(resident) < before:
        faults.append('looks are lost')
    text = far.ask('GET', '/staff/inbox?state=all&post=environment-waste-clerk').text
    if '/staff/cases/' in text or 'ほかの課の申込み' not in text:
        faults.append('another division sees numbers in the inbox')
    status = far.ask('GET', f'/staff/cases/{number}').status
    if status != 403:
        faults.append(f'another division opens a case: {status}')
    _, cases, _ = far.query(PURPOSE, type='Application')
    if names(cases) & (PERSONAL | SENSITIVE):
        faults.append('another division sees personal data with a purpose')
    return faults


def user_make(machi):
    command = [sys.argv[1], 'user', '--data', machi.data, '--posts', 'industry-clerk', FAR]
    subprocess.run(command, input=FIRST + '\n', text=True, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=60)
    machi.passwords[FAR] = FIRST
    far = Official(machi, FAR)
    csrf = re.search(r'name="csrf" value="([^"]+)"', far.ask('GET', '/account/password').text).group(1)
    assert far.ask('POST', '/account/password', {'csrf': csrf, 'present': FIRST, 'wanted': PASSWORD}).status == 303, 'no password of his own'
    machi.passwords[FAR] = PASSWORD


def main():
    with tempfile.TemporaryDirectory() as folder:
        machi = Machi(folder)
        try:
            user_make(machi)
            clerk, far, resident = Official(machi, 'clerk'), Official(machi, FAR), Official(machi, 'resident-1')
            results = [('without a purpose nothing personal is seen, matched, ordered by or counted', masked(clerk)),
                       ('with a purpose it is, and its subject reads it', with_purpose(clerk, resident)),
                       ('pages show a division its own cases only', pages(clerk, far, resident)),
                       ('a search by name finds what may be seen, and is told', search(clerk, far, resident))]
        finally:
            machi.end()
    tell(results)
    return 0


if __name__ == '__main__':
    sys.exit(main())

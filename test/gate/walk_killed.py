#!/usr/bin/env python3
"""A disclosure request from its first page to its decision, and a pickup that is sent for, on a server that is killed with -9 around
each step: while it is handled, and once it has been answered. What was told as done is done afterwards; what wasn't is done or not,
and the page says which. Doing it again makes no second case, proposal, decision or letter.

    walk_killed.py MACHI starter/procedures/disclosure-request.json
"""
import http.client
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

from walk_desk import shown
from walk_routes import Browser, Machi, tell

WAITS = (lambda: random.uniform(0, 0.03), lambda: None)  # seconds until the kill; None: once it was answered
BASE, WHY = '/procedures/disclosure-request', '契約書を公開します。'
with open(sys.argv[2], encoding='utf-8') as source:
    DEFINITION = json.load(source)
ANSWERS = DEFINITION['examples'][0]['answers']
PICKUP = (('/bulky/district', {'postcode': '9990001', 'town': 'まなか一丁目', 'street': '1-1', 'action': 'next'}),
          ('/bulky/items', {'add': 'table-dining-s'}), ('/bulky/items', {'action': 'next'}), ('/bulky/slot', {}),
          ('/bulky/contact', {'name': '見本　花子', 'kana': 'みほん はなこ', 'phone': '0990123456'}),
          ('/bulky/reduction', {'reduction': 'none'}), ('/bulky/optout', {'optout': 'no'}))


class Mortal(Machi):
    """A server that lives again at the address it had."""

    def again(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = subprocess.Popen([sys.argv[1], 'serve', '--data', self.data, '--listen', f'127.0.0.1:{self.port}', '--starter'],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip().endswith(f':{self.port}'), 'it does not start again'


class Killer:
    """Takes steps on a server that is killed meanwhile, and looks at what became of them."""

    def __init__(self, machi):
        self.machi, self.faults, self.counts = machi, [], {'kept': 0, 'lost': 0, 'kept and not told': 0}

    def press(self, browser, path, form, wait):
        """The answer, or None where there was none."""
        answers = []

        def ask():
            try:
                answers.append(browser.ask('POST', path, form))
            except (OSError, http.client.HTTPException):
                pass
        asking = threading.Thread(target=ask)
        asking.start()
        if wait is None:
            asking.join()
        else:
            time.sleep(wait)
        self.machi.again()
        asking.join()
        return answers[0] if answers else None

    def step(self, browser, page, path, fields, done):
        """Presses a page's button until `done`, and once more. fields: of the form, from the page's text."""
        was, form = done(), {}
        assert not was, f'{path} is done before it began'
        for wait in WAITS:
            form |= fields(browser.ask('GET', page).text)
            answer, before, was = self.press(browser, path, form, wait()), was, done()
            if answer and answer.status == 303 and not was:
                self.faults.append(f'{path}: was told as done by {answer.headers["Location"]}, and is not')
            if before and not was:
                self.faults.append(f'{path}: was done, and is not any more')
            self.counts['lost' if not was else 'kept' if answer or before else 'kept and not told'] += 1
        answer = browser.ask('POST', path, form | fields(browser.ask('GET', page).text))
        if answer.status >= 500 or not done():
            self.faults.append(f'{path}: again is answered {answer.status}: {shown(answer.text)[:200]}')
        return answer


def hidden(text, *more):
    """What a form of the page carries: its secret, and the hidden fields named."""
    form = {name: re.search(rf'name="{name}" value="([^"]*)"', text) for name in ('csrf', *more)}
    return {name: match.group(1) for name, match in form.items() if match}


def apply(killer, browser):
    """The address of the case, and its number."""
    pages = [f'{BASE}/ask/{page["id"]}' for page in DEFINITION['pages']] + [BASE + '/check']
    browser.ask('POST', BASE + '/begin', hidden(browser.ask('GET', BASE).text))
    for page, place, follows in zip(DEFINITION['pages'], pages, pages[1:]):
        answers = {field['id']: ANSWERS.get(field['id'], '') for field in page['fields']}
        killer.step(browser, place, place, lambda text, answers=answers: hidden(text) | answers,
                    lambda follows=follows: browser.ask('GET', follows).status == 200)
    place = pages[-1]

    def sent():
        return browser.ask('GET', place).headers.get('Location', '').endswith('/receipt')
    answer = killer.step(browser, place, place, lambda text: hidden(text) | {'notice': 'electronic'}, sent)
    receipt = browser.ask('GET', place).headers['Location']
    if answer.headers.get('Location') != receipt:
        killer.faults.append(f'sending again leads to {answer.headers.get("Location")}, not to {receipt}')
    return receipt[:-len('/receipt')], re.search(r'\d{4}-\d{6}', shown(browser.ask('GET', receipt).text)).group(0)


def collect(killer, browser):
    """Sends for a pickup."""
    for page, target, fields in [('/bulky', '/bulky/start', {}), *((page, page, fields) for page, fields in PICKUP)]:
        assert browser.ask('POST', target, hidden(browser.ask('GET', page).text, 'slot') | fields).status == 303, page
    killer.step(browser, '/bulky/check', '/bulky/check', lambda text: hidden(text, 'key'),
                lambda: browser.ask('GET', '/bulky/check').headers.get('Location', '').endswith('/receipt'))
    receipt = browser.ask('GET', '/bulky/check').headers['Location']
    return receipt[:-len('/receipt')], re.search(r'\d{4}-\d{6}', shown(browser.ask('GET', receipt).text)).group(0)


def take_post(browser, post):
    answer = browser.ask('POST', '/post', hidden(browser.ask('GET', '/post').text) | {'post': post})
    assert answer.status == 303, (post, answer.status)


def propose(killer, clerk, number):
    """The address of the decision."""
    case = f'/staff/cases/{number}'

    def decisions():
        return set(re.findall(r'href="(/staff/decisions/[^"]+)"', clerk.ask('GET', case).text))
    killer.step(clerk, case, case + '/propose', lambda text: hidden(text, 'version') | {'move': 'disclose', 'text': WHY}, decisions)
    found = decisions()
    if len(found) != 1:
        killer.faults.append(f'a proposal made again gives {len(found)}')
    return found.pop()


def decide(killer, head, decision):
    def fields(_):
        """That he was there a moment ago is forgotten with the process: he confirms again."""
        confirm = hidden(head.ask('GET', f'/step-up?next={decision}').text, 'next') | {'password': killer.machi.passwords['director']}
        assert head.ask('POST', '/step-up', confirm).status == 303
        return hidden(head.ask('GET', decision).text, 'hash', 'stage') | {'act': 'approve'}
    killer.step(head, decision, decision, fields, lambda: '決裁済み' in head.ask('GET', decision).text)


def once(browser, head, case, decision, number):
    """What there is once, however often it was asked for."""
    faults, text, acts = [], browser.ask('GET', case).text, shown(head.ask('GET', decision).text)
    for what, found in (('decision in the story', len(re.findall(r'公開を決める', shown(text.split('class="timeline"')[-1].split('</ol>')[0])))),
                        ('letter', len(set(re.findall(r'href="(/letters/\w+)"', text)))), ('number', len(set(re.findall(r'\d{4}-\d{6}', shown(text))))),
                        ('approval', acts.split('経路の記録')[-1].split('証明')[0].count('承認 '))):
        if found != 1:
            faults.append(f'{what}: {found}')
    return faults if number in text else [*faults, 'its number is another']


def main():
    with tempfile.TemporaryDirectory() as folder:
        machi = Mortal(folder)
        try:
            killer, resident, clerk, head = Killer(machi), Browser(machi, 'nobody'), Browser(machi, 'counter'), Browser(machi, 'director')
            case, number = apply(killer, resident)
            _, following = collect(killer, resident)
            take_post(clerk, 'general-affairs-records-clerk')
            take_post(head, 'general-affairs-head')
            decision = propose(killer, clerk, number)
            decide(killer, head, decision)
            faults = once(resident, head, case, decision, number)
            if int(following[-6:]) != int(number[-6:]) + 1:
                faults.append(f'{following} follows on {number}: a number was given twice, or to nobody')
        finally:
            code = machi.end()
    print(f'# {killer.counts}')
    tell([('each step is done or not, as its page says, and once', killer.faults), ('one case, decision and letter come of it', faults),
          ('machi ends well', [f'exit code {code}'] if code else [])])
    return 0


if __name__ == '__main__':
    sys.exit(main())

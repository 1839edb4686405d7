#!/usr/bin/env python3
"""The desk of an official, as he works at it: what he looks for is found, what he types is answered, each role begins where its
work is, and what is closed to him says to whom it is open."""
import html
import re
import sys
import tempfile
import urllib.parse

from walk_purposes import FAR, user_make
from walk_routes import Browser, Machi


def shown(text):
    """What a page says, without its marks."""
    return re.sub(r'\s+', ' ', html.unescape(re.sub(r'<[^>]+>', ' ', text)))


def inbox(browser, **query):
    """The page, the numbers on it, and what it says of its contents in one text for each."""
    answer = browser.ask('GET', '/staff/inbox?' + urllib.parse.urlencode(query))
    assert answer.status in (200, 303), answer.status
    rows = re.findall(r'/staff/cases/([\d-]+)".*?<td class="wide"[^>]*>(.*?)</td>', answer.text, re.S)
    return answer, dict(rows)


def search(machi, clerk):
    faults = []
    _, all_of_them = inbox(clerk, state='all')
    number = next(iter(all_of_them))
    for typed in (number, ' ' + number + ' ', number.translate({ord(c): ord(c) + 0xFEE0 for c in '0123456789-'})):
        answer, _ = inbox(clerk, q=typed)
        if answer.headers.get('Location') != f'/staff/cases/{number}':
            faults.append(f'{typed} does not lead to its case')
    for typed in ('zzz', '2026-999999'):
        answer, rows = inbox(clerk, q=typed, state='all')
        if rows or f'「{typed}」という受付番号も品目も見つかりません' not in shown(answer.text):
            faults.append(f'{typed} is shown {len(rows)} cases, or no reason')
    _, waiting = inbox(clerk)
    few = {q: set(inbox(clerk, q=q)[1]) for q in ('ソファ', 'そふぁ', 'こたつ')}
    if not few['ソファ'] or few['ソファ'] != few['そふぁ'] or not few['ソファ'] < set(waiting) or few['ソファ'] == few['こたつ']:
        faults.append(f'a kind of thing is not found: {few} of {waiting}')
    answer, _ = inbox(clerk, q='ソファ')
    names = re.findall(r'<span class="tag">(.*?)</span>', answer.text)
    for number in waiting:
        fits = any(f'>{name}' in clerk.ask('GET', f'/staff/cases/{number}').text for name in names)
        if fits != (number in few['ソファ']):
            faults.append(f'{number} is {"not found" if fits else "found"} for a sofa')
    if f'{len(few["ソファ"])}件' not in shown(answer.text) or '二人掛けソファ' not in names:
        faults.append('it is not said how many were found for what')
    user_make(machi)
    answer, _ = inbox(Browser(machi, FAR), q='ソファ', state='all')
    if 'ほかの課の申込み' in answer.text or 'after=' in answer.text:
        faults.append('another division is told what a case is about')
    return faults


def main():
    with tempfile.TemporaryDirectory() as folder:
        machi = Machi(folder)
        try:
            browsers = {role: Browser(machi, role) for role in ('clerk',)}
            results = [('a case is found by its number and by what is fetched', search(machi, browsers['clerk']))]
        finally:
            machi.end()
    print(f'1..{len(results)}')
    for number, (name, wrong) in enumerate(results, 1):
        for line in wrong:
            print('#', line)
        print('not ok' if wrong else 'ok', number, '-', name)
    return 0


if __name__ == '__main__':
    sys.exit(main())

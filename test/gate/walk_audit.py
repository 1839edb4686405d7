#!/usr/bin/env python3
"""The access log as an auditor reads it: it counts all looks and not a page of them, finds them by what is shown, keeps the filter from
page to page, names records as people do, and says what is wrong with a filter without losing it."""
import re
import sys
import tempfile
import urllib.parse

from walk_routes import Browser, Machi, found

LOOKS = 105  # a page holds 100


def table(text):
    return re.findall(r'<tr><td data-label.*?</tr>', text.split('<tbody>')[1], re.S) if '<tbody>' in text else []


def count(text):
    return int(found(text, r'role="status">([\d,]+)', '-1').replace(',', ''))


def log(auditor, **filters):
    return auditor.ask('GET', '/audit?' + urllib.parse.urlencode(dict(filters, lang='en'))).text


def cases_looked_at(machi):
    """Opens the same case so many times, as clerk and once as chief; returns the reader of the log, and how long it was before."""
    auditor, clerk, chief = (Browser(machi, role) for role in ('auditor', 'clerk', 'chief'))
    number = found(clerk.ask('GET', '/staff').text, r'/staff/cases/([\d-]+)', None)
    before = count(log(auditor))
    for _ in range(LOOKS):
        assert clerk.ask('GET', '/staff/cases/' + number).status == 200
    chief.ask('GET', '/staff/decisions?state=all')
    assert chief.ask('GET', '/staff').status == 200
    return auditor, before


def the_count_is_of_all(auditor, before):
    text = log(auditor)
    assert count(text) > before + LOOKS, (count(text), before)
    assert len(table(text)) == 100, len(table(text))
    assert 'at least' not in text.lower()


def pages_lead_to_the_oldest_under_the_same_filter(auditor, _):
    text, rows = log(auditor, post='Clerk, Waste'), []
    total = count(text)
    assert total >= LOOKS, total
    while True:
        assert count(text) == total, (count(text), total)
        rows += table(text)
        older = found(text, r'href="(/audit\?[^"]*before=\d+)"', None)
        if not older:
            break
        text = auditor.ask('GET', older.replace('&amp;', '&') + '&lang=en').text
        assert 'value="Clerk, Waste"' in text, older
    assert len(rows) == total == len(set(rows)), (len(rows), total)


def looks_are_found_by_what_is_shown(auditor, _):
    whole = count(log(auditor))
    by_title, by_id = count(log(auditor, post='ごみ減量係')), count(log(auditor, post='environment-waste'))
    assert LOOKS <= by_title == by_id <= whole, (by_title, by_id, whole)
    purpose = re.search(r'data-label="Purpose">([^<]+)', log(auditor)).group(1)
    assert 0 < count(log(auditor, purpose=purpose)) <= whole, purpose
    assert count(log(auditor, post='no such post')) == 0
    assert count(log(auditor, to='2020-01-01')) == 0
    assert count(log(auditor, **{'from': '2020-01-01'})) == whole


def records_are_named_as_people_do(auditor, _):
    text = log(auditor)
    assert not any('urn:' in row for row in table(text)), 'an urn in the table'
    names = re.findall(r'data-label="Case">(?:<[^>]+>)*([^<]+)', text)
    assert any(re.fullmatch(r'Application …\w{6}', name) for name in names), names[:5]
    row = next(row for row in table(text) if 'Application …' in row)
    place = found(row, r'href="(/audit/\d+)"', None)
    assert re.search(r'urn:ngsi-ld:\w+:', auditor.ask('GET', place).text), 'the whole id is on its own page'


def a_filter_that_is_wrong_is_told_and_kept(auditor, _):
    for wrong, said in (({'from': '2026-05-02', 'to': '2026-05-01'}, 'before the first'), ({'from': 'soon', 'to': ''}, 'as a date'),
                        ({'from': '', 'to': '2026-02-30'}, 'as a date')):
        answer = auditor.ask('GET', '/audit?' + urllib.parse.urlencode(dict(wrong, post='Waste', purpose='check', lang='en')))
        assert answer.status == 422 and 'class="errors"' in answer.text and said in answer.text, (wrong, answer.status)
        for value in [*wrong.values(), 'Waste', 'check']:
            assert not value or f'value="{value}"' in answer.text, (wrong, value)
        field = 'to' if wrong['to'] else 'from'
        assert f'<a href="#{field}">' in answer.text and re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.text), wrong
        assert not table(answer.text) and 'role="status"' not in answer.text, 'it shows looks as if they were asked for'


def numbers_of_cases_that_stay_are_looks(auditor, _):
    clerk, chief = (Browser(auditor.machi, role) for role in ('clerk', 'chief'))
    case = found(clerk.ask('GET', '/staff/handover').text, r'id="case-([a-z0-9]{26})"', None)
    csrf = found(chief.ask('GET', '/staff/handover').text, r'name="csrf" value="([^"]+)"', None)
    before = count(log(auditor))
    text = chief.ask('POST', '/staff/handover', {'csrf': csrf, 'from': 'nobody', 'to': 'post', 'which': 'some', 'case': case}).text
    assert re.search(r'<li>\d{4}-\d{6} ', text), 'its number is shown'
    assert count(log(auditor)) == before + 1, (count(log(auditor)), before)


CASES = [the_count_is_of_all, pages_lead_to_the_oldest_under_the_same_filter, looks_are_found_by_what_is_shown,
         records_are_named_as_people_do, a_filter_that_is_wrong_is_told_and_kept, numbers_of_cases_that_stay_are_looks]


def main():
    print(f'1..{len(CASES)}')
    with tempfile.TemporaryDirectory() as folder:
        machi = Machi(folder)
        try:
            auditor, before = cases_looked_at(machi)
            for number, case in enumerate(CASES, 1):
                try:
                    case(auditor, before)
                    print('ok', number, '-', case.__name__.replace('_', ' '), flush=True)
                except AssertionError as error:
                    print(f'not ok {number} - {case.__name__}\n# {error!r}', flush=True)
        finally:
            machi.end()
    return 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
"""Break-glass over the pages: while the process can write no page of the ledger, the chief still sees the case, marked; a clerk,
and a chief over the API, don't. Afterwards resident and auditor read that look as break-glass, once, and the folder is empty."""
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

from walk_routes import Browser, Machi

MARK = '緊急閲覧'
PAGE_OF_A_LOG = 3000  # bytes: less than any write of the store, more than a look in the spool


def writing(machi, may):
    """A file may grow to so many bytes: what is beyond fails as on a full disk."""
    _, hard = resource.prlimit(machi.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(machi.process.pid, resource.RLIMIT_FSIZE, (hard if may else PAGE_OF_A_LOG, hard))


def during(chief, clerk, case, spool):
    faults = []
    answer = clerk.ask('GET', case)
    if answer.status not in (500, 503) or os.listdir(spool):
        faults.append(f'a clerk is answered {answer.status}')
    answer = chief.ask('GET', '/ngsi-ld/v1/entities?type=Application&options=keyValues', headers={'Machi-Purpose': 'bulky-waste-decide'})
    if answer.status not in (500, 503) or os.listdir(spool):
        faults.append(f'the API answers {answer.status}')
    answer = chief.ask('GET', case)
    if answer.status != 200 or MARK not in answer.text:
        faults.append(f'the chief is answered {answer.status}, marked: {MARK in answer.text}')
    if len(os.listdir(spool)) != 1:
        faults.append(f'the spool holds {os.listdir(spool)}')
    return faults


def afterwards(browsers, case, spool):
    faults, until = [], time.monotonic() + 30
    while os.listdir(spool) and time.monotonic() < until:
        time.sleep(0.2)
    if os.listdir(spool):
        faults.append(f'the spool still holds {os.listdir(spool)}')
    for role, page in (('auditor', '/audit'), ('resident-1', '/my/looks')):  # what is in the ledger is on the pages a moment later
        while (marks := browsers[role].ask('GET', page).text.count(MARK)) == 0 and time.monotonic() < until:
            time.sleep(0.2)
        if marks != 1:
            faults.append(f'{page} shows {marks} such looks')
    answer = browsers['chief'].ask('GET', case)
    if answer.status != 200 or MARK in answer.text:
        faults.append('an ordinary look is marked, too')
    return faults


def started(folder, glass):
    return subprocess.run([sys.argv[1], 'serve', '--data', os.path.join(folder, 'data'), '--listen', '127.0.0.1:0', '--gate.glass', glass],
                          capture_output=True, text=True, timeout=60).stderr


def main():
    with tempfile.TemporaryDirectory(prefix='machi-glass-') as folder:
        spool = os.path.join(folder, 'spool')
        os.mkdir(spool, 0o700)
        machi = Machi(folder, {'MACHI_GATE_GLASS': spool})
        try:
            browsers = {role: Browser(machi, role) for role in ('clerk', 'chief', 'auditor', 'resident-1')}
            number = re.search(r'20\d\d-\d{6}', browsers['resident-1'].ask('GET', '/my').text).group(0)
            case = f'/staff/cases/{number}'
            assert browsers['clerk'].ask('GET', case).status == 200, 'the resident has no case at the desk'
            writing(machi, False)
            faults = during(browsers['chief'], browsers['clerk'], case, spool)
            writing(machi, True)
            faults += afterwards(browsers, case, spool)
        finally:
            ended = machi.end()
        if ended:
            faults.append('it did not end well')
        os.mkdir(os.path.join(folder, 'data', 'spool'))
        if 'lies in the data folder' not in started(folder, os.path.join(folder, 'data', 'spool')):
            faults.append('a spool in the data folder is taken')
        if "can't be read" not in started(folder, os.path.join(folder, 'none')):
            faults.append('a spool that is not there is taken')
    print('1..1')
    for fault in faults:
        print('#', fault)
    print('not ok' if faults else 'ok', '1 - break-glass')
    sys.exit(bool(faults))


if __name__ == '__main__':
    main()

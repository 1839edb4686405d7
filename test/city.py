#!/usr/bin/env python3
"""The starter city of a test. A run makes it once ($TEST_CITY, the folder of a server that has stopped) and each test starts
machi on a copy of its own, since making it takes a server with sanitizers ten times as long as starting on it. Called by itself
makes it: city.py MACHI FOLDER."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys

STARTS = 300


def lay(data):
    """Lays the city of this run at the path; leaves it to `machi serve --starter` when there is none. That the folder is
    another's copy costs no test anything: a city that is made from nothing is what test_serve.py looks at."""
    if os.environ.get('TEST_CITY'):
        shutil.copytree(os.environ['TEST_CITY'], data)


def make(machi, data):
    """Whole and stopped in order, or an error: nobody tests on half a city."""
    with subprocess.Popen([machi, 'serve', '--data', data, '--listen', '127.0.0.1:0', '--starter'],
                          stdout=subprocess.PIPE, text=True) as process:
        signal.alarm(STARTS)
        said = ''
        for line in process.stdout:
            said += line
            if line.lstrip().startswith('sign in as operator'):
                process.send_signal(signal.SIGTERM)
        code = process.wait()
        signal.alarm(0)
    whole = code == 0 and 'sign in as operator' in said and pathlib.Path(data, 'keys/demo-accounts').exists()
    print('1..1')
    print('ok 1 - the starter city is made' if whole else f'not ok 1 - the starter city is made: exit code {code}\n# {said}')
    return 0 if whole else 1


if __name__ == '__main__':
    sys.exit(make(*sys.argv[1:]))

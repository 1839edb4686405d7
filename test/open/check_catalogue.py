#!/usr/bin/env python3
"""Reads the catalogue as a stranger's harvester does: starts machi with the starter city, brings in a file, and holds /catalog.ttl
and /catalog.jsonld to DCAT-AP 3 (mandatory and recommended properties, their ranges and how often they come), to one another, and to
the files that they name. Public answers set no cookie and can be kept."""
import csv
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from city import STARTS, lay

try:
    import rdflib
    from rdflib.compare import graph_diff, to_isomorphic
    from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, XSD
except ImportError:
    print('1..0 # SKIP python3-rdflib is missing: apt-get install python3-rdflib')
    sys.exit(77)

SPDX = rdflib.Namespace('http://spdx.org/rdf/terms#')
VCARD = rdflib.Namespace('http://www.w3.org/2006/vcard/ns#')
PUBLISHES, STILL = 120, 5
TEXT, TIME, IRI, NUMBER = 'text in ja and en', XSD.dateTime, 'address', XSD.nonNegativeInteger
# class, property, least, most (None: any number), range: TEXT, IRI, a datatype, a class, or None
SHAPES = [
    (DCAT.Catalog, DCTERMS.title, 1, None, TEXT), (DCAT.Catalog, DCTERMS.description, 1, None, TEXT),
    (DCAT.Catalog, DCTERMS.publisher, 1, 1, FOAF.Agent), (DCAT.Catalog, DCAT.dataset, 1, None, DCAT.Dataset),
    (DCAT.Catalog, FOAF.homepage, 1, 1, IRI),
    (DCAT.Dataset, DCTERMS.title, 1, None, TEXT), (DCAT.Dataset, DCTERMS.description, 1, None, TEXT),
    (DCAT.Dataset, DCTERMS.publisher, 1, 1, FOAF.Agent), (DCAT.Dataset, DCTERMS.identifier, 1, 1, None),
    (DCAT.Dataset, DCTERMS.issued, 1, 1, TIME), (DCAT.Dataset, DCTERMS.modified, 1, 1, TIME),
    (DCAT.Dataset, DCAT.contactPoint, 1, None, VCARD.Organization), (DCAT.Dataset, DCAT.keyword, 1, None, TEXT),
    (DCAT.Dataset, DCAT.distribution, 1, None, DCAT.Distribution), (DCAT.Dataset, DCAT.landingPage, 1, None, IRI),
    (DCAT.Distribution, DCAT.accessURL, 1, None, IRI), (DCAT.Distribution, DCAT.downloadURL, 1, 1, IRI),
    (DCAT.Distribution, DCTERMS.license, 1, 1, IRI), (DCAT.Distribution, DCAT.mediaType, 1, 1, IRI),
    (DCAT.Distribution, DCAT.byteSize, 1, 1, NUMBER), (DCAT.Distribution, SPDX.checksum, 1, 1, SPDX.Checksum),
    (FOAF.Agent, FOAF.name, 1, None, TEXT), (VCARD.Organization, VCARD.fn, 1, None, TEXT),
    (SPDX.Checksum, SPDX.checksumValue, 1, 1, XSD.hexBinary), (SPDX.Checksum, SPDX.algorithm, 1, 1, IRI),
]
WANTED = {'bulky-waste-counts', 'bulky-waste-records', 'aed'}


class Machi:
    def __init__(self, binary, folder):
        self.data, self.binary = os.path.join(folder, 'data'), binary
        lay(self.data)
        self.process = subprocess.Popen([binary, 'serve', '--data', self.data, '--listen', '127.0.0.1:0', '--starter'],
                                        stdout=subprocess.PIPE, text=True)
        signal.alarm(STARTS)
        self.url = re.search(r'http://\S+', self.process.stdout.readline()).group(0)
        signal.alarm(0)

    def bring(self, path):
        subprocess.run([self.binary, 'import', '--data', self.data, path], check=True, stdout=subprocess.DEVNULL)

    def get(self, path, headers=None):
        url = path if path.startswith('http') else self.url + path
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stdout.read()
        return self.process.wait(60)


def in_range(graph, value, wanted):
    if wanted is None:
        return True
    if wanted is TEXT:
        return isinstance(value, rdflib.Literal) and value.language in ('ja', 'en') and bool(value.strip())
    if wanted is IRI:
        return isinstance(value, rdflib.URIRef) and str(value).startswith('http')
    if str(wanted).startswith(str(XSD)):
        return isinstance(value, rdflib.Literal) and value.datatype == wanted and value.value is not None
    return (value, RDF.type, wanted) in graph


def shape_faults(graph):
    faults = []
    for kind, name, least, most, wanted in SHAPES:
        nodes = list(graph.subjects(RDF.type, kind))
        if not nodes:
            faults.append(f'there is no {kind}')
        for node in nodes:
            values = list(graph.objects(node, name))
            if len(values) < least or (most is not None and len(values) > most):
                faults.append(f'{node} has {len(values)} {name}')
            faults += [f'{node} {name} {value!r}' for value in values if not in_range(graph, value, wanted)]
            if wanted is TEXT and {value.language for value in values} != {'ja', 'en'}:
                faults.append(f'{node} {name} is not in both languages')
    return faults


def named_faults(graph):
    names = {str(name) for name in graph.objects(None, DCTERMS.identifier)}
    return [f'{name} is missing' for name in WANTED - names]


def same_faults(turtle, jsonld):
    if to_isomorphic(turtle) == to_isomorphic(jsonld):
        return []
    _, left, right = graph_diff(turtle, jsonld)
    return [f'only in one: {triple}' for triple in list(left) + list(right)]


def public_faults(machi, path, kept=True):
    status, headers, body = machi.get(path)
    if status != 200:
        return [f'{path}: {status}']
    faults = [f'{path} sets a cookie'] if headers.get('Set-Cookie') else []
    if not kept:
        return faults
    if not headers.get('ETag') or 'public' not in headers.get('Cache-Control', ''):
        return faults + [f'{path} cannot be kept: {headers.get("Cache-Control")}']
    status, headers, body = machi.get(path, {'If-None-Match': headers['ETag']})
    if status != 304 or body or headers.get('Set-Cookie'):
        faults.append(f'{path}, unchanged: {status}')
    return faults


def file_faults(machi, graph):
    faults = []
    for node in graph.subjects(RDF.type, DCAT.Distribution):
        url = str(graph.value(node, DCAT.downloadURL))
        _, headers, body = machi.get(url)
        checksum = graph.value(graph.value(node, SPDX.checksum), SPDX.checksumValue)
        if hashlib.sha256(body).hexdigest() != str(checksum.value.hex() if isinstance(checksum.value, bytes) else checksum):
            faults.append(f'{url}: other bytes than the catalogue says')
        if len(body) != int(graph.value(node, DCAT.byteSize)):
            faults.append(f'{url}: another length than the catalogue says')
        media = str(graph.value(node, DCAT.mediaType)).rsplit('/media-types/', 1)[1]
        if not headers['Content-Type'].startswith(media):
            faults.append(f'{url}: {headers["Content-Type"]}, not {media}')
        if url.endswith('json'):
            json.loads(body)
        faults += public_faults(machi, url)
    return faults


def csv_faults(machi):
    """As 自治体標準オープンデータセット asks: UTF-8, CRLF, its column names; the mark of UTF-8 by choice."""
    _, _, plain = machi.get('/data/aed.csv')
    _, _, marked = machi.get('/data/aed.csv?bom=1')
    rows = list(csv.reader(io.StringIO(plain.decode('utf-8'), newline='')))
    faults = [] if marked == b'\xef\xbb\xbf' + plain else ['?bom=1 is not the same file with the mark']
    faults += [f'no column {name}' for name in ('名称', '緯度', '経度', '設置位置') if name not in rows[0]]
    faults += [f'row {n} has {len(row)} cells' for n, row in enumerate(rows, 1) if len(row) != len(rows[0])]
    if plain.count(b'\r\n') < len(rows):
        faults.append('lines do not end with CRLF')
    return faults


def wait_for(machi):
    until, before, since = time.monotonic() + PUBLISHES, None, 0
    while time.monotonic() < until:
        now = machi.get('/catalog.ttl')[2]
        if now != before:
            before, since = now, time.monotonic()
        elif time.monotonic() > since + STILL and all(machi.get(f'/data/{name}.csv')[0] == 200 for name in WANTED):
            return []
        time.sleep(0.5)
    return ['not published in time, or published again and again']


def checks(machi, samples):
    yield 'what was decided is published', wait_for(machi)
    turtle = rdflib.Graph().parse(data=machi.get('/catalog.ttl')[2], format='turtle')
    jsonld = rdflib.Graph().parse(data=machi.get('/catalog.jsonld')[2], format='json-ld')
    yield 'the Turtle is DCAT-AP', shape_faults(turtle) + named_faults(turtle)
    yield 'the JSON-LD is DCAT-AP', shape_faults(jsonld) + named_faults(jsonld)
    yield 'both say the same', same_faults(turtle, jsonld)
    yield 'every file is as the catalogue says', file_faults(machi, turtle)
    yield 'CSV is as the standard asks', csv_faults(machi)
    yield 'catalogues set no cookie and can be kept', public_faults(machi, '/catalog.ttl') + public_faults(
        machi, '/catalog.jsonld') + public_faults(machi, '/data/aed.jsonld')
    yield 'pages of the portal set no cookie', public_faults(machi, '/data', False) + public_faults(machi, '/data/aed', False)


def main():
    samples = os.environ['MACHI_SAMPLES']
    with tempfile.TemporaryDirectory() as folder:
        machi = Machi(sys.argv[1], folder)
        results = []
        try:
            machi.bring(os.path.join(samples, 'yaizu/aed.csv'))
            results = list(checks(machi, samples))
        finally:
            code = machi.end()
    results.append(('machi ends well', [f'exit code {code}'] if code else []))
    print(f'1..{len(results)}')
    for number, (name, wrong) in enumerate(results, 1):
        for line in wrong[:20]:
            print('#', line)
        print('not ok' if wrong else 'ok', number, '-', name)
    return 0


if __name__ == '__main__':
    sys.exit(main())

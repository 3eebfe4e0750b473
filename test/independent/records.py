"""Reads what a candidate holds of a module: records by their key, lineage, blobs."""

import base64
import collections
import hashlib
import json
import os
import re
from decimal import Decimal

from canonical import Unrepresentable, jcs, parse_json


def id_field(module):
    return None if module['id']['rule'] == 'keep' else module['id'].get('field', 'id')


def key_fields(module):
    """Of a module that keeps its ids: the fields that hold the key, in key order."""
    return [next(name for name, field in module['fields'].items()
                 if field.get('column') == part['column'] and field['type'] == part['type'])
            for part in module['key']]


def sortable(value, kind):
    """What orders like the published encoding of a key part."""
    if kind in ('integer', 'boolean'):
        return value
    if kind == 'bigint' or kind.startswith('decimal'):
        return Decimal(value)
    return base64.b64decode(value) if kind == 'bytes' else value.encode()


def read_records(candidate, module, fields, by_content, report):
    """Lines by their key (canonical text), or how often each content of `fields` comes."""
    place, lines, previous, field = module['module'], {}, None, id_field(module)
    names = [field] if field else key_fields(module)
    kinds = ['string'] if field else [part['type'] for part in module['key']]
    contents, count = collections.defaultdict(int), 0
    with open(os.path.join(candidate, place, 'data.ndjson'), 'rb') as file:
        for count, line in enumerate(file, 1):
            where = '%s, record %d' % (place, count)
            try:
                record = json.loads(line)  # a line that is not the expected one is read strictly
                order = [sortable(record[name], kind) for name, kind in zip(names, kinds)]
                if by_content or 'blind' in module:
                    check_made_up(record, module, by_content, where, report)
                    check_line(line, module, where, report)
            except (Unrepresentable, ValueError, TypeError, KeyError, AttributeError) as error:
                report.differ(where, 'unreadable (%s)' % type(error).__name__)
                continue
            if previous is not None and not previous < order:
                report.differ(where, 'not in strictly ascending order')
            previous = order
            if by_content:
                contents[digest_of({name: record.get(name) for name in fields})] += 1
            else:
                lines[jcs([record[name] for name in names])] = (count, line)
    return contents if by_content else lines, count


def check_line(line, module, where, report):
    """A line is canonical and has the mapping's fields; the record, if it can be read."""
    try:
        record = parse_json(line.decode())
    except (Unrepresentable, ValueError):
        report.differ(where, 'the line is not strict JSON in UTF-8')
        return None
    if jcs(record).encode() + b'\n' != line:
        report.differ(where, 'the line is not canonical')
    made_up = [name for name in (id_field(module), 'blind' in module and '~') if name]
    if set(record) != {*module['fields'], *made_up}:
        report.differ(where, 'the fields are not those of the mapping')
    return record


def check_made_up(record, module, by_content, where, report):
    """The parts of a record that are not computed again: their form."""
    if by_content:
        form = r'[0-9a-f]{8}-[0-9a-f]{4}-%s[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
        version = '8' if 'key' in module['id'] else '5'
        if not re.fullmatch(form % version, str(record[id_field(module)])):
            report.differ(where, 'the id is not a UUID of its rule')
    if 'blind' in module and not re.fullmatch(r'[A-Za-z0-9_-]{22}', str(record['~'])):
        report.differ(where, '~ is not 16 bytes of base64url')


def digest_of(record):
    return hashlib.sha256(jcs(record).encode()).digest()


def compare_record(actual, record, where, report):
    for name, value in record.items():
        if name not in actual or jcs(actual[name]) != jcs(value):
            report.differ('%s, field %s' % (where, jcs(name)), 'the value differs')


def read_lineage(candidate, module, report):
    ids, place = {}, module['module']
    with open(os.path.join(candidate, place, 'lineage.ndjson'), 'rb') as file:
        for number, line in enumerate(file, 1):
            entry = parse_json(line.decode())
            same = (entry['source'], entry['table']) == (
                module['source'].get('name', 'main'), module['source']['table'])
            if entry['id'] in ids or not same:
                report.differ('%s, lineage line %d' % (place, number), 'not of this module')
            ids[entry['id']] = jcs(entry['key'])
    return ids


def check_blobs(candidate, place, blobs, stored, where, report):
    for name, data in blobs.items():
        digest = hashlib.sha256(data).hexdigest()
        path = os.path.join(candidate, place, 'blobs', digest)
        if digest not in stored and (not os.path.isfile(path) or open(path, 'rb').read() != data):
            report.differ('%s, field %s' % (where, jcs(name)), 'the blob is missing or differs')
        stored.add(digest)


def check_stored(candidate, place, stored, report):
    folder = os.path.join(candidate, place, 'blobs')
    for _ in set(os.listdir(folder) if os.path.isdir(folder) else []) - stored:
        report.differ(place, 'a blob belongs to no row')

"""Compares a sealed candidate with the SQLite database that it was made from, cell by cell.

    python3 compare.py SOURCE.db CANDIDATE_DIR [SOURCE_NAME]

Written from the published format alone, with Python's standard library: nothing of Sealift. Exit 0
and one line with the number of cells compared, or exit 1 with the differences: places, no values.
A run that compared no cell has failed. Rows are named by their ordinal in reading order."""

import base64
import collections
import hashlib
import json
import os
import re
import sys
from decimal import Decimal

sys.dont_write_bytecode = True  # the folder of the tests stays as it is

from cells import Unrepresentable, content, expected, jcs, parse_json
from project import Project, load
from source import columns_of, opened, quoted, rows_of, tables_of

ACCOUNTED = ('rows', 'emitting', 'filtered', 'rejected', 'emitted', 'merged', 'records')


class Report:
    def __init__(self):
        self.differences = []
        self.cells = 0

    def differ(self, place, reason):
        self.differences.append('%s: %s' % (place, reason))

    def close(self):
        if self.cells == 0:
            self.differ('run', 'no cell was compared')
        for line in self.differences[:50]:
            print(line)
        if len(self.differences) > 50:
            print('… and %d more' % (len(self.differences) - 50))
        if not self.differences:
            print('%d cells compared, all equal' % self.cells)
        return 1 if self.differences else 0


def held_columns(module):
    """Columns whose values arrive whatever becomes of references of several columns."""
    held = set()
    if module['id']['rule'] in ('uuid', 'registry'):
        held.update(part['column'] for part in module['key'])
    for field in module['fields'].values():
        columns = field.get('columns', [field.get('column')])
        if 'reference' not in field or len(columns) == 1:
            held.update(columns)
    return held


def source_name(entry, inner=None):
    return (entry if inner is None else entry.get(inner, {})).get('name', 'main')


def used_columns(module):
    """Every column that the mapping reads, the key's first."""
    names = [part['column'] for part in module['key']]
    for field in module['fields'].values():
        names += field['columns'] if 'reference' in field else [field['column']]
    return list(dict.fromkeys(names))


def dropped_of(project, name):
    return {entry['table'] for entry in project.project.get('dropped', [])
            if entry.get('source', 'main') == name}


def check_coverage(db, project, name, report):
    """Each table and view is mapped or dropped, each column of a mapped one used or dropped."""
    modules = [m for m in project.modules.values() if source_name(m, 'source') == name]
    dropped = dropped_of(project, name)
    tables = tables_of(db)
    mapped = {module['source']['table'] for module in modules}
    for table in tables:
        if (table in mapped) == (table in dropped):
            report.differ(table, 'the table must be either mapped or dropped')
    for table in (mapped | dropped) - set(tables):
        report.differ(table, 'the source has no such table')
    for module in modules:
        place, columns = module['module'], columns_of(db, module['source']['table'])
        used, left = set(used_columns(module)), set(module.get('dropped', {}))
        for column in columns:
            if (column in used) == (column in left):
                report.differ(place + '.' + column, 'the column must be either used or dropped')
        for column in (used | left) - set(columns):
            report.differ('%s.%s' % (place, column), 'the source has no such column')
    return [module for module in modules if module['source']['table'] in tables]


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


def read_records(candidate, module, report):
    """Lines by their key (canonical text), or how often each content comes where there is none."""
    place, lines, previous = module['module'], {}, None
    keyless, field = module['id']['rule'] == 'keyless', id_field(module)
    names = [field] if field else key_fields(module)
    kinds = ['string'] if field else [part['type'] for part in module['key']]
    contents, count = collections.defaultdict(int), 0
    with open(os.path.join(candidate, place, 'data.ndjson'), 'rb') as file:
        for count, line in enumerate(file, 1):
            where = '%s, record %d' % (place, count)
            try:
                record = json.loads(line)  # a line that is not the expected one is read strictly
                order = [sortable(record[name], kind) for name, kind in zip(names, kinds)]
                if keyless or 'blind' in module:
                    check_made_up(record, module, where, report)
                    check_line(line, module, where, report)
            except (Unrepresentable, ValueError, TypeError, KeyError, AttributeError) as error:
                report.differ(where, 'unreadable (%s)' % type(error).__name__)
                continue
            if previous is not None and not previous < order:
                report.differ(where, 'not in strictly ascending order')
            previous = order
            if keyless:
                contents[without(record, field, '~')] += 1
            else:
                lines[jcs([record[name] for name in names])] = (count, line)
    return contents if keyless else lines, count


def check_line(line, module, where, report):
    """A line is canonical and has the mapping's fields."""
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


def check_made_up(record, module, where, report):
    """The parts of a record that only a secret key can recompute: their form."""
    rule = module['id']
    if rule['rule'] == 'keyless':
        form = r'[0-9a-f]{8}-[0-9a-f]{4}-%s[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
        if not re.fullmatch(form % ('8' if 'key' in rule else '5'), str(record[id_field(module)])):
            report.differ(where, 'the id is not a UUID of its rule')
    if 'blind' in module and not re.fullmatch(r'[A-Za-z0-9_-]{22}', str(record['~'])):
        report.differ(where, '~ is not 16 bytes of base64url')


def without(record, *names):
    rest = {name: value for name, value in record.items() if name not in names}
    return hashlib.sha256(jcs(rest).encode()).digest()


def expected_record(project, module, cell_of):
    """Field → canonical value of a row, and the contents of its blobs."""
    record, blobs = {}, {}
    for name, field in module['fields'].items():
        if 'reference' in field:
            parent = project.modules[field['reference']]
            simple = field.get('match', 'simple') == 'simple' and all(
                cell_of[name] is None or name in held_columns(module) for name in field['columns']
            )
            parts = project.key(parent, cell_of, field['columns'], partial_is_null=simple)
            if parts is None and field.get('required'):
                raise Unrepresentable('a required reference is null')
            record[name] = None if parts is None else project.target(parent, parts)
            continue
        cell = cell_of[field['column']]
        record[name] = expected(cell, field['type'], field)
        if field['type'] == 'blob' and cell is not None:
            blobs[name] = content(cell, field)
    return record, blobs


def repeated_keys(db, project, module):
    """Keys that several rows have: no such row has a record."""
    count, names = collections.Counter(), [part['column'] for part in module['key']]
    for cell_of in rows_of(db, module['source']['table'], used_columns(module)):
        try:
            expected_record(project, module, cell_of)
            count[jcs(project.key(module, cell_of, names))] += 1
        except Unrepresentable:
            pass
    return {key for key, times in count.items() if times > 1}


def compare_module(db, project, module, candidate, rejected, report):
    place, rule = module['module'], module['id']['rule']
    repeated = repeated_keys(db, project, module) if rejected and rule != 'keyless' else ()
    records, count = read_records(candidate, module, report)
    lineage = {} if rule in ('keep', 'keyless') else read_lineage(candidate, module, report)
    rows, refused, stored = 0, [], set()
    for cell_of in rows_of(db, module['source']['table'], used_columns(module)):
        rows += 1
        where = '%s, row %d' % (place, rows)
        try:
            record, blobs = expected_record(project, module, cell_of)
            parts = project.key(module, cell_of, [part['column'] for part in module['key']])
            if rule != 'keyless' and parts is None:
                raise Unrepresentable('null in the key')
            if repeated and jcs(parts) in repeated:
                raise Unrepresentable('several rows have the key')
            key = parts if rule in ('keep', 'keyless') else [project.target(module, parts)]
        except Unrepresentable as error:  # the run must say so, and hold no record of the row
            refused.append((where, str(error)))
            continue
        check_blobs(candidate, place, blobs, stored, where, report)
        report.cells += len(record)
        if rule == 'keyless':
            digest = without(record)
            records[digest] -= 1
            if records[digest] < 0:
                report.differ(where, 'no record has these values')
            continue
        number, line = records.pop(jcs(key), (0, None))
        if line is None:
            report.differ(where, 'no record has this key')
            continue
        whole = record if rule == 'keep' else {**record, id_field(module): key[0]}
        if jcs(whole).encode() + b'\n' != line:
            actual = check_line(line, module, '%s, record %d' % (place, number), report)
            if actual is not None:
                compare_record(actual, record, where, report)
        if rule != 'keep' and lineage.pop(key[0], None) != jcs(parts):
            report.differ(where, 'lineage.ndjson does not have this id with this key')
    left = sum(max(n, 0) for n in records.values()) if rule == 'keyless' else len(records)
    if left:
        report.differ(place, '%d records have no row' % left)
    if lineage:
        report.differ(place, 'lineage.ndjson has %d ids that no row has' % len(lineage))
    check_stored(candidate, place, stored, report)
    counting = 'SELECT count(*) FROM ' + quoted(module['source']['table'])
    if rows != db.execute(counting).fetchone()[0]:
        report.differ(place, 'rows read are not count(*)')
    return rows, refused, count


def compare_record(actual, record, where, report):
    for name, value in record.items():
        if jcs(actual.get(name)) != jcs(value):
            report.differ('%s, field %s' % (where, jcs(name)), 'the value differs')


def read_lineage(candidate, module, report):
    ids, place = {}, module['module']
    with open(os.path.join(candidate, place, 'lineage.ndjson'), 'rb') as file:
        for number, line in enumerate(file, 1):
            entry = parse_json(line.decode())
            same = (entry['source'], entry['table']) == (
                source_name(module, 'source'), module['source']['table'])
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


def check_run(run, counted, project, report):
    """run.json has every module with its count, and its accounting adds up and is ours."""
    modules = {entry['name']: entry['count'] for entry in run['modules']}
    if set(modules) != set(project.modules):
        report.differ('run.json', 'the modules are not those of the mapping')
    for name, (rows, refused, records) in counted.items():
        rejected = len(refused)
        place = 'run.json, module %s' % name
        if modules.get(name) != records or records != rows - rejected:
            report.differ(place, 'the count is not the number of records, or not that of rows')
        entries = [entry for entry in run['accounting'] if entry['module'] == name]
        if not entries:
            report.differ(place, 'no accounting')
            continue
        total = collections.Counter()
        for entry in entries:
            total.update({member: entry[member] for member in ACCOUNTED})
            if entry['rows'] != entry['emitting'] + entry['filtered'] + entry['rejected']:
                report.differ(place, 'rows read are not emitting + filtered + rejected')
        ours = {'rows': rows, 'emitting': rows - rejected, 'filtered': 0, 'rejected': rejected,
                'emitted': records, 'merged': 0, 'records': records}
        if ours != {member: total[member] for member in ACCOUNTED}:
            report.differ(place, 'the accounting is not what the source and the records say')
        if rejected != total['rejected']:
            for where, reason in refused[:10]:
                report.differ(where, 'the mapping cannot hold the row: ' + reason)


def check_tables(db, run, project, name, report):
    """run.json has the number of rows of every base table, mapped or not."""
    sealed = {entry['table']: entry['rows'] for source in run['sources'] if source['name'] == name
              for entry in source['tables']}
    dropped = dropped_of(project, name)
    tables = {table for table, kind in tables_of(db).items() if kind != 'view' or table in dropped}
    if set(sealed) != tables:
        report.differ('run.json', 'the tables are not those of the source')
    for table in sorted(tables):
        if table in dropped and sealed.get(table) is None:
            continue
        if sealed.get(table) != db.execute('SELECT count(*) FROM ' + quoted(table)).fetchone()[0]:
            report.differ('run.json, table %s' % table, 'the rows are not count(*)')


def main(source, candidate, name='main'):
    report = Report()
    project, run = Project(candidate), load(candidate, 'checksums', 'run.json')
    rejected = {entry['module'] for entry in run['accounting'] if entry['rejected']}
    with opened(source) as db:
        counted = {place: compare_module(db, project, module, candidate, place in rejected, report)
                   for module in check_coverage(db, project, name, report)
                   for place in [module['module']]}
        check_tables(db, run, project, name, report)
    check_run(run, counted, project, report)
    return report.close()


if __name__ == '__main__':
    if len(sys.argv) not in (3, 4):
        sys.exit('usage: compare.py SOURCE.db CANDIDATE_DIR [SOURCE_NAME]')
    sys.exit(main(*sys.argv[1:]))

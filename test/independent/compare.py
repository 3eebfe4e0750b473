"""Compares a sealed candidate with the SQLite database that it was made from, cell by cell.

    python3 compare.py SOURCE.db CANDIDATE_DIR [SOURCE_NAME [NAME=SOURCE.db ...]]

A project of several databases names them all, or what the others hold is not compared.
Written from the published format alone, with Python's standard library: nothing of Sealift. Exit 0
where every cell was compared and is equal; 1 where something differs; 2 where nothing differs, but
not all could be compared. It names places, never values, and says how many cells were compared. A
run that compared no cell has failed. Rows are named by their ordinal in reading order."""

import collections
import sys

sys.dont_write_bytecode = True  # the folder of the tests stays as it is

from canonical import NotKnown, Unrepresentable, jcs
from project import Project, load
from records import (check_blobs, check_line, check_stored, compare_record, digest_of, id_field,
                     read_lineage, read_records)
from rows import Gate, expected_record, key_of, rows_read, used_columns
from scope import unknown_fields, unknown_module, unknown_project
from source import columns_of, opened, quoted, tables_of

ACCOUNTED = ('rows', 'emitting', 'filtered', 'rejected', 'emitted', 'merged', 'records')


class Report:
    def __init__(self):
        self.differences = []
        self.not_compared = {}
        self.by_form = []
        self.cells = 0

    def differ(self, place, reason):
        self.differences.append('%s: %s' % (place, reason))

    def leave_out(self, module, names, reason):
        """Owns up to fields that were not compared; an id stands for a module without fields."""
        for name in names:
            self.not_compared['%s, field %s' % (module, jcs(name))] = reason

    def add(self, other):
        self.differences += other.differences
        self.cells += other.cells

    def close(self):
        if self.cells == 0 and not self.not_compared:
            self.differ('run', 'no cell was compared')
        listed(self.differences)
        listed('%s: not compared: %s' % entry for entry in sorted(self.not_compared.items()))
        left = len(self.not_compared)
        if left:
            print('not compared: %d field%s' % (left, '' if left == 1 else 's'))
        if not self.differences:
            print('%d cells compared, all equal' % self.cells)
        for place in self.by_form:
            print('%s: made with a secret key, only the form was compared' % place)
        return 1 if self.differences else 2 if left else 0


def listed(lines):
    lines = list(lines)
    for line in lines[:50]:
        print(line)
    if len(lines) > 50:
        print('… and %d more' % (len(lines) - 50))


def source_of(module):
    return module['source'].get('name', 'main')


def table_of(module):
    """The table whose rows a module answers for."""
    return module['source'].get('base', module['source'])['table']


def modules_of(project, name):
    return [module for module in project.modules.values() if source_of(module) == name]


def dropped_of(project, name):
    return {entry['table'] for entry in project.project.get('dropped', [])
            if entry.get('source', 'main') == name}


def check_coverage(db, project, name, report):
    """Each table and view is mapped or dropped, each column of a mapped one used or dropped."""
    modules = modules_of(project, name)
    dropped = dropped_of(project, name)
    tables = tables_of(db)
    mapped = {table for module in modules for table in
              (table_of(module), module['source'].get('table')) if table is not None}
    queried = any('sql' in module['source'] for module in modules)
    for table, kind in tables.items():
        if kind == 'view' and queried and table not in mapped:
            continue  # a query that is not looked into here may read it
        if (table in mapped) == (table in dropped):
            report.differ(table, 'the table must be either mapped or dropped')
    for table in (mapped | dropped) - set(tables):
        report.differ(table, 'the source has no such table')
    for module in modules:
        if unknown_module(project, module) or module.get('external'):
            continue
        place, columns = module['module'], columns_of(db, module['source']['table'])
        used, left = set(used_columns(module)), set(module.get('dropped', {}))
        # A key that is transformed holds a column as compared: how it is spelled may be dropped.
        compared = {part['column'] for part in module['key'] if part.get('transforms')}
        for column in columns:
            spelled = column in compared and column in left
            if (column in used) == (column in left) and not spelled:
                report.differ(place + '.' + column, 'the column must be either used or dropped')
        for column in (used | left) - set(columns):
            report.differ('%s.%s' % (place, column), 'the source has no such column')
    return [module for module in modules if table_of(module) in tables]


def repeated_keys(db, project, gate, module, fields):
    """Keys that several rows have: whether their records may become one."""
    contents, names = collections.defaultdict(list), set()
    for cell_of in rows_read(db, module):
        try:
            if gate.passes(module, cell_of):
                record, _ = expected_record(project, gate, module, fields, cell_of)
                contents[jcs(key_of(project, module, cell_of))].append(digest_of(record))
        except Unrepresentable:
            pass
    if any(len(each) > 1 for each in contents.values()) and len(fields) < len(module['fields']):
        raise NotKnown('several rows have one key, and not all of their fields are known')
    merging = module.get('merge') == 'equal'
    return {key: merging and len(set(each)) == 1 for key, each in contents.items() if len(each) > 1}


class Table:
    """One module against its table, row by row."""

    def __init__(self, db, project, gate, module, candidate, fields, rejected, report):
        self.project, self.gate, self.module, self.fields = project, gate, module, fields
        self.candidate, self.report, self.place = candidate, report, module['module']
        rule = module['id']['rule']
        self.whole = len(fields) == len(module['fields'])
        self.keyless, self.keeps = rule == 'keyless', rule == 'keep'
        # The id of a record without a key is made of all of its content, and perhaps of a secret.
        self.by_content = self.keyless and ('key' in module['id'] or not self.whole)
        looked_at = not self.keyless and (rejected or 'merge' in module)
        self.repeated = repeated_keys(db, project, gate, module, fields) if looked_at else {}
        self.records, self.count = read_records(candidate, module, fields, self.by_content, report)
        has_lineage = rule in ('uuid', 'registry')
        self.lineage = read_lineage(candidate, module, report) if has_lineage else {}
        self.rows = self.filtered = self.merged = self.missing = 0
        self.refused, self.stored, self.ordinals = [], set(), collections.Counter()
        self.merged_keys = set()

    def compare(self, cell_of):
        self.rows += 1
        where = '%s, row %d' % (self.place, self.rows)
        try:
            if not self.gate.passes(self.module, cell_of):
                self.filtered += 1
                return
            record, blobs = expected_record(
                self.project, self.gate, self.module, self.fields, cell_of)
            parts = None if self.keyless else key_of(self.project, self.module, cell_of)
            if not self.keyless and parts is None:
                raise Unrepresentable('null in the key', 'key-null')
            if self.repeated.get(jcs(parts)) is False:
                raise Unrepresentable('several rows have the key', 'key-duplicate')
            key = self.key_for(record, parts)
        except Unrepresentable as error:  # the run must say so, and hold no record of the row
            self.refused.append((where, str(error)))
            return
        check_blobs(self.candidate, self.place, blobs, self.stored, where, self.report)
        if self.by_content:
            self.take_content(record, where)
        elif jcs(parts) in self.merged_keys:
            self.merged += 1
            self.report.cells += len(record)
        else:
            self.take_record(record, parts, key, where)

    def key_for(self, record, parts):
        """The members that order the records; None where they are made with a secret."""
        if self.keeps or self.by_content:
            return parts
        if not self.keyless:
            return [self.project.target(self.module, parts)]
        content = jcs(record)
        digest = digest_of(record)
        self.ordinals[digest] += 1
        return [self.project.keyless_target(self.module, content, self.ordinals[digest] - 1)]

    def take_content(self, record, where):
        digest = digest_of(record)
        if self.records[digest] > 0:
            self.records[digest] -= 1
            self.report.cells += len(record)
        else:
            self.lack(where, 'no record has these values')

    def take_record(self, record, parts, key, where):
        if jcs(parts) in self.repeated:
            self.merged_keys.add(jcs(parts))
        number, line = self.records.pop(jcs(key), (0, None))
        if line is None:
            return self.lack(where, 'no record has this key')
        self.report.cells += len(record)
        whole = record if self.keeps else {**record, id_field(self.module): key[0]}
        if not self.whole or jcs(whole).encode() + b'\n' != line:
            place = '%s, record %d' % (self.place, number)
            actual = check_line(line, self.module, place, self.report)
            if actual is not None:
                compare_record(actual, record, where, self.report)
        if not self.keeps and not self.keyless and self.lineage.pop(key[0], None) != jcs(parts):
            self.report.differ(where, 'lineage.ndjson does not have this id with this key')

    def lack(self, where, reason):
        """A row without a record; a field that is not compared may have refused it."""
        if self.whole:
            self.report.differ(where, reason)
        self.missing += 1

    def close(self):
        left = sum(self.records.values()) if self.by_content else len(self.records)
        if left:
            self.report.differ(self.place, '%d records have no row' % left)
        if self.lineage:
            self.report.differ(
                self.place, 'lineage.ndjson has %d ids that no row has' % len(self.lineage))
        check_stored(self.candidate, self.place, self.stored, self.report)


def made_with_secrets(module):
    """The members of a module's records that cannot be computed again without a secret key."""
    names = [id_field(module)] if 'key' in module['id'] else []
    return ['%s, field %s' % (module['module'], jcs(name))
            for name in names + (['~'] if 'blind' in module else [])]


def compare_module(db, project, gate, module, candidate, rejected, report):
    """The finished table, or None where nothing of the module can be compared."""
    place, reason = module['module'], unknown_module(project, module)
    names = list(module['fields']) or ['id']
    left_out = {} if reason else unknown_fields(project, module)
    while reason is None:
        fields = {n: field for n, field in module['fields'].items() if n not in left_out}
        trial = Report()
        try:
            table = Table(db, project, gate, module, candidate, fields, rejected, trial)
            for cell_of in rows_read(db, module):
                table.compare(cell_of)
        except NotKnown as error:
            if error.field is None:
                reason = str(error)
            else:
                left_out[error.field] = str(error)
            continue
        table.close()
        if table.rows != db.execute(
                'SELECT count(*) FROM ' + quoted(module['source']['table'])).fetchone()[0]:
            trial.differ(place, 'rows read are not count(*)')
        for name, why in left_out.items():
            report.leave_out(place, [name], why)
        report.add(trial)
        report.by_form += made_with_secrets(module)
        return table
    report.leave_out(place, names, reason)
    return None


def check_run(run, counted, project, report):
    """run.json has every module with its count, and its accounting adds up and is ours."""
    modules = {entry['name']: entry['count'] for entry in run['modules']}
    if set(modules) != set(project.modules):
        report.differ('run.json', 'the modules are not those of the mapping')
    for name, table in counted.items():
        rows, records = table.rows, table.count
        rejected = len(table.refused) + (0 if table.whole else table.missing)
        emitting = rows - table.filtered - rejected
        place = 'run.json, module %s' % name
        if modules.get(name) != records or records != emitting - table.merged:
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
        ours = {'rows': rows, 'emitting': emitting, 'filtered': table.filtered,
                'rejected': rejected, 'emitted': emitting, 'merged': table.merged,
                'records': records}
        if ours != {member: total[member] for member in ACCOUNTED}:
            report.differ(place, 'the accounting is not what the source and the records say')
        if rejected != total['rejected']:
            for where, reason in table.refused[:10]:
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


def main(source, candidate, name='main', *others):
    sources = {name: source, **dict(other.split('=', 1) for other in others)}
    report = Report()
    project, run = Project(candidate), load(candidate, 'checksums', 'run.json')
    rejected = {entry['module'] for entry in run['accounting'] if entry['rejected']}
    for member in unknown_project(project):
        report.leave_out('project.json', [member], 'what it means is not known')
    for module in project.modules.values():
        if source_of(module) not in sources:
            names = module['fields'] or ['id']
            report.leave_out(module['module'], names, 'it is of another source')
    counted = {}
    for name, source in sources.items():
        with opened(source) as db:
            gate = Gate(db, project)
            for module in check_coverage(db, project, name, report):
                place = module['module']
                table = compare_module(
                    db, project, gate, module, candidate, place in rejected, report)
                if table is not None:
                    counted[place] = table
            check_tables(db, run, project, name, report)
    check_run(run, counted, project, report)
    return report.close()


if __name__ == '__main__':
    if len(sys.argv) < 3 or not all('=' in other for other in sys.argv[4:]):
        sys.exit('usage: compare.py SOURCE.db CANDIDATE_DIR [SOURCE_NAME [NAME=SOURCE.db ...]]')
    sys.exit(main(*sys.argv[1:]))

"""Which rows of a table count, and the record that the mapping asks for each."""

from canonical import NotKnown, Unrepresentable, jcs
from cells import Invalid, content, expected
from source import rows_of
from transforms import same, spelled, transformed


def columns_read(field):
    """The columns of the source that a field is made of."""
    return field.get('columns', [field['column']] if 'column' in field else [])


def used_columns(module):
    """Every column that a key or a field reads, the key's first."""
    names = [part['column'] for part in module['key']]
    for field in module['fields'].values():
        names += columns_read(field)
    return list(dict.fromkeys(names))


def rows_read(db, module):
    """The rows of a module's table, whether they count or not."""
    names = used_columns(module) + [condition['column'] for condition in module.get('where', [])]
    return rows_of(db, module['source']['table'], list(dict.fromkeys(names)))


def key_of(project, module, cell_of):
    return project.key(module, cell_of, [part['column'] for part in module['key']])


def holds(condition, cell):
    """Whether a condition holds for a cell as the source has it."""
    if 'isNull' in condition:
        return (cell is None) == condition['isNull']
    if 'in' in condition or 'notIn' in condition:
        listed = any(same(cell, value) for value in condition.get('in', condition.get('notIn')))
        return listed == ('in' in condition)
    bound = condition.get('atLeast', condition.get('below'))
    kinds = (str,) if isinstance(bound, str) else (int, float)
    if not isinstance(cell, kinds):
        return False
    # By code points texts order as by their UTF-8 bytes, and numbers of Python compare exactly.
    return cell >= bound if 'atLeast' in condition else cell < bound


class Gate:
    """Which rows are filtered: by a condition, or because a row that they refer to was."""

    def __init__(self, db, project):
        self.db, self.project, self.known, self.present = db, project, {}, {}

    def passes(self, module, cell_of):
        return self.meets(module, cell_of) and not any(
            self.refers_to_gone(field, cell_of) for field in module['fields'].values()
            if field.get('onFilteredParent') == 'filter')

    def meets(self, module, cell_of):
        return all(holds(each, cell_of[each['column']]) for each in module.get('where', []))

    def refers_to_gone(self, field, cell_of):
        parent = self.project.modules[field['reference']]
        return self.key_text(parent, cell_of, field['columns']) in self.gone(parent)

    def key_text(self, module, cell_of, columns):
        try:
            parts = self.project.key(module, cell_of, columns)
        except Unrepresentable:
            return None
        return None if parts is None else jcs(parts)

    def there(self, module):
        """Keys that any row has, whatever becomes of it."""
        name = module['module']
        if name not in self.present:
            own = [part['column'] for part in module['key']]
            self.present[name] = {
                self.key_text(module, cell_of, own) for cell_of in rows_read(self.db, module)}
        return self.present[name]

    def gone(self, module):
        """Keys whose rows were all filtered."""
        name = module['module']
        if name not in self.known:
            self.known[name] = self.without_rows(module)
        return self.known[name]

    def without_rows(self, module):
        own = [part['column'] for part in module['key']]
        asking = [field for field in module['fields'].values()
                  if field.get('onFilteredParent') == 'filter']
        itself = [field for field in asking if field['reference'] == module['module']]
        kept, out = [], set()
        for cell_of in rows_read(self.db, module):
            key = self.key_text(module, cell_of, own)
            if not self.meets(module, cell_of) or any(
                    self.refers_to_gone(field, cell_of) for field in asking if field not in itself):
                out.add(key)
            else:
                parents = [self.key_text(module, cell_of, each['columns']) for each in itself]
                kept.append((key, parents))
        while True:
            gone = out - {key for key, _ in kept} - {None}
            staying = [row for row in kept if not gone.intersection(row[1])]
            out |= {key for key, parents in kept if gone.intersection(parents)}
            if len(staying) == len(kept):
                return gone
            kept = staying


def combined(cells, combine):
    """The one cell that several columns make together."""
    cells = [cell for cell in cells if cell is not None]
    if combine == 'coalesce' or not cells:
        return cells[0] if cells else None
    texts = [spelled(cell) for cell in cells]
    for cell, text in zip(cells, texts):
        if text is None:
            rule = 'encoding' if isinstance(cell, Invalid) else 'type'
            raise Unrepresentable('neither text nor an integer', rule)
    return combine['join'].join(texts)


def cell_for(field, cell_of):
    """What a field's type sees of a row."""
    if 'constant' in field:
        cell = field['constant']
    elif 'combine' in field:
        cell = combined([cell_of[column] for column in field['columns']], field['combine'])
    else:
        cell = cell_of[field['column']]
    return transformed(cell, field.get('transforms', []))


def held_columns(module):
    """Columns whose values arrive whatever becomes of references of several columns."""
    held = set()
    if module['id']['rule'] in ('uuid', 'registry'):
        held.update(part['column'] for part in module['key'])
    for field in module['fields'].values():
        if 'reference' not in field or len(field['columns']) == 1:
            held.update(columns_read(field))
    return held


def target_of(project, gate, module, field, cell_of):
    """The id that a reference holds."""
    parent, columns = project.modules[field['reference']], field['columns']
    refers = [column for column in columns if cell_of[column] is not None]
    # Half of a key refers to nothing, where what it holds is not lost by that.
    nothing = 0 < len(refers) < len(columns) and field.get('match', 'simple') == 'simple' and (
        held_columns(module).issuperset(refers))
    try:
        parts = project.key(parent, cell_of, columns, partial_is_null=nothing)
    except Unrepresentable as error:  # what cannot be a key is missing, but half of one is not
        if field.get('onMissing') != 'null' or error.rule == 'reference-partial':
            raise
        parts = None
    if parts is not None and field.get('onMissing') == 'null':
        parts = parts if jcs(parts) in gate.there(parent) else None
    if field.get('onFilteredParent') == 'null' and gate.refers_to_gone(field, cell_of):
        parts = None
    if parts is None and field.get('required'):
        raise Unrepresentable('a required reference is null', 'required')
    return None if parts is None else project.target(parent, parts)


def value_of(project, gate, module, field, cell_of):
    """The canonical value of a field, and its content where that is a blob."""
    if 'reference' in field:
        return target_of(project, gate, module, field, cell_of), None
    cell = cell_for(field, cell_of)
    value = expected(cell, field['type'], field)
    return value, content(cell, field) if field['type'] == 'blob' and cell is not None else None


VAGUE = ('type', 'exactness', 'scale')


def is_let_through(project, rule, module, field):
    """Whether the project makes less of the rule that refuses a cell: then it is null."""
    rules = VAGUE if rule in VAGUE else (rule,)
    lowered = {project.is_lowered(each, module, field) for each in rules}
    if len(lowered) > 1:  # a cell often fails several of them: which one is told is not published
        unknown = NotKnown('which of the rules "%s" refuses a cell' % '", "'.join(VAGUE))
        unknown.field = field
        raise unknown
    return lowered.pop()


def expected_record(project, gate, module, fields, cell_of):
    """Field → canonical value of a row, and the contents of its blobs."""
    record, blobs = {}, {}
    for name, field in fields.items():
        try:
            record[name], blob = value_of(project, gate, module, field, cell_of)
        except NotKnown as error:
            error.field = name
            raise
        except Unrepresentable as error:
            if not is_let_through(project, error.rule, module['module'], name):
                raise
            record[name], blob = None, None
        if blob is not None:
            blobs[name] = blob
    return record, blobs

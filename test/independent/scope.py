"""What this comparison knows of a mapping. What is not listed here is not compared, and it says so:
a member, an option or a type that a later version brings never passes for one that was compared."""

import re

from transforms import unknown_step

PROJECT = {'$schema', 'format', 'name', 'namespace', 'asOf', 'sources', 'dropped', 'severities',
           'piiPatterns'}
# unique, references, invariants and minimumRows are about records, and change none.
MODULE = {'$schema', 'module', 'source', 'where', 'merge', 'external', 'key', 'id', 'fields',
          'dropped', 'unique', 'references', 'invariants', 'minimumRows', 'blind', 'pii'}
IDS = {'keep': {'rule'}, 'uuid': {'rule', 'field'}, 'registry': {'rule', 'field', 'registry'},
       'keyless': {'rule', 'field', 'key'}}
CONDITIONS = ('in', 'notIn', 'isNull', 'atLeast', 'below')
REFERENCE = {'reference', 'columns', 'required', 'onFilteredParent', 'match', 'onMissing'}
# format, longText and copyOf are about a value, and do not change it.
VALUE = {'column', 'columns', 'combine', 'constant', 'type', 'required', 'maxLength', 'values',
         'zone', 'encoding', 'transforms', 'nonBlank', 'pattern', 'references', 'format',
         'longText', 'copyOf'}
SINGLE = (r'string|boolean|integer|bigint|float|date|uuid|bytes|blob|enum|json|tagged'
          r'|(decimal|time|timestamp|timestamptz)(\(\d+\))?')
KEY_TYPE = (r'string|boolean|integer|bigint|date|uuid|bytes'
            r'|(decimal|time|timestamp|timestamptz)\(\d+\)')
# What means the same in RE2 and in Python where a whole text has to match.
MARK = r'\\[^A-Za-z0-9_\s]'
ATOM = r'(?:[^\\^$.|?*+()\[\]{}]|\\[dDwW]|%s|\.|\[\^?(?:[^\\\[\]^&~|]|\\[dw]|%s)+\])' % (MARK, MARK)
TIMES = r'(?:[*?+]|\{\d+(?:,\d*)?\})?'
PATTERN = r'\^?(?:%s%s|\((?:\?:)?|\)%s|\|)*\$?' % (ATOM, TIMES, TIMES)


def unknown_project(project):
    return [member for member in project.project if member not in PROJECT]


def unknown_module(project, module):
    """Why nothing of a module can be compared, or None."""
    return (unlisted(module, MODULE) or unknown_rows(module) or unknown_key(module) or
            unknown_parents(project, module, 'filter'))


def unlisted(entry, known):
    names = sorted(set(entry) - known)
    return 'what "%s" means is not known' % '", "'.join(names) if names else None


def unknown_rows(module):
    """Why it is not known which rows of the source count."""
    if 'table' not in module['source'] or 'base' in module['source']:
        return 'its rows are those of a query'
    for condition in module.get('where', []):
        tests = [member for member in condition if member != 'column']
        if len(tests) != 1 or tests[0] not in CONDITIONS:
            return 'a condition of "where" is not known'
    if module.get('merge', 'equal') != 'equal':
        return 'what "merge" means is not known'
    return unlisted(module['source'], {'name', 'table'})


def unknown_key(module):
    """Why the ids of a module are not known."""
    for part in module['key']:
        reason = unlisted(part, {'column', 'type', 'transforms'}) or unknown_steps(part)
        if reason or not re.fullmatch(KEY_TYPE, part['type'], re.ASCII):
            return 'a part of its key: %s' % (reason or 'the type')
    if module['id'].get('rule') not in IDS:
        return 'the rule of its ids is not known'
    return unlisted(module['id'], IDS[module['id']['rule']])


def unknown_parents(project, module, value):
    """Why it is not known which parents were filtered, of those for which a field asks so."""
    source = module['source'].get('name', 'main')
    for field in module['fields'].values():
        parent = project.modules.get(field.get('reference'))
        if field.get('onFilteredParent') != value or parent is module:
            continue
        if parent is None or parent['source'].get('name', 'main') != source:
            return 'it depends on rows of another source'
        reason = (unknown_rows(parent) or unknown_key(parent) or
                  unknown_parents(project, parent, 'filter'))
        if reason:
            return 'it depends on "%s", and there %s' % (parent['module'], reason)
    return None


def unknown_fields(project, module):
    """Field → why it cannot be compared."""
    reasons = {name: unknown_reference(project, module, field) if 'reference' in field
               else unknown_treatment(module, name) or unknown_value(project, field)
               for name, field in module['fields'].items()}
    keeps = module['id'].get('rule') == 'keep'
    parts = [part['column'] for part in module['key']] if keeps else []
    for name, field in module['fields'].items():
        if field.get('column') in parts and any(
                project.is_lowered(rule, module['module'], name) for rule in ('blank', 'pattern')):
            reasons[name] = reasons[name] or 'the project lowers a rule of a kept key'
    return {name: reason for name, reason in reasons.items() if reason}


def unknown_treatment(module, name):
    """What a policy on personal data makes of a value needs its key, or is less than the value."""
    policy = module.get('pii', {'policy': 1})
    if policy.get('policy') != 1:
        return 'the version of its policy is not known'
    declared = policy.get('fields', {}).get(name, {'treatment': 'plain'})
    return None if declared.get('treatment') == 'plain' else 'it is treated as personal data'


def unknown_reference(project, module, field):
    parent = project.modules.get(field['reference'])
    if parent is None:
        return 'the module that it refers to is not there'
    if field.get('onFilteredParent', 'block') not in ('block', 'null', 'filter'):
        return 'what "onFilteredParent" asks for is not known'
    if field.get('match', 'simple') not in ('simple', 'full'):
        return 'what "match" asks for is not known'
    if field.get('onMissing', 'block') not in ('block', 'null'):
        return 'what "onMissing" asks for is not known'
    if parent['id'].get('rule') == 'keyless':
        return 'the module that it refers to has no key'
    asks = 'null' in (field.get('onMissing'), field.get('onFilteredParent'))
    asking = {**field, 'onFilteredParent': 'null' if asks else 'block'}
    alone = {'source': module['source'], 'fields': {'': asking}}
    return (unlisted(field, REFERENCE) or unknown_key(parent) or
            unknown_parents(project, alone, 'null'))


def unknown_value(project, field):
    kind = field.get('type', '')
    if not re.fullmatch(SINGLE, innermost(kind), re.ASCII):
        return 'its type is not known'
    if sum(member in field for member in ('column', 'columns', 'constant')) != 1 or (
            ('combine' in field) != ('columns' in field)):
        return 'what it is made of is not known'
    combine = field.get('combine', 'coalesce')
    if combine != 'coalesce' and (not isinstance(combine, dict) or list(combine) != ['join']):
        return 'how its columns are combined is not known'
    if 'pattern' in field and not re.fullmatch(PATTERN, field['pattern']):
        return 'its pattern may mean something else in Python'
    if field.get('encoding', 'hex') not in ('hex', 'base64'):
        return 'its encoding is not known'
    return (unlisted(field, VALUE) or unknown_steps(field) or unknown_digits(field) or
            unknown_references(project, field))


def innermost(kind):
    """The type of what arrays hold in the end."""
    inner = re.fullmatch(r'array\((.*)\)', kind)
    return innermost(inner[1]) if inner else kind


def unknown_steps(entry):
    reasons = [unknown_step(step) for step in entry.get('transforms', [])]
    return next((reason for reason in reasons if reason), None)


def unknown_digits(field):
    """JSON's 1.10 is a number whose digits a program may keep or not."""
    of_json = field['type'] == 'decimal' and any(
        'jsonField' in step for step in field.get('transforms', []) if isinstance(step, dict))
    in_array = field['type'] != 'decimal' and innermost(field['type']) == 'decimal'
    return 'how digits of JSON are kept is not known' if of_json or in_array else None


def unknown_references(project, field):
    """Ids inside a value stay as they are where the other module keeps its own."""
    if 'references' not in field:
        return None
    named = field['references'] if isinstance(field['references'], str) else None
    keeps = project.modules.get(named, {}).get('id', {}).get('rule') == 'keep'
    return None if keeps else 'what becomes of ids inside it is not known'

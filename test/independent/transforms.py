"""The steps from a cell to the value that a field's type sees, as docs/transforms.md has them.

Null stays null, and text that is not Unicode passes."""

import functools
import re
import unicodedata

from canonical import SAFE, NotKnown, Unrepresentable, js_number, parse_json
from cells import WHITE_SPACE, Document, date, time, timestamp

BLANKS = '[' + re.escape(WHITE_SPACE) + ']+'


def transformed(cell, steps):
    for step in steps:
        if cell is None:
            return None
        name, argument, options = parsed(step)
        cell = STEPS[name](cell, argument, options)
    return cell


def parsed(step):
    """Name, argument and further options of a step; the first member that is a step's names it."""
    if isinstance(step, str):
        return step, None, {}
    name = next((member for member in step if member in OPTIONS), None)
    options = {member: value for member, value in step.items() if member != name}
    return name, step.get(name), options


def unknown_step(step):
    """Why a step cannot be done here, or None."""
    name, argument, options = parsed(step)
    if name not in STEPS or isinstance(step, str) != (name not in OPTIONS):
        names = [step] if isinstance(step, str) else list(step)
        return 'the transform "%s" is not known' % '", "'.join(names)
    if set(options) - OPTIONS.get(name, set()):
        return 'an option of the transform "%s" is not known' % name
    if name in PATTERNS and set(argument) - {'pattern', 'fallbacks'}:
        return 'an option of the transform "%s" is not known' % name
    if name in PATTERNS and any(shape(name, each) is None for each in patterns_of(argument)):
        return 'a pattern of the transform "%s" is not known' % name
    return None


def on_text(change):
    return lambda cell, argument, options: (
        change(cell, argument, options) if isinstance(cell, str) else cell)


def of_unicode(change):
    """Python's version of Unicode may be older than the program's: of what it lacks, it says so."""

    def step(cell, _argument, _options):
        if any(unicodedata.category(character) == 'Cn' for character in cell):
            raise NotKnown('Unicode %s lacks a character of it' % unicodedata.unidata_version)
        return change(cell)

    return on_text(step)


def spelled(cell):
    """Text as it is, integers by their digits; None for other kinds."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return None
    if isinstance(cell, int):
        return str(cell)
    whole = cell.is_integer() and abs(cell) <= SAFE and js_number(cell) != '-0'
    return str(int(cell)) if whole else None


def same(cell, value):
    """Text equals text and numbers equal numbers, by value."""
    if isinstance(cell, bool) or isinstance(value, bool):
        return cell is value
    kinds = (str,) if isinstance(value, str) else (int, float)
    return isinstance(cell, kinds) and cell == value


def sentinels(cell, values, _):
    return None if any(same(cell, value) for value in values) else cell


def decimal_comma(cell, _argument, _options):
    unclear = re.fullmatch(r'-?\d+\.\d{3}', cell, re.ASCII)
    plain = re.fullmatch(r'-?\d+(,\d+)?', cell, re.ASCII)
    grouped = re.fullmatch(r'-?[1-9]\d{0,2}(\.\d{3})+(,\d+)?', cell, re.ASCII)
    if unclear or not (plain or grouped):
        raise Unrepresentable('not a number with a decimal comma')
    return cell.replace('.', '').replace(',', '.')


def booleans(cell, words, _):
    for meaning in (False, True):
        if cell in words[str(meaning).lower()]:
            return meaning
    raise Unrepresentable('none of the words')


def lookup(cell, table, options):
    text = spelled(cell)
    if text is not None and text in table:
        return table[text]
    if options.get('otherwise') == 'keep':
        return cell
    raise Unrepresentable('not in the look-up table', 'lookup')


def split(cell, separator, options):
    if 'part' not in options:
        return Document(cell.split(separator) if cell else [])
    parts = cell.split(separator)
    return parts[options['part'] - 1] if options['part'] <= len(parts) else None


def affix(form):
    def step(cell, text, _):
        own = spelled(cell)
        return cell if own is None else form(own, text)
    return step


def json_field(cell, member, _):
    if isinstance(cell, str):
        cell = Document(parsed_json(cell))
    if not isinstance(cell, Document) or not isinstance(cell.value, dict):
        raise Unrepresentable('not a JSON object')
    value = cell.value.get(member)
    return Document(value) if isinstance(value, (dict, list)) else value


def parsed_json(text):
    try:
        return parse_json(text)
    except Unrepresentable as error:
        if error.rule == 'exactness':  # of which the member that is asked for may have no need
            raise NotKnown('what becomes of JSON with a number that a double changes') from error
        raise


# Dates and times by pattern

TOKENS = {'yyyy': ('year', 4, 4), 'MM': ('month', 2, 2), 'M': ('month', 1, 2), 'dd': ('day', 2, 2),
          'd': ('day', 1, 2), 'HH': ('hour', 2, 2), 'H': ('hour', 1, 2), 'mm': ('minute', 2, 2),
          'ss': ('second', 2, 2)}
TOKEN = r"(([A-Za-z])\2*)|'((?:[^']|'')*)'|([^A-Za-z])"
PATTERNS = {
    'date': ('year', 'month', 'day'),
    'time': ('hour', 'minute'),
    'timestamp': ('year', 'month', 'day', 'hour', 'minute'),
}


def patterns_of(argument):
    return [argument['pattern'], *argument.get('fallbacks', [])]


@functools.lru_cache
def shape(kind, pattern):
    """The regular expression of a pattern; None where it is not one of the published form."""
    parts, expression = [], ''
    for token in re.finditer(TOKEN, pattern):
        letters, quoted, other = token[1], token[3], token[4]
        if not letters:
            literal = other if quoted is None else quoted.replace("''", "'") or "'"
            expression += re.escape(literal)
            continue
        part, least, most = TOKENS.get(letters, (None, 0, 0))
        if set(letters) == {'S'} and len(letters) <= 12:
            part, least, most = 'fraction', len(letters), len(letters)
        if part is None or part in parts:
            return None
        parts.append(part)
        expression += r'(?P<%s>\d{%d,%d})' % (part, least, most)
    return re.compile(expression, re.ASCII) if set(PATTERNS[kind]) <= set(parts) else None


def read_by(kind, pattern, cell):
    """The ISO form, or None where the pattern does not read the text."""
    match = shape(kind, pattern).fullmatch(cell)
    if not match:
        return None
    part = parts_of(match)
    day = '%s-%s-%s' % (part['year'], part['month'], part['day'])
    clock = '%s:%s:%s%s' % (part['hour'], part['minute'], part['second'], part['fraction'])
    text = {'date': day, 'time': clock, 'timestamp': day + 'T' + clock}[kind]
    return text if is_iso(kind, text) else None


def parts_of(match):
    found = match.groupdict()
    part = {name: (found.get(name) or '0').zfill(2) for name in
            ('month', 'day', 'hour', 'minute', 'second')}
    fraction = found.get('fraction')
    return {**part, 'year': found.get('year'), 'fraction': '.' + fraction if fraction else ''}


def is_iso(kind, text):
    """Of the type's own form, an offset in a timestamp included."""
    try:
        if kind == 'date':
            date(text, None)
        elif kind == 'time':
            time(text, None, kind, {})
        else:
            has_zone = re.search(r'([Zz]|[+-]\d\d(:?\d\d)?)$', text[10:], re.ASCII)
            timestamp(text, None, 'timestamptz' if has_zone else 'timestamp', {})
        return True
    except Unrepresentable:
        return False


def temporal(kind):
    def step(cell, argument, _):
        first = read_by(kind, argument['pattern'], cell)
        if first is not None or is_iso(kind, cell):
            return cell if first is None else first
        readings = {read_by(kind, each, cell) for each in argument.get('fallbacks', [])} - {None}
        if len(readings) > 1:
            raise Unrepresentable('fallbacks read it differently', 'date-ambiguous')
        if not readings:
            raise Unrepresentable('no pattern reads it')
        return readings.pop()
    return on_text(step)


OPTIONS = {
    'sentinels': set(), 'booleans': set(), 'lookup': {'otherwise'}, 'split': {'part'},
    'prefix': set(), 'suffix': set(), 'replace': {'with'}, 'jsonField': set(),
    'date': set(), 'time': set(), 'timestamp': set(),
}
STEPS = {
    'trim': on_text(lambda cell, *_: cell.strip(WHITE_SPACE)),
    'collapse-blanks': on_text(lambda cell, *_: re.sub(BLANKS, ' ', cell)),
    'upper': of_unicode(str.upper),
    'lower': of_unicode(str.lower),
    'nfc': of_unicode(lambda cell: unicodedata.normalize('NFC', cell)),
    'empty-to-null': on_text(lambda cell, *_: cell or None),
    'decimal-comma': on_text(decimal_comma),
    'sentinels': sentinels,
    'booleans': on_text(booleans),
    'lookup': lookup,
    'split': on_text(split),
    'prefix': affix(lambda own, text: text + own),
    'suffix': affix(lambda own, text: own + text),
    'replace': on_text(lambda cell, old, options: cell.replace(old, options['with'])),
    'jsonField': json_field,
    'date': temporal('date'),
    'time': temporal('time'),
    'timestamp': temporal('timestamp'),
}

"""What a cell of SQLite is as a canonical value of each field type, written from the published
format alone (format 1): nothing here comes from Sealift. Python's standard library only.

A cell is None, int, float, str, Invalid (text that is not Unicode) or bytes; after transforms or
as a constant also bool or Document. `Unrepresentable` says that a type cannot hold a cell exactly,
and by which published rule it is refused; it never carries the cell."""

import base64
import datetime
import hashlib
import math
import re
import uuid
import zoneinfo
from decimal import Decimal

from canonical import SAFE, NotKnown, Unrepresentable, jcs, js_number, parse_json

# Unicode's property White_Space but U+0085, and U+FEFF.
WHITE_SPACE = (''.join(map(chr, range(0x2000, 0x200b))) +
               '\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff')


class Invalid:
    """Text that is not valid Unicode; the bytes are as stored."""

    def __init__(self, stored):
        self.stored = stored


class Document:
    """An object or array of JSON."""

    def __init__(self, value):
        self.value = value


def expected(cell, kind, field):
    """The JSON value that a record must have for `cell` in a field of type `kind`."""
    if cell is None:
        if field.get('required'):
            raise Unrepresentable('null in a required field', 'required')
        return None
    if isinstance(cell, Invalid) and kind != 'tagged':
        raise Unrepresentable('text that is not Unicode', 'encoding')
    name, _, rest = kind.partition('(')
    if name == 'array':
        return array(cell, rest[:-1], field)
    if isinstance(cell, (bool, Document)) and kind not in ('boolean', 'json', 'tagged'):
        raise Unrepresentable('a boolean, an object or an array')
    digits = int(rest[:-1]) if rest else None
    if name in ('decimal', 'time', 'timestamp', 'timestamptz'):
        return {'decimal': decimal, 'time': time}.get(name, timestamp)(cell, digits, name, field)
    return SIMPLE[name](cell, field)


def string(cell, field):
    if not isinstance(cell, str):
        raise Unrepresentable('not text')
    if len(cell) > field.get('maxLength', len(cell)):
        raise Unrepresentable('longer than maxLength', 'max-length')
    if field.get('nonBlank') and not cell.strip(WHITE_SPACE):
        raise Unrepresentable('nothing but blanks', 'blank')
    if 'pattern' in field and not re.fullmatch(field['pattern'], cell, re.ASCII):
        raise Unrepresentable('not of the pattern', 'pattern')
    return cell


def boolean(cell, _):
    if isinstance(cell, (bool, int, float, str)) and cell in (0, 'false'):
        return False
    if isinstance(cell, (bool, int, float, str)) and cell in (1, 'true'):
        return True
    raise Unrepresentable('not a boolean')


def whole(cell):
    if isinstance(cell, float) and js_number(cell) == '-0':
        raise Unrepresentable('minus zero')
    if isinstance(cell, float) and cell.is_integer() and abs(cell) <= SAFE:
        return int(cell)
    if isinstance(cell, str) and re.fullmatch(r'0|-?[1-9][0-9]*', cell, re.ASCII):
        return int(cell)
    if isinstance(cell, int):
        return cell
    raise Unrepresentable('not an integer')


def integer(cell, _):
    value = whole(cell)
    if abs(value) > SAFE:
        raise Unrepresentable('beyond 2^53', 'exactness')
    return value


def bigint(cell, _):
    return str(whole(cell))


def decimal(cell, digits, _name, _field):
    if isinstance(cell, (int, float)):
        if isinstance(cell, float) and math.isinf(cell):
            raise Unrepresentable('not finite', 'exactness')
        text = format(Decimal(repr(cell)), 'f')
        text = re.sub(r'\.?0+$', '', text) if '.' in text else text
    elif isinstance(cell, str) and re.fullmatch(r'-?(0|[1-9][0-9]*)(\.[0-9]+)?', cell, re.ASCII):
        text = cell
    else:
        raise Unrepresentable('not a decimal')
    if text.startswith('-') and not Decimal(text):
        raise Unrepresentable('minus zero', 'exactness')
    return text if digits is None else padded(text, digits)


def padded(text, digits):
    before, _, after = text.partition('.')
    if len(after) > digits:
        raise Unrepresentable('more fraction digits than the type has', 'scale')
    return before + ('.' + after.ljust(digits, '0') if digits else '')


def floating(cell, _):
    form = r'-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?'
    if isinstance(cell, str) and re.fullmatch(form, cell):
        exact, cell = Decimal(cell), float(cell)
        if math.isinf(cell) or Decimal(repr(cell)) != exact:
            raise Unrepresentable('a double changes it', 'exactness')
    if not isinstance(cell, (int, float)):
        raise Unrepresentable('not a number')
    if isinstance(cell, int) and int(float(cell)) == cell:
        cell = float(cell)
    if not isinstance(cell, float) or js_number(cell) in ('NaN', 'Infinity', '-Infinity', '-0'):
        raise Unrepresentable('not a finite double', 'exactness')
    return cell


def date(cell, _):
    if not isinstance(cell, str) or not re.fullmatch(r'\d{4}-\d\d-\d\d', cell, re.ASCII):
        raise Unrepresentable('not a date')
    try:
        datetime.date.fromisoformat(cell)
    except ValueError as error:
        raise Unrepresentable('no such date') from error
    return cell


CLOCK = r'([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d+))?'


def clock(match, digits):
    """`HH:MM:SS` and the fraction of a match whose last four groups are those of CLOCK."""
    hour, minute, second, fraction = match
    text = '%s:%s:%s' % (hour, minute, second)
    fraction = fraction or ''
    if digits is None:
        digits = len(fraction)
    return text, padded('0.' + fraction if fraction else '0', digits)[1:]


def time(cell, digits, _name, _field):
    match = isinstance(cell, str) and re.fullmatch(CLOCK, cell, re.ASCII)
    if not match:
        raise Unrepresentable('not a time')
    return ''.join(clock(match.groups(), digits))


OFFSET = r'(?: *(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?))?'


def timestamp(cell, digits, name, field):
    match = isinstance(cell, str) and re.fullmatch(
        r'(\d{4}-\d\d-\d\d)[T ]' + CLOCK + OFFSET, cell, re.ASCII)
    if not match:
        raise Unrepresentable('not a timestamp')
    day = date(match[1], None)
    text, fraction = clock(match.groups()[1:5], digits)
    if name == 'timestamp':
        if match[6]:
            raise Unrepresentable('an offset in a local timestamp')
        return day + 'T' + text + fraction
    try:
        local = datetime.datetime.fromisoformat(day + 'T' + text)
        instant = local - offset(match[6], local, field.get('zone'))
    except (OverflowError, ValueError) as error:
        raise Unrepresentable('outside the years 0001 to 9999', 'exactness') from error
    return instant.strftime('%Y').zfill(4) + instant.strftime('-%m-%dT%H:%M:%S') + fraction + 'Z'


def offset(text, local, zone):
    if text:
        if text == 'Z':
            return datetime.timedelta(0)
        minutes = int(text[1:3]) * 60 + int(text[3:].lstrip(':') or 0)
        if minutes > 18 * 60:
            raise NotKnown('whether an offset of more than 18 hours is one')
        return datetime.timedelta(minutes=-minutes if text[0] == '-' else minutes)
    if not zone:
        raise Unrepresentable('neither offset nor zone')
    placed = local.replace(tzinfo=zoneinfo.ZoneInfo(zone))
    later = placed.replace(fold=1).utcoffset()
    if placed.utcoffset() != later:
        rule = 'time-gap' if placed.utcoffset() < later else 'time-overlap'
        raise Unrepresentable('in a gap or an overlap of the zone', rule)
    return placed.utcoffset()


def identifier(cell, _):
    if isinstance(cell, bytes) and len(cell) == 16:
        return str(uuid.UUID(bytes=cell))
    form = r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
    if isinstance(cell, str) and re.fullmatch(form, cell, re.ASCII | re.IGNORECASE):
        return cell.lower()
    raise Unrepresentable('not a UUID')


def content(cell, field):
    if isinstance(cell, bytes):
        return cell
    try:
        if isinstance(cell, str) and field.get('encoding') == 'hex':
            return bytes.fromhex(cell)
        if isinstance(cell, str) and field.get('encoding') == 'base64':
            return base64.b64decode(cell, validate=True)
    except ValueError:
        pass
    raise Unrepresentable('not bytes')


def inline(cell, field):
    data = content(cell, field)
    if len(data) > 65536:
        raise Unrepresentable('more than 64 KiB inline', 'max-length')
    return base64.b64encode(data).decode()


def blob(cell, field):
    data = content(cell, field)
    return {'sha256': hashlib.sha256(data).hexdigest(), 'size': len(data)}


def choice(cell, field):
    if isinstance(cell, str) and cell in field.get('values', ()):
        return cell
    raise Unrepresentable('not one of the values', 'enum')


def document(cell, _):
    if isinstance(cell, (bool, Document)):
        return cell if isinstance(cell, bool) else cell.value
    if isinstance(cell, bytes):
        raise Unrepresentable('bytes are no JSON')
    if isinstance(cell, int) and abs(cell) > SAFE:
        raise Unrepresentable('beyond 2^53', 'exactness')
    return parse_json(cell if isinstance(cell, str) else str(cell) if isinstance(cell, int)
                      else js_number(cell))


def tagged(cell, _):
    if isinstance(cell, (bool, Document)):
        return {'boolean': cell} if isinstance(cell, bool) else {'json': cell.value}
    if isinstance(cell, Invalid):
        return {'invalidText': base64.b64encode(cell.stored).decode()}
    if isinstance(cell, bytes):
        return {'bytes': base64.b64encode(cell).decode()}
    if isinstance(cell, str):
        return {'text': cell}
    return {'number': str(cell) if isinstance(cell, int) else js_number(cell)}


def array(cell, kind, field):
    items = elements(cell, kind)
    if not isinstance(items, list):
        raise Unrepresentable('not an array')
    inner = {name: value for name, value in field.items() if name != 'required'}
    return [expected(Document(item) if isinstance(item, (dict, list)) else item, kind, inner)
            for item in items]


def elements(cell, kind):
    try:
        return document(cell, None)
    except Unrepresentable as error:
        if error.rule == 'exactness' and kind.startswith(('bigint', 'decimal', 'tagged')):
            raise NotKnown('what becomes of JSON with a number that a double changes') from error
        raise


SIMPLE = {
    'string': string, 'boolean': boolean, 'integer': integer, 'bigint': bigint, 'float': floating,
    'date': date, 'uuid': identifier, 'bytes': inline, 'blob': blob, 'enum': choice,
    'json': document, 'tagged': tagged,
}

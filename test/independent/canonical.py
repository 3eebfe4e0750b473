"""Canonical JSON (RFC 8785) and strict JSON, from the standards alone."""

import functools
import json
import math
from decimal import Decimal
from json.encoder import encode_basestring

SAFE = 2**53 - 1


class Unrepresentable(Exception):
    def __init__(self, reason, rule='type'):
        super().__init__(reason)
        self.rule = rule


class NotKnown(Exception):
    """What becomes of a cell is not decided here; `field` is the one that it is about, if any."""

    field = None


def js_number(value):
    """ECMAScript's Number::toString for a double: shortest digits that read back the same."""
    if value != value or math.isinf(value):
        return 'NaN' if value != value else 'Infinity' if value > 0 else '-Infinity'
    if value == 0:
        return '-0' if math.copysign(1, value) < 0 else '0'
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text, point = ''.join(map(str, digits)), len(digits) + exponent
    if len(digits) <= point <= 21:
        body = text + '0' * (point - len(digits))
    elif 0 < point <= 21:
        body = text[:point] + '.' + text[point:]
    elif -6 < point <= 0:
        body = '0.' + '0' * -point + text
    else:
        mantissa = text if len(text) == 1 else text[0] + '.' + text[1:]
        body = '%se%+d' % (mantissa, point - 1)
    return '-' * sign + body


def jcs(value):
    """RFC 8785: members by UTF-16 code units, ECMAScript numbers, few escapes."""
    if value is None or value is True or value is False:
        return {None: 'null', True: 'true', False: 'false'}[value]
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, int):
        return str(value) if abs(value) <= SAFE else js_number(float(value))
    if isinstance(value, float):
        return js_number(value)
    if isinstance(value, list):
        return '[' + ','.join(map(jcs, value)) + ']'
    members = [name + jcs(value[key]) for key, name in members_in_order(tuple(value))]
    return '{' + ','.join(members) + '}'


@functools.lru_cache(1000)
def members_in_order(names):
    ordered = sorted(names, key=lambda name: name.encode('utf-16-be'))
    return [(name, encode_basestring(name) + ':') for name in ordered]


def parse_json(text):
    """Strict: no duplicate name, no lone surrogate, no NaN, no number that a double changes."""

    def members(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Unrepresentable('a name is given twice')
        return dict(pairs)

    def real(lexeme):
        value = float(lexeme)
        if math.isinf(value) or js_number(value) == '-0' or Decimal(repr(value)) != Decimal(lexeme):
            raise Unrepresentable('a number changes as a double', 'exactness')
        return value

    def integer(lexeme):
        return int(lexeme) if lexeme != '-0' and abs(int(lexeme)) <= SAFE else real(lexeme)

    def constant(_):
        raise Unrepresentable('NaN or infinity')

    try:
        value = json.loads(
            text, object_pairs_hook=members, parse_float=real, parse_int=integer,
            parse_constant=constant)
        jcs(value).encode()  # a lone surrogate does not encode
        return value
    except (ValueError, RecursionError) as error:
        raise Unrepresentable('not JSON') from error

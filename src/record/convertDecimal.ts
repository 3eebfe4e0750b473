/** Cells → decimals: plain digits, padded to the field's scale, never rounded. */

import { Rejection } from './converted.ts';
import { decimalOfDouble, fractionDigits, isNegativeZero, padFraction } from './decimal.ts';
import { InexactNumber, JsonNode, type SourceValue } from './value.ts';

const NOT_DECIMAL = new Rejection('type', 'the value is not a decimal number');
const NOT_FINITE = new Rejection('exactness', 'infinity and −0 are no decimal numbers');

/** `digits` undefined keeps the source's digits; otherwise shorter is padded, longer refused. */
export function convertDecimal(value: SourceValue, digits?: number): string | Rejection {
  const text = decimalText(value);
  if (typeof text !== 'string') return text;
  if (isNegativeZero(text)) return NOT_FINITE;
  const has = fractionDigits(text);
  if (has === null) return NOT_DECIMAL;
  if (digits === undefined) return text;
  return padFraction(text, digits) ?? new Rejection('scale', `more than ${digits} fraction digits`);
}

function decimalText(value: SourceValue): string | Rejection {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    const exact = Number.isFinite(value) && !Object.is(value, -0);
    return exact ? decimalOfDouble(value) : NOT_FINITE;
  }
  if (value instanceof JsonNode && value.value instanceof InexactNumber) return value.value.lexeme;
  return NOT_DECIMAL;
}

/** Converts cells to decimals: plain digits, padded to the field's scale, never rounded. */

import { Rejection, type Converter } from './converted.ts';
import {
  decimalOfDouble,
  fractionDigits,
  isNegativeZero,
  padFraction,
  scaledText,
} from './decimal.ts';
import { InexactNumber, JsonNode, type SourceValue } from './value.ts';

const NOT_DECIMAL = new Rejection('type', 'the value is not a decimal number');
const NOT_FINITE = new Rejection('exactness', 'infinity and −0 are not decimal numbers');

/** Makes a converter that pads to `digits` and rejects more; undefined keeps all digits. */
export function decimalConverter(digits: number | undefined): Converter {
  const long = new Rejection('scale', `more than ${digits} fraction digits`);
  const fit = (text: string, has: number): string | Rejection => {
    if (digits === undefined || has === digits) return text;
    return padFraction(text, has, digits) ?? long;
  };
  return (value) => {
    if (typeof value === 'number') {
      const quick = digits === undefined ? null : scaledText(value, digits);
      if (quick !== null) return quick;
      if (!Number.isFinite(value) || Object.is(value, -0)) return NOT_FINITE;
      // The text of a double needs no check of its form.
      const text = decimalOfDouble(value);
      const point = text.indexOf('.');
      return fit(text, point === -1 ? 0 : text.length - point - 1);
    }
    const text = decimalText(value);
    if (text === null) return NOT_DECIMAL;
    if (isNegativeZero(text)) return NOT_FINITE;
    const has = fractionDigits(text);
    return has === null ? NOT_DECIMAL : fit(text, has);
  };
}

function decimalText(value: SourceValue): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  const inexact = value instanceof JsonNode && value.value instanceof InexactNumber;
  return inexact ? value.value.lexeme : null;
}

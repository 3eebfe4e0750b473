/** Decimal text, exactly: never by way of a double's arithmetic. */

const PLAIN = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/;
const EXPONENT = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/i;

/** The digits of a finite double's shortest round trip form, without exponent: 1e-7 → 0.0000001. */
export function decimalOfDouble(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const match = EXPONENT.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Number of fraction digits of plain decimal text, or null where the text is not plain decimal. */
export function fractionDigits(text: string): number | null {
  const match = PLAIN.exec(text);
  return match === null ? null : (match[3]?.length ?? 0);
}

/** True for decimal text of zero with a minus sign, which no number of a database means. */
export function isNegativeZero(text: string): boolean {
  return /^-0(\.0+)?$/.test(text);
}

/** Pads plain decimal text of `has` fraction digits to exactly `digits`; null when it has more. */
export function padFraction(text: string, has: number, digits: number): string | null {
  if (has > digits) return null;
  return `${text}${has === 0 ? '.' : ''}${'0'.repeat(digits - has)}`;
}

/**
 * Whether two decimal texts (plain or with exponent) denote the same number. Exponents beyond
 * ±5,000 never do, so that no text makes this slow.
 */
export function sameDecimal(a: string, b: string): boolean {
  const left = normalise(a);
  return left !== null && left === normalise(b);
}

/** sign, digits without outer zeros, power of ten: one text per number. */
function normalise(text: string): string | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole + fraction === '' || Math.abs(Number(exponent)) > 5000) return null;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return sign === '-' ? '-0' : '0';
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign === '-' ? '-' : ''}${significant}e${power}`;
}

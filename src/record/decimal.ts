/** Decimal text, exactly: without the arithmetic of doubles. */

const PLAIN = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/;
const EXPONENT = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/i;

/** Writes a finite double's shortest round-trip form without exponent: 1e-7 → 0.0000001. */
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

/** Powers of ten that are exact doubles and keep products in the exact range. */
const SCALES = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000] as const;
/** Decimals of up to 15 digits are distinct doubles. */
const DISTINCT = 10 ** 15;

/**
 * Fast path of {@link decimalOfDouble} with exactly `digits` fraction digits; null if it does not
 * apply. Rounds the double at this scale. If the result has at most 15 digits and converts back to
 * the same double, no other decimal as short does, so it is the shortest form.
 */
export function scaledText(value: number, digits: number): string | null {
  const scale = SCALES[digits];
  if (scale === undefined) return null;
  const scaled = Math.round(value * scale);
  if (!(scaled > -DISTINCT && scaled < DISTINCT) || scaled / scale !== value) return null;
  // Zero may be negative, and so may a value that rounds to it.
  if (scaled === 0) return null;
  if (digits === 0) return String(scaled);
  const size = Math.abs(scaled);
  const whole = Math.floor(size / scale);
  const sign = scaled < 0 ? '-' : '';
  return `${sign}${whole}.${fractionText(size - whole * scale, digits)}`;
}

const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, number) =>
  String(number).padStart(2, '0'),
);

function fractionText(fraction: number, digits: number): string {
  if (digits === 2) return TWO_DIGITS[fraction] ?? '';
  return String(fraction).padStart(digits, '0');
}

/** Counts the fraction digits of plain decimal text; null for other text. */
export function fractionDigits(text: string): number | null {
  const match = PLAIN.exec(text);
  return match === null ? null : (match[3]?.length ?? 0);
}

/** Whether decimal text is zero with a minus sign, which is not a number of a database. */
export function isNegativeZero(text: string): boolean {
  return /^-0(\.0+)?$/.test(text);
}

/** Pads plain decimal text of `has` fraction digits to exactly `digits`; null if it has more. */
export function padFraction(text: string, has: number, digits: number): string | null {
  if (has > digits) return null;
  return `${text}${has === 0 ? '.' : ''}${'0'.repeat(digits - has)}`;
}

/**
 * Whether two decimal texts (plain or with exponent) denote the same number. False for exponents
 * beyond ±5,000, which bounds the time.
 */
export function sameDecimal(a: string, b: string): boolean {
  const left = normalise(a);
  return left !== null && left === normalise(b);
}

/** Returns one text per number: sign, digits without outer zeros, power of ten. */
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

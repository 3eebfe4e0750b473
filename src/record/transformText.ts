/** Transforms without options. They apply to text; other cells pass unchanged. */

import { Rejection } from './converted.ts';
import type { Step } from './transform.ts';

type TextStep =
  | 'trim'
  | 'collapse-blanks'
  | 'upper'
  | 'lower'
  | 'nfc'
  | 'empty-to-null'
  | 'decimal-comma';

/** Steps by name. Case mapping follows Unicode, not a language. */
export const TEXT_STEPS: Readonly<Record<TextStep, Step>> = {
  trim: onText((text) => text.trim()),
  'collapse-blanks': onText((text) => text.replaceAll(/\s+/gu, ' ')),
  upper: onText((text) => text.toUpperCase()),
  lower: onText((text) => text.toLowerCase()),
  nfc: onText((text) => text.normalize('NFC')),
  'empty-to-null': onText((text) => (text === '' ? null : text)),
  'decimal-comma': onText(decimalWithPoint),
};

function onText(change: (text: string) => string | null | Rejection): Step {
  return (cell) => (typeof cell === 'string' ? change(cell) : cell);
}

const PLAIN = /^-?\d+(?:,\d+)?$/;
const GROUPED = /^-?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?$/;
/** One point before three digits and no comma: a thousands separator or a decimal point. */
const UNCLEAR = /^-?\d+\.\d{3}$/;
const NOT_COMMA = new Rejection('type', 'the text is not a number with a decimal comma');
const WHICH = new Rejection(
  'type',
  'one point and no comma: it may be a thousands separator or a decimal point',
);

/** Rewrites `1.234,50` and `12,5` with a decimal point and without grouping. */
function decimalWithPoint(text: string): string | Rejection {
  if (UNCLEAR.test(text)) return WHICH;
  if (!PLAIN.test(text) && !GROUPED.test(text)) return NOT_COMMA;
  return text.replaceAll('.', '').replace(',', '.');
}

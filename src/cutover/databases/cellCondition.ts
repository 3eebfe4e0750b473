/**
 * Conditions on cells. A number that a double cannot hold is compared right: rounding keeps the order, and
 * where the rounded number is equal to that of the condition, its digits decide. Pure.
 */

import { isMet, type Condition } from '../condition.ts';
import type { SqlValue } from '../world/world.ts';

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?$/;

/** Returns the number that a cell holds, rounded to a double; null if it holds none. */
export function numberIn(cell: SqlValue): number | null {
  if (typeof cell === 'bigint') return Number(cell);
  return typeof cell === 'string' && NUMBER.test(cell) ? Number(cell) : null;
}

/** Whether a cell satisfies a condition; null if that cannot be told. NULL and bytes satisfy none. */
export function cellMeets(condition: Condition, cell: SqlValue): boolean | null {
  if (cell === null || cell instanceof Uint8Array) return false;
  if (typeof cell === 'boolean') return isMet(condition, cell);
  const { value } = condition;
  if (typeof value !== 'number') return isMet(condition, String(cell));
  const number = numberIn(cell);
  if (number === null) return isMet(condition, String(cell));
  if (number === value && digits(String(cell)) !== digits(String(value))) return null;
  return isMet(condition, number);
}

/** A number without what does not change it: sign, digits without zeros at either end, place of the point. */
function digits(text: string): string {
  const [, sign = '', whole = '', part = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = `${whole}${part}`.replace(/^0+/, '');
  const kept = all.replace(/0+$/, '');
  const shift = Number(exponent) - part.length + (all.length - kept.length);
  return kept === '' ? '0' : `${sign === '-' ? '-' : ''}${kept}e${shift}`;
}

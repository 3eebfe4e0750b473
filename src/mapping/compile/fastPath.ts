/**
 * Cells of common forms, in code: most values need no more than a look, and the row mapper has that look
 * in the function that it generates. All else goes to the converter of the cell's type, which is the one
 * that decides: a fast path takes nothing that the converter would not, and gives the same.
 */

import { isDate, isTimestamp } from '../../record/dateTime.ts';
import { scaledText } from '../../record/decimal.ts';
import type { CompiledField } from './module.ts';
import type { ColumnField } from '../model.ts';

/** The functions that the code calls. */
interface FastCalls {
  readonly scaled: typeof scaledText;
  readonly isDate: typeof isDate;
  readonly isTimestamp: typeof isTimestamp;
  readonly timestamp: (text: string) => string;
}

/** What the code calls, by the names that it has there. */
export const FAST_CALLS: FastCalls = {
  scaled: scaledText,
  isDate,
  isTimestamp,
  timestamp: (text) => `${text.slice(0, 10)}T${text.slice(11)}`,
};

/** A test of the cell `x`, and what the field's value is where it passes. `y` is free for both. */
export interface FastPath {
  readonly test: string;
  readonly value: string;
}

/** Cells of common forms, whose value is seen at once; null where each cell may need something. */
export function fastPath({
  mapping,
  type,
}: Pick<CompiledField, 'mapping' | 'type'>): FastPath | null {
  if (!('column' in mapping) || mapping.transforms !== undefined) return null;
  switch (type.kind) {
    case 'string': {
      const test = fastText(mapping);
      return test === null ? null : { test, value: 'x' };
    }
    case 'integer':
      // Zero goes the long way because of −0.
      return { test: `typeof x === 'number' && x !== 0 && Number.isSafeInteger(x)`, value: 'x' };
    case 'float':
      return { test: `typeof x === 'number' && x !== 0 && Number.isFinite(x)`, value: 'x' };
    case 'boolean':
      return { test: 'x === 1 || x === 0', value: 'x === 1' };
    case 'decimal':
      if (type.digits === undefined) return null;
      return {
        test: `typeof x === 'number' && (y = scaled(x, ${type.digits})) !== null`,
        value: 'y',
      };
    case 'timestamp':
      if ((type.digits ?? 0) > 0) return null;
      return { test: `typeof x === 'string' && isTimestamp(x)`, value: 'timestamp(x)' };
    case 'date':
      return { test: `typeof x === 'string' && isDate(x)`, value: 'x' };
    default:
      return null;
  }
}

function fastText(mapping: ColumnField): string | null {
  const { maxLength, longText, nonBlank, format, pattern } = mapping;
  if (format !== undefined || pattern !== undefined) return null;
  const tests = [`typeof x === 'string'`];
  // UTF-16 units are never fewer than code points.
  if (maxLength !== undefined) tests.push(`x.length <= ${maxLength}`);
  if (longText !== undefined) tests.push(`x.length < ${longText}`);
  if (nonBlank === true) tests.push('x.charCodeAt(0) > 32 && x.charCodeAt(0) < 127');
  return tests.join(' && ');
}

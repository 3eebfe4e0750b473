/**
 * Generates code for cells of common forms: most values need only a test, which the row mapper has
 * inline in its generated function. All others go to the converter of the cell's type, which is
 * authoritative: a fast path accepts only cells that the converter accepts, with the same result.
 */

import { isDate, isTimestamp } from '../../record/dateTime.ts';
import { scaledText } from '../../record/decimal.ts';
import type { CompiledField } from './module.ts';
import type { ColumnField } from '../model.ts';

/** Functions that the code calls. */
interface FastCalls {
  readonly scaled: typeof scaledText;
  readonly isDate: typeof isDate;
  readonly isTimestamp: typeof isTimestamp;
  readonly timestamp: (text: string) => string;
}

/** The functions by their names in the code. */
export const FAST_CALLS: FastCalls = {
  scaled: scaledText,
  isDate,
  isTimestamp,
  timestamp: (text) => `${text.slice(0, 10)}T${text.slice(11)}`,
};

/** A test of the cell `x`, and the field's value if it passes. Both may use the variable `y`. */
export interface FastPath {
  readonly test: string;
  readonly value: string;
}

/** Returns the fast path of a field; null if each cell may need the converter. */
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
      // Zero goes to the converter because of −0.
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
  // There are never fewer UTF-16 units than code points.
  if (maxLength !== undefined) tests.push(`x.length <= ${maxLength}`);
  if (longText !== undefined) tests.push(`x.length < ${longText}`);
  if (nonBlank === true) tests.push('x.charCodeAt(0) > 32 && x.charCodeAt(0) < 127');
  return tests.join(' && ');
}

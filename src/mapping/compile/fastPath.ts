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

/** A test of `cell`, and the field's value if it passes. Both may use the variable `decimal`. */
export interface FastPath {
  readonly test: string;
  readonly value: string;
}

/** Returns the fast path of a field; null if each cell may need the converter. */
export function fastPath({
  mapping,
  type,
  treated,
}: Pick<CompiledField, 'mapping' | 'type' | 'treated'>): FastPath | null {
  if (!('column' in mapping) || mapping.transforms !== undefined || treated !== null) return null;
  switch (type.kind) {
    case 'string': {
      const test = fastText(mapping);
      return test === null ? null : { test, value: 'cell' };
    }
    case 'integer':
      // Zero goes to the converter because of −0.
      return {
        test: `typeof cell === 'number' && cell !== 0 && Number.isSafeInteger(cell)`,
        value: 'cell',
      };
    case 'float':
      return {
        test: `typeof cell === 'number' && cell !== 0 && Number.isFinite(cell)`,
        value: 'cell',
      };
    case 'boolean':
      return { test: 'cell === 1 || cell === 0', value: 'cell === 1' };
    case 'decimal':
      if (type.digits === undefined) return null;
      return {
        test: `typeof cell === 'number' && (decimal = scaled(cell, ${type.digits})) !== null`,
        value: 'decimal',
      };
    case 'timestamp':
      if ((type.digits ?? 0) > 0) return null;
      return { test: `typeof cell === 'string' && isTimestamp(cell)`, value: 'timestamp(cell)' };
    case 'date':
      return { test: `typeof cell === 'string' && isDate(cell)`, value: 'cell' };
    default:
      return null;
  }
}

function fastText(mapping: ColumnField): string | null {
  const { maxLength, longText, nonBlank, format, pattern } = mapping;
  if (format !== undefined || pattern !== undefined) return null;
  const tests = [`typeof cell === 'string'`];
  // There are never fewer UTF-16 units than code points.
  if (maxLength !== undefined) tests.push(`cell.length <= ${maxLength}`);
  if (longText !== undefined) tests.push(`cell.length < ${longText}`);
  if (nonBlank === true) tests.push('cell.charCodeAt(0) > 32 && cell.charCodeAt(0) < 127');
  return tests.join(' && ');
}

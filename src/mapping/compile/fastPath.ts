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

/** A test of `cell`, and the field's value if it passes. The variable `decimal` is free for both. */
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
      return test === null ? null : { test, value: 'cell' };
    }
    case 'integer':
      // Zero goes the long way because of −0.
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
  // UTF-16 units are never fewer than code points.
  if (maxLength !== undefined) tests.push(`cell.length <= ${maxLength}`);
  if (longText !== undefined) tests.push(`cell.length < ${longText}`);
  if (nonBlank === true) tests.push('cell.charCodeAt(0) > 32 && cell.charCodeAt(0) < 127');
  return tests.join(' && ');
}

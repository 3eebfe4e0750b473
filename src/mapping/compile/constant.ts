/** Computes the value of a constant field once, as a cell with that content would give it. */

import type { Converted } from '../../record/converted.ts';
import { parseType, type FieldType } from '../../record/type.ts';
import { valueMapper } from './cellMapper.ts';
import type { ConstantField } from '../model.ts';
import type { Note, DiagnosticLog } from './diagnostics.ts';

/**
 * Returns the value as records hold it. Throws a TypeError if the mapping was not checked before.
 */
export function constantValue(field: ConstantField, type: FieldType): Converted {
  const { value, fault } = convert(field, type);
  if (fault !== null) throw new TypeError('a constant that its field rejects');
  return value;
}

/**
 * Returns why the field rejects its constant, or the note that it would cause in every record; null
 * if nothing is wrong.
 */
export function constantFault(field: ConstantField): string | null {
  const type = parseType(field.type);
  return type === null ? null : convert(field, type).fault;
}

function convert(
  field: ConstantField,
  type: FieldType,
): { readonly value: Converted; readonly fault: string | null } {
  let fault: string | null = null;
  const note = (_: string, { reason }: Pick<Note, 'reason'>): void => {
    fault ??= reason;
  };
  const reject: DiagnosticLog['reject'] = (name, rejection) => {
    note(name, rejection);
    return null;
  };
  const log: DiagnosticLog = {
    diagnostics: [],
    reject,
    rejectKey: reject,
    note,
    hasRejected: () => fault !== null,
    clear: () => {},
  };
  const value = valueMapper({ name: '', mapping: field, type, orders: false }, log)(field.constant);
  return { value, fault };
}

/**
 * Maps one cell of a field the whole way: its text as read is inspected, transforms apply in order,
 * the type converts, and checks of the value follow. Cells of common types that need none of it
 * pass on a fast path in the row mapper.
 */

import { codePoints, converter } from '../../record/convert.ts';
import { RawJson, Rejection, type Converted } from '../../record/converted.ts';
import { FORMATS } from '../../record/namedFormat.ts';
import { textFaults } from '../../record/textFault.ts';
import { transformer } from '../../record/transform.ts';
import type { FieldType } from '../../record/type.ts';
import type { SourceValue } from '../../record/value.ts';
import type { ValueField } from '../model.ts';
import type { NestedStep } from './nestedIds.ts';
import { wholeMatch } from './pattern.ts';
import type { DiagnosticLog, Note } from './diagnostics.ts';

export interface MappedField {
  readonly name: string;
  readonly mapping: ValueField;
  readonly type: FieldType;
  /**
   * Whether it orders the records. A value that fails a check then stays, so that there is a key.
   */
  readonly orders: boolean;
  /** Replaces ids inside it, between its transforms and its type. */
  readonly nested?: NestedStep | null | undefined;
}

/**
 * Returns a mapper that gives null for a cell that is null or was rejected, which the log records.
 */
export function cellMapper(
  field: MappedField,
  log: DiagnosticLog,
): (cell: SourceValue) => Converted {
  const { name, mapping, type } = field;
  const reject = rejecter(field, log);
  if (takesPlainText(mapping.transforms, type)) {
    const convert = converter({ ...mapping, type });
    return (cell) => {
      const converted = convert(cell);
      if (!(converted instanceof Rejection)) return converted;
      inspectText(cell, name, log);
      return reject(name, converted);
    };
  }
  const toValue = valueMapper(field, log);
  return (cell) => {
    inspectText(cell, name, log);
    return toValue(cell);
  };
}

/** Returns the same mapper without inspection of the text as read. */
export function valueMapper(
  field: MappedField,
  log: DiagnosticLog,
): (cell: SourceValue) => Converted {
  const { name, mapping, nested = null } = field;
  const { transforms } = mapping;
  const reject = rejecter(field, log);
  const convert = converter({ ...mapping, type: field.type });
  const change =
    transforms === undefined
      ? null
      : transformer(transforms, (rule, reason) => {
          log.note(name, { rule, reason });
        });
  const check = valueCheck(field, log);
  return (cell) => {
    const own = change === null ? cell : change(cell);
    const isPlain = nested === null || own === null || own instanceof Rejection;
    const changed = isPlain ? own : nested(own);
    const converted = changed instanceof Rejection ? changed : convert(changed);
    return converted instanceof Rejection ? reject(name, converted) : check(converted);
  };
}

/** A cell that orders the records and cannot be converted leaves its row without a key. */
function rejecter({ orders }: MappedField, log: DiagnosticLog): DiagnosticLog['reject'] {
  return orders ? log.rejectKey : log.reject;
}

/** Kinds that accept ASCII text without controls only: other text is rejected by the type. */
const PLAIN_KINDS: ReadonlySet<string> = new Set([
  'boolean',
  'integer',
  'bigint',
  'decimal',
  'float',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
  'bytes',
  'blob',
]);

/** Whether accepted text never has faults, so that it needs no inspection. */
export function takesPlainText(
  transforms: readonly unknown[] | undefined,
  { kind }: FieldType,
): boolean {
  return transforms === undefined && PLAIN_KINDS.has(kind);
}

/**
 * Logs faults in a cell's text as read; nothing for other cells. `where` names the cell if the
 * field has several.
 */
export function inspectText(
  cell: SourceValue,
  field: string,
  log: DiagnosticLog,
  where = '',
): void {
  if (typeof cell !== 'string') return;
  for (const fault of textFaults(cell)) {
    log.note(field, where === '' ? fault : { ...fault, reason: fault.reason + where });
  }
}

const BLANK = new Rejection('blank', 'the text is empty or only whitespace');
const NO_MATCH = new Rejection('pattern', 'the text does not match the pattern of the field');
const JSON_NULL: Note = {
  rule: 'json-null',
  reason: 'the JSON value null becomes null in the record, as an empty cell does',
};
const JSON_KEY = /"(?:__proto__|constructor|prototype)":/;

/** Returns the checks of the value that the type made of the cell. */
function valueCheck(field: MappedField, log: DiagnosticLog): (value: Converted) => Converted {
  const { name, orders } = field;
  const { required, nonBlank, format, pattern, longText = Infinity } = field.mapping;
  const matches = pattern === undefined ? null : wholeMatch(pattern);
  const isFormat = format === undefined ? null : FORMATS[format];
  const reject = (value: string, rejection: Rejection): Converted => {
    log.reject(name, rejection);
    return orders ? value : null;
  };
  return (value) => {
    if (value instanceof RawJson && JSON_KEY.test(value.text)) {
      log.note(name, { rule: 'json-key', reason: 'a key of the JSON can pollute prototypes' });
    }
    // In a required field null can only be the JSON value, so that nothing is lost there.
    if (required !== true && value instanceof RawJson && value.text === 'null') {
      log.note(name, JSON_NULL);
    }
    if (typeof value !== 'string') return value;
    if (isFormat?.(value) === false) {
      log.note(name, { rule: 'format', reason: `the text is not a valid ${format}` });
    }
    // There are never fewer UTF-16 units than code points, so the cheap test comes first.
    if (value.length >= longText && codePoints(value) >= longText) {
      log.note(name, { rule: 'long-text', reason: `the text has ${longText} characters or more` });
    }
    if (nonBlank === true && value.trim() === '') return reject(value, BLANK);
    return matches?.(value) === false ? reject(value, NO_MATCH) : value;
  };
}

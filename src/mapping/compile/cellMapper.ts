/**
 * One cell of a field, the whole way: its text as it came is looked at, transforms apply in order,
 * the type converts, and checks of the value follow. This is the long way; cells of common types
 * that need none of it pass in the row mapper's own code.
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
import type { DiagnosticLog } from './diagnostics.ts';

export interface MappedField {
  readonly name: string;
  readonly mapping: ValueField;
  readonly type: FieldType;
  /** Whether it orders the records: a value that fails a check stays, so that there is a key. */
  readonly orders: boolean;
  /** What becomes of ids inside it, between its transforms and its type. */
  readonly nested?: NestedStep | null | undefined;
}

/** Null if the cell is null or was rejected, which the log then holds. */
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

/** The same without a look at the text as it came. */
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

/** What these take from text is ASCII without controls: only text that they reject may have faults. */
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

/** Whether text that is taken has no faults, so that it needs no look. */
export function takesPlainText(
  transforms: readonly unknown[] | undefined,
  { kind }: FieldType,
): boolean {
  return transforms === undefined && PLAIN_KINDS.has(kind);
}

/**
 * Notes what is wrong with a cell's text as it came; nothing for other cells. `where` says which
 * cell, if the field has several.
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

const BLANK = new Rejection('blank', 'the text holds nothing but blanks');
const NO_MATCH = new Rejection('pattern', 'the text does not match the pattern of the field');
const JSON_KEY = /"(?:__proto__|constructor|prototype)":/;

/** Checks of what the type made of the cell. */
function valueCheck(field: MappedField, log: DiagnosticLog): (value: Converted) => Converted {
  const { name, orders } = field;
  const { nonBlank, format, pattern, longText = Infinity } = field.mapping;
  const matches = pattern === undefined ? null : wholeMatch(pattern);
  const isFormat = format === undefined ? null : FORMATS[format];
  const reject = (value: string, rejection: Rejection): Converted => {
    log.reject(name, rejection);
    return orders ? value : null;
  };
  return (value) => {
    if (value instanceof RawJson && JSON_KEY.test(value.text)) {
      log.note(name, { rule: 'json-key', reason: 'a key of the JSON is dangerous to JavaScript' });
    }
    if (typeof value !== 'string') return value;
    if (isFormat?.(value) === false) {
      log.note(name, { rule: 'format', reason: `the text is no ${format}` });
    }
    // UTF-16 units are never fewer than code points, so the cheap test comes first.
    if (value.length >= longText && codePoints(value) >= longText) {
      log.note(name, { rule: 'long-text', reason: `the text has ${longText} characters or more` });
    }
    if (nonBlank === true && value.trim() === '') return reject(value, BLANK);
    return matches?.(value) === false ? reject(value, NO_MATCH) : value;
  };
}

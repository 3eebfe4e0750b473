/**
 * Transforms: a closed list of pure steps from cell to cell, before the conversion to the field's
 * type. Each changes a cell as docs/transforms.md says, leaves it unchanged, or rejects it. Null
 * stays null. Text that is not valid Unicode passes unchanged; its type rejects it.
 */

import { Rejection } from './converted.ts';
import { parseJson } from './jsonText.ts';
import { temporalStep } from './transformTemporal.ts';
import { TEXT_STEPS } from './transformText.ts';
import { JsonNode, type JsonValue, type SourceValue } from './value.ts';

/** One step, as in a mapping. */
export type Transform =
  | 'trim'
  | 'collapse-blanks'
  | 'upper'
  | 'lower'
  | 'nfc'
  | 'empty-to-null'
  | 'decimal-comma'
  | { readonly sentinels: readonly (string | number)[] }
  | { readonly date: DatePatterns }
  | { readonly time: DatePatterns }
  | { readonly timestamp: DatePatterns }
  | { readonly booleans: { readonly true: readonly string[]; readonly false: readonly string[] } }
  | { readonly lookup: Readonly<Record<string, string>>; readonly otherwise?: 'keep' | 'refuse' }
  | { readonly split: string; readonly part?: number }
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly replace: string; readonly with: string }
  | { readonly jsonField: string };

/** Patterns such as `dd.MM.yyyy`. Using a fallback is a finding; fallbacks that differ reject. */
export interface DatePatterns {
  readonly pattern: string;
  readonly fallbacks?: readonly string[];
}

/** Reports a change by a step that keeps the cell. */
export type TransformNote = (rule: 'fallback' | 'sentinel', reason: string) => void;

/** One compiled step; never called with null. */
export type Step = (cell: Exclude<SourceValue, null>) => SourceValue | Rejection;

/** Runs all steps in order, up to the first rejection. The mapping's checks come before. */
export function transformer(
  transforms: readonly Transform[],
  note: TransformNote,
): (cell: SourceValue) => SourceValue | Rejection {
  const steps = transforms.map((transform) => stepOf(transform, note));
  return (cell) => {
    let current = cell;
    for (const step of steps) {
      if (current === null) return null;
      const next = step(current);
      if (next instanceof Rejection) return next;
      current = next;
    }
    return current;
  };
}

function stepOf(transform: Transform, note: TransformNote): Step {
  if (typeof transform === 'string') return TEXT_STEPS[transform];
  if ('sentinels' in transform) return sentinelStep(transform.sentinels, note);
  if ('date' in transform) return temporalStep('date', transform.date, note);
  if ('time' in transform) return temporalStep('time', transform.time, note);
  if ('timestamp' in transform) return temporalStep('timestamp', transform.timestamp, note);
  if ('booleans' in transform) return booleanStep(transform.booleans);
  if ('lookup' in transform) return lookupStep(transform.lookup, transform.otherwise === 'keep');
  if ('split' in transform) return splitStep(transform.split, transform.part);
  if ('prefix' in transform) return spelledStep((text) => transform.prefix + text);
  if ('suffix' in transform) return spelledStep((text) => text + transform.suffix);
  if ('replace' in transform) return replaceStep(transform.replace, transform.with);
  return jsonFieldStep(transform.jsonField);
}

/** Returns text unchanged and integers as digits; null for any other cell. */
export function spelled(cell: SourceValue): string | null {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'bigint') return String(cell);
  const whole = typeof cell === 'number' && Number.isSafeInteger(cell) && !Object.is(cell, -0);
  return whole ? String(cell) : null;
}

function spelledStep(change: (text: string) => string): Step {
  return (cell) => {
    const text = spelled(cell);
    return text === null ? cell : change(text);
  };
}

/** Compares text with text and numbers with numbers: 0 is not "0". */
function sentinelStep(sentinels: readonly (string | number)[], note: TransformNote): Step {
  const known = new Set<SourceValue>(sentinels);
  return (cell) => {
    if (!known.has(cell)) return cell;
    note('sentinel', 'the value is a sentinel for null');
    return null;
  };
}

const NO_BOOLEAN_WORD = new Rejection('type', 'the text is not one of the words for true or false');

function booleanStep(words: {
  readonly true: readonly string[];
  readonly false: readonly string[];
}): Step {
  const meaning = new Map<string, boolean>([
    ...words.true.map((word) => [word, true] as const),
    ...words.false.map((word) => [word, false] as const),
  ]);
  return (cell) => (typeof cell === 'string' ? (meaning.get(cell) ?? NO_BOOLEAN_WORD) : cell);
}

const NOT_LISTED = new Rejection('lookup', 'the lookup table has no entry for the value');

function lookupStep(table: Readonly<Record<string, string>>, keep: boolean): Step {
  const entries = new Map(Object.entries(table));
  return (cell) => {
    const text = spelled(cell);
    const found = text === null ? undefined : entries.get(text);
    return found ?? (keep ? cell : NOT_LISTED);
  };
}

/** Without `part`, returns all parts as a JSON array, which is empty for ''. */
function splitStep(separator: string, part: number | undefined): Step {
  return (cell) => {
    if (typeof cell !== 'string') return cell;
    if (part !== undefined) return cell.split(separator)[part - 1] ?? null;
    return new JsonNode(cell === '' ? [] : cell.split(separator));
  };
}

function replaceStep(search: string, by: string): Step {
  return (cell) => (typeof cell === 'string' ? cell.replaceAll(search, () => by) : cell);
}

const NOT_OBJECT = new Rejection('type', 'the value is not a JSON object');
const NOT_JSON = new Rejection('type', 'the text is not strict JSON (RFC 8259, no duplicate keys)');

function jsonFieldStep(name: string): Step {
  return (cell) => {
    const json = jsonOf(cell);
    if (json instanceof Rejection) return json;
    if (!(json instanceof Map)) return NOT_OBJECT;
    const member = (json as ReadonlyMap<string, JsonValue>).get(name) ?? null;
    return member !== null && typeof member === 'object' ? new JsonNode(member) : member;
  };
}

function jsonOf(cell: SourceValue): JsonValue | Rejection {
  if (cell instanceof JsonNode) return cell.value;
  if (typeof cell !== 'string') return NOT_OBJECT;
  try {
    return parseJson(cell);
  } catch {
    return NOT_JSON;
  }
}

/**
 * Reads a text as one document of YAML 1.2 (core schema), of which JSON is a part, with positions.
 *
 * Promises: values are those of JSON, with objects without prototype. There are no tags, no merge keys,
 * no key twice, no `__proto__`, no number that a double would change. Aliases are expanded up to a number
 * of values and a depth, so that a short text cannot become a large value.
 */

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Node,
  type Pair,
  type Scalar,
} from 'yaml';

import { escapeToken } from '../mapping/place.ts';
import { exactNumber } from '../record/exactNumber.ts';
import { positionAt } from '../record/jsonSyntaxError.ts';

/** Most values of a document, aliases expanded. */
export const MAX_VALUES = 50_000;
const MAX_DEPTH = 32;

/** An error at a position of the text; `message` is a clause that contains nothing of the text. */
export class YamlError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, position: { readonly line: number; readonly column: number }) {
    super(message);
    this.name = 'YamlError';
    this.line = position.line;
    this.column = position.column;
  }
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface YamlText {
  readonly value: unknown;
  /** Position of the value at a JSON pointer, or of its key; of its nearest parent if there is none. */
  readonly positionOf: (pointer: string, part?: 'key' | 'value') => Position;
}

/** Offsets of the values and keys by JSON pointer. */
interface Offsets {
  readonly value: Map<string, number>;
  readonly key: Map<string, number>;
}

interface Reading {
  readonly text: string;
  readonly anchors: Map<string, unknown>;
  readonly offsets: Offsets;
  values: number;
}

/** Parses a document. @throws YamlError */
export function parseYaml(text: string): YamlText {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    // Quadratic in the package: objectOf looks for them.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    stringKeys: false,
  });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) throw new YamlError(clauseOf(fault.code), at(text, fault.pos[0]));
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    throw new YamlError('it is not of version 1.2', at(text, 0));
  }
  const offsets: Offsets = { value: new Map(), key: new Map() };
  const reading: Reading = { text, anchors: new Map(), offsets, values: 0 };
  const value = valueOf(document.contents, '', 0, reading);
  return {
    value,
    positionOf: (pointer, part = 'value') => at(text, offsetOf(pointer, part, offsets)),
  };
}

function at(text: string, offset: number): Position {
  const { line, column } = positionAt(text, offset);
  return { line, column };
}

function offsetOf(pointer: string, part: 'key' | 'value', { key, value }: Offsets): number {
  const found = part === 'key' ? key.get(pointer) : value.get(pointer);
  if (found !== undefined) return found;
  return pointer === ''
    ? 0
    : offsetOf(pointer.slice(0, pointer.lastIndexOf('/')), 'value', { key, value });
}

const CLAUSES: ReadonlyMap<string, string> = new Map([
  ['MULTIPLE_DOCS', 'there is more than one document'],
  ['TAG_RESOLVE_FAILED', 'there is a tag, and only plain values are read'],
  ['RESOURCE_EXHAUSTION', 'it is nested too deep'],
  ['TAB_AS_INDENT', 'a tab indents a line'],
]);

function clauseOf(code: string): string {
  return CLAUSES.get(code) ?? 'the syntax is wrong';
}

function valueOf(node: unknown, pointer: string, depth: number, reading: Reading): unknown {
  const { text, anchors, offsets } = reading;
  // What an alias stands for is at the alias.
  const start =
    offsets.value.get(pointer) ??
    (node as Node | null)?.range?.[0] ??
    offsets.key.get(pointer) ??
    0;
  offsets.value.set(pointer, start);
  const fail = (message: string): YamlError => new YamlError(message, at(text, start));
  reading.values += 1;
  if (reading.values > MAX_VALUES) throw fail('it has too many values, with aliases expanded');
  if (depth > MAX_DEPTH) throw fail('it is nested too deep');
  if (node === null || node === undefined) return null;
  if (isAlias(node)) {
    // Values are read in the order of the text, so that what an alias stands for has been seen.
    if (!anchors.has(node.source)) throw fail('an alias refers to nothing');
    return valueOf(anchors.get(node.source), pointer, depth + 1, reading);
  }
  if ((node as Node).tag !== undefined)
    throw fail('there is a tag, and only plain values are read');
  const { anchor } = node as Node & { readonly anchor?: string };
  if (anchor !== undefined) {
    if ((anchors.get(anchor) ?? node) !== node) throw fail('an anchor has the name of another');
    anchors.set(anchor, node);
  }
  if (isScalar(node)) return scalarOf(node, fail);
  if (isSeq(node)) {
    return node.items.map((item, index) =>
      valueOf(item, `${pointer}/${index}`, depth + 1, reading),
    );
  }
  if (isMap(node)) return objectOf(node.items, pointer, depth, reading);
  throw fail('the syntax is wrong');
}

function scalarOf({ value, source }: Scalar, fail: (message: string) => YamlError): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw fail('a text is not valid Unicode');
    return value;
  }
  const isDecimal = source !== undefined && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(source);
  if (typeof value !== 'number' || !isDecimal || typeof exactNumber(source) !== 'number') {
    throw fail('a number cannot be represented exactly; quote it if it is a text');
  }
  return value;
}

function objectOf(
  items: readonly Pair[],
  pointer: string,
  depth: number,
  reading: Reading,
): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>;
  for (const { key, value } of items) {
    const offset = (key as Node | null)?.range?.[0] ?? 0;
    const fail = (message: string): YamlError => new YamlError(message, at(reading.text, offset));
    const name = keyText(key);
    if (name === null) throw fail(badKey(key));
    if (name === '__proto__') throw fail('the key "__proto__" is not allowed');
    if (Object.hasOwn(object, name)) throw fail('a key stands twice in an object');
    if (name === '<<') throw fail('merge keys are not read');
    const inner = `${pointer}/${escapeToken(name)}`;
    reading.offsets.key.set(inner, offset);
    object[name] = valueOf(value, inner, depth + 1, reading);
  }
  return object;
}

/** The text of a key: exit codes are numbers, whose digits are their text. */
function keyText(key: unknown): string | null {
  if (!isScalar(key)) return null;
  if (typeof key.value === 'string') return key.value;
  const source = key.source ?? '';
  return /^(?:0|[1-9]\d{0,8})$/.test(source) && key.value === Number(source) ? source : null;
}

function badKey(key: unknown): string {
  return isScalar(key) && typeof key.value === 'number'
    ? 'a key is a number; quote it'
    : 'a key is not a text';
}

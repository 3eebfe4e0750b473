/**
 * Target ids: the id of a row in the new system, derived from its legacy key or, without one, from
 * its content, or taken from a frozen registry.
 */

import { createHmac } from 'node:crypto';

import { converter } from '../../record/convert.ts';
import { RawJson, Rejection, type Converter } from '../../record/converted.ts';
import type { KeyValue } from '../../record/keyOrder.ts';
import { transformer } from '../../record/transform.ts';
import { uuidV5, uuidV5OfBytes, uuidV8 } from '../../record/uuid.ts';
import type { Row } from '../../source/source.ts';
import type { CompiledKeyPart, CompiledModule } from './module.ts';
import type { Mapping } from '../model.ts';

/** The context of mappers. */
export interface MapperContext {
  readonly mapping: Mapping;
  /** Secret keys by id, for `blind` and keyless ids. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Registry name → legacy id → target id. */
  readonly registries: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /**
   * Module → legacy keys (see recordKey.ts) that only filtered rows have. Lacks modules without
   * filtered rows, and those whose keys are not needed.
   */
  readonly filtered?: ReadonlyMap<string, { readonly has: (key: string) => boolean }>;
  /** Module → legacy keys of all rows, including filtered ones; only modules that are needed. */
  readonly present?: ReadonlyMap<string, { readonly has: (key: string) => boolean }>;
}

export interface Identity {
  /** The legacy key of a row in the form of {@link keyText}; rejects and returns '' if invalid. */
  key(row: Row): string;
  /** The target id for a legacy key; '' for ''. Rejects and returns '' if there is none. */
  target(key: string): string;
  /** The canonical lineage line from a target id to its legacy key, without LF. */
  lineage(target: string, key: string): string;
  /** The first 16 bytes of HMAC-SHA-256(K, JCS([module, …key])) in base64url. */
  blind(key: readonly KeyValue[]): string;
}

export const NO_KEY: Rejection = new Rejection('key-null', 'a part of the legacy key is null');
const NOT_REGISTERED = new Rejection('registry', 'the registry has no entry for the legacy id');

/** Compiles the identity rules of one module. Errors become rejections of the id field. */
export function identity(
  module: CompiledModule,
  context: MapperContext,
  reject: (field: string, rejection: Rejection) => null,
): Identity {
  const textOf = keyText(module.key, columnIndexes(module, columnsOf(module.key)));
  const targetOf = targetId(module.name, module.mapping.id, context);
  const field = module.idField ?? '';
  const origin = `,"source":${JSON.stringify(module.source)},"table":${JSON.stringify(module.table)}}`;
  return {
    key(row) {
      const text = textOf(row);
      return typeof text === 'string' ? text : (reject(field, text ?? NO_KEY) ?? '');
    },
    target(key) {
      return key === '' ? '' : (targetOf(key) ?? reject(field, NOT_REGISTERED) ?? '');
    },
    lineage(target, key) {
      return `{"id":"${target}","key":[${key}]${origin}`;
    },
    blind: blindOf(module, context),
  };
}

function columnsOf(key: readonly CompiledKeyPart[]): string[] {
  return key.map((part) => part.column);
}

/** Indexes of columns in the rows that are read for the module; -1 if a column is not read. */
export function columnIndexes(module: CompiledModule, columns: readonly string[]): number[] {
  return columns.map((column) => module.columns.indexOf(column));
}

/** Returns the key text of a row, null or a Rejection, see {@link keyText}. */
export type KeyText = (row: Row) => string | null | Rejection;

/**
 * Makes a function that joins the canonical JSON texts of key parts by commas. It returns null if
 * all parts are null, and a Rejection if only some are or if one does not fit its type.
 */
export function keyText(key: readonly CompiledKeyPart[], indexes: readonly number[]): KeyText {
  const texts = key.map((part, number) => partText(part, indexes[number] ?? -1));
  const [only] = texts;
  if (only !== undefined && texts.length === 1) return only;
  return (row) => {
    let joined = '';
    let nulls = 0;
    for (const [number, text] of texts.entries()) {
      const part = text(row);
      if (part instanceof Rejection) return part;
      if (part === null) nulls += 1;
      joined += number === 0 ? part : `,${part}`;
    }
    if (nulls === 0) return joined;
    return nulls === texts.length ? null : NO_KEY;
  };
}

/** Makes the text function of one part; common kinds of keys need no converter. */
function partText(part: CompiledKeyPart, index: number): KeyText {
  const { type } = part;
  const convert = partConverter(part);
  const slow: KeyText = (row) => {
    const converted = convert(row[index] ?? null);
    if (converted === null || converted instanceof Rejection) return converted;
    return converted instanceof RawJson ? converted.text : JSON.stringify(converted);
  };
  if (part.transforms !== undefined) return slow;
  switch (type.kind) {
    case 'integer':
      return (row) => {
        const cell = row[index];
        const plain = typeof cell === 'number' && cell !== 0 && Number.isSafeInteger(cell);
        return plain ? String(cell) : slow(row);
      };
    case 'string':
      return (row) => {
        const cell = row[index];
        return typeof cell === 'string' ? JSON.stringify(cell) : slow(row);
      };
    default:
      return slow;
  }
}

/** Makes the converter from a cell to the value of a key part. */
export function partConverter({ type, transforms }: CompiledKeyPart): Converter {
  const convert = converter({ type });
  if (transforms === undefined) return convert;
  const change = transformer(transforms, () => {});
  return (cell) => {
    const changed = change(cell);
    return changed instanceof Rejection ? changed : convert(changed);
  };
}

/** Makes the function from the canonical text of a legacy key to the target id in `module`. */
export function targetId(
  module: string,
  rule: CompiledModule['mapping']['id'],
  context: MapperContext,
): (key: string) => string | undefined {
  if (rule.rule === 'registry') {
    const entries = context.registries.get(rule.registry);
    return (key) => entries?.get(legacyId(key));
  }
  return uuidV5(context.mapping.project.namespace, `[${JSON.stringify(module)},`, ']');
}

/** The form of a legacy key in registries, which hold all ids as text. */
export function legacyId(key: string): string {
  return key.startsWith('"') ? (JSON.parse(key) as string) : key;
}

/** Makes {@link Identity.blind} for a module. */
export function blindOf(module: CompiledModule, context: MapperContext): Identity['blind'] {
  const secret = context.secrets.get(module.mapping.blind ?? '');
  return (key) => {
    if (secret === undefined) throw new TypeError('no secret for the blind');
    return createHmac('sha256', secret)
      .update(JSON.stringify([module.name, ...key]))
      .digest()
      .subarray(0, 16)
      .toString('base64url');
  };
}

/**
 * Makes the function that derives ids of records without key from their canonical content (without
 * id) and their ordinal among equal records, from 0: UUIDv8 with a secret key, UUIDv5 without.
 */
export function contentId(
  module: CompiledModule,
  context: MapperContext,
): (content: Uint8Array, ordinal: number) => string {
  const { id } = module.mapping;
  const secret = id.rule === 'keyless' ? context.secrets.get(id.key ?? '') : undefined;
  const head = Buffer.from(JSON.stringify(module.name));
  return (content, ordinal) => {
    // Unambiguous: JSON texts mark their own end, and the ordinal comes last.
    const name = Buffer.concat([head, content, Buffer.from(String(ordinal))]);
    return secret === undefined
      ? uuidV5OfBytes(context.mapping.project.namespace, name)
      : uuidV8(secret, name);
  };
}

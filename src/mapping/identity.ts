/**
 * Target ids: what a row is called in the new system, from its legacy key, a frozen registry or, for
 * rows without key, its content.
 */

import { createHmac } from 'node:crypto';

import { converter } from '../record/convert.ts';
import { RawJson, Rejection, type Converted } from '../record/converted.ts';
import type { KeyValue } from '../record/keyOrder.ts';
import { uuidV5, uuidV5OfBytes, uuidV8 } from '../record/uuid.ts';
import type { Row } from '../source/source.ts';
import type { CompiledKeyPart, CompiledModule } from './compile.ts';
import type { Mapping } from './model.ts';

/** What mappers need besides the mapping itself. */
export interface MapperContext {
  readonly mapping: Mapping;
  /** Secret keys by id, for `blind` and keyless ids. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Registry name → legacy id → target id. */
  readonly registries: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export interface Identity {
  /** The target id of a row; records a rejection and returns '' where there is none. */
  target(row: Row): string;
  /** The canonical line that links a target id to the legacy key. */
  lineage(row: Row, target: string): string;
  /** base64url of 16 bytes of HMAC-SHA-256(K, JCS([module, …key])). */
  blind(key: readonly KeyValue[]): string;
}

const NO_KEY = new Rejection('key-null', 'a part of the legacy key is null');
const NOT_REGISTERED = new Rejection('registry', 'the registry has no entry for the legacy id');

/** The identity rules of one module. Errors become rejections of the id field. */
export function identity(
  module: CompiledModule,
  context: MapperContext,
  reject: (field: string, rejection: Rejection) => null,
): Identity {
  const partsOf = keyTexts(module.key, columnIndexes(module, columnsOf(module.key)));
  const targetOf = targetId(module.name, module.mapping.id, context);
  const field = module.idField ?? '';
  const origin = `,"source":${JSON.stringify(module.source)},"table":${JSON.stringify(module.table)}}`;
  let parts: readonly string[] = [];
  return {
    target(row) {
      const texts = partsOf(row);
      if (texts === null || texts instanceof Rejection) {
        reject(field, texts ?? NO_KEY);
        return '';
      }
      parts = texts;
      return targetOf(texts) ?? reject(field, NOT_REGISTERED) ?? '';
    },
    lineage(_row, target) {
      return `{"id":"${target}","key":[${parts.join(',')}]${origin}`;
    },
    blind: blindOf(module, context),
  };
}

function columnsOf(key: readonly CompiledKeyPart[]): string[] {
  return key.map((part) => part.column);
}

/** Where columns stand in the rows that are read for the module. */
export function columnIndexes(module: CompiledModule, columns: readonly string[]): number[] {
  return columns.map((column) => module.columns.indexOf(column));
}

/**
 * The canonical JSON texts of key parts; null when all are null, a Rejection when some are or one
 * does not fit its type.
 */
export function keyTexts(
  key: readonly CompiledKeyPart[],
  indexes: readonly number[],
): (row: Row) => readonly string[] | null | Rejection {
  const converters = key.map((part) => converter({ type: part.type }));
  return (row) => {
    const texts: string[] = [];
    let nulls = 0;
    for (const [part, index] of indexes.entries()) {
      const converted = converters[part]?.(row[index] ?? null) ?? null;
      if (converted instanceof Rejection) return converted;
      if (converted === null) nulls += 1;
      texts.push(partText(converted));
    }
    if (nulls === 0) return texts;
    return nulls === texts.length ? null : NO_KEY;
  };
}

function partText(value: Converted): string {
  return value instanceof RawJson ? value.text : JSON.stringify(value);
}

/** Target id of the record of `module` whose legacy key has these canonical parts. */
export function targetId(
  module: string,
  rule: CompiledModule['mapping']['id'],
  context: MapperContext,
): (parts: readonly string[]) => string | undefined {
  if (rule.rule === 'registry') {
    const entries = context.registries.get(rule.registry);
    return (parts) => entries?.get(legacyId(parts[0] ?? ''));
  }
  const make = uuidV5(context.mapping.project.namespace);
  const head = `[${JSON.stringify(module)},`;
  return (parts) => make(`${head}${parts.join(',')}]`);
}

/** A registry spells ids as text, numbers too. */
function legacyId(part: string): string {
  return part.startsWith('"') ? (JSON.parse(part) as string) : part;
}

function blindOf(module: CompiledModule, context: MapperContext): Identity['blind'] {
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
 * Ids of records without key, from their canonical content (without id) and the ordinal among
 * equal records, from 0: UUIDv8 with a secret key, version 5 without.
 */
export function contentId(
  module: CompiledModule,
  context: MapperContext,
): (content: Uint8Array, ordinal: number) => string {
  const { id } = module.mapping;
  const secret = id.rule === 'keyless' ? context.secrets.get(id.key ?? '') : undefined;
  const head = Buffer.from(JSON.stringify(module.name));
  return (content, ordinal) => {
    // The module's name and the content end themselves as JSON texts; the ordinal comes last.
    const name = Buffer.concat([head, content, Buffer.from(String(ordinal))]);
    return secret === undefined
      ? uuidV5OfBytes(context.mapping.project.namespace, name)
      : uuidV8(secret, name);
  };
}

/**
 * Rows → canonical records, for one module. The hot path of a run: for each module one function is
 * generated in which every field has its place, so that the runtime serialises one object literal
 * with its members in canonical order (RFC 8785 §3.2.3) and nothing is sorted per row.
 *
 * The generated text holds field names as JSON strings and numbers of our own; nothing else of a
 * mapping gets into it.
 */

import { converter } from '../record/convert.ts';
import { BlobContent, RawJson, Rejection, type Converted } from '../record/converted.ts';
import type { KeyValue } from '../record/keyOrder.ts';
import type { SourceValue } from '../record/value.ts';
import type { Row } from '../source/source.ts';
import { BLIND_FIELD, type CompiledField, type CompiledModule } from './compile.ts';
import { blobReference, type BlobReference } from './blobReference.ts';
import { columnIndexes, identity, NO_KEY, type Identity, type MapperContext } from './identity.ts';
import { isReference } from './model.ts';
import { referenceConverter } from './reference.ts';

export interface RejectedField {
  readonly field: string;
  readonly rejection: Rejection;
}

/** What the last mapped row became. */
export interface MappedRow {
  /** Canonical JSON, without the id where the module is keyless. */
  record: string;
  /** The order key; for keyless modules empty, the id comes from the content. */
  key: KeyValue[];
  /** The line of lineage.ndjson without LF, '' where the module has none. */
  lineage: string;
  /** Content to store; content that stands in several fields comes several times. */
  blobs: BlobReference[];
}

export interface RowMapper {
  readonly out: MappedRow;
  /** Why the last row was rejected; empty when it was not. */
  readonly rejected: RejectedField[];
  /** Maps one row into `out`; false when the row is rejected. */
  map(row: Row): boolean;
}

/** A member of the record: from a converter, or computed from the id. */
interface Member {
  readonly name: string;
  readonly code: string;
  readonly raw: boolean;
}

/** A mapper for rows that hold the module's columns in order. */
export function rowMapper(module: CompiledModule, context: MapperContext): RowMapper {
  const out: MappedRow = { record: '', key: [], lineage: '', blobs: [] };
  const rejected: RejectedField[] = [];
  const reject = (field: string, rejection: Rejection): null => {
    rejected.push({ field, rejection });
    return null;
  };
  const id = identity(module, context, reject);
  const run = generate(module, context, { out, reject, id });
  return {
    out,
    rejected,
    map(row) {
      if (rejected.length > 0) rejected.length = 0;
      if (out.blobs.length > 0) out.blobs = [];
      run(row);
      return rejected.length === 0;
    },
  };
}

interface Parts {
  readonly out: MappedRow;
  readonly reject: (field: string, rejection: Rejection) => null;
  readonly id: Identity;
}

function generate(
  module: CompiledModule,
  context: MapperContext,
  parts: Parts,
): (row: Row) => void {
  const { out, reject, id } = parts;
  const slow = module.fields.map((field) => slowPath(module, field, context, out, reject));
  const members = fieldMembers(module);
  const code = [
    ...module.fields.map((field, index) => assignment(module, field, index)),
    `out.key = ${keyCode(module)};`,
    ...idCode(module, members),
    `out.record = ${serialise(members)};`,
    module.hasLineage ? 'out.lineage = id.lineage(out.key[0]);' : '',
  ];
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- see the head of this file
  const make = new Function(
    'out',
    's',
    'id',
    'text',
    `'use strict';\nreturn (row) => {\nlet x;\n${code.join('\n')}\n};`,
  ) as (...names: unknown[]) => (row: Row) => void;
  return make(out, slow, id, memberText);
}

/** Converters behind the inlined tests: they store blobs and record rejections. */
function slowPath(
  module: CompiledModule,
  field: CompiledField,
  context: MapperContext,
  out: MappedRow,
  reject: Parts['reject'],
): (value: SourceValue | Row) => unknown {
  const convert = fieldConverter(module, field, context);
  const unkeyed = isKeptKey(module, field) && !isRequired(field);
  return (value) => {
    if (value === null && unkeyed) return reject(field.name, NO_KEY);
    const converted = convert(value);
    if (converted instanceof Rejection) return reject(field.name, converted);
    if (!(converted instanceof BlobContent)) return converted;
    const blob = blobReference(converted);
    out.blobs.push(blob);
    return { sha256: blob.sha256, size: blob.size };
  };
}

function fieldConverter(
  module: CompiledModule,
  field: CompiledField,
  context: MapperContext,
): (value: SourceValue | Row) => Converted | Rejection {
  const { mapping } = field;
  if (isReference(mapping)) {
    return referenceConverter(mapping, columnIndexes(module, mapping.columns), context) as (
      value: SourceValue | Row,
    ) => Converted | Rejection;
  }
  const { type: _, column: __, ...options } = mapping;
  return converter({ ...options, type: field.type }) as (
    value: SourceValue | Row,
  ) => Converted | Rejection;
}

/** Cells of the common types pass without a call; everything else goes to the converter. */
function assignment(module: CompiledModule, field: CompiledField, index: number): string {
  const { mapping } = field;
  if (isReference(mapping)) return `const v${index} = s[${index}](row);`;
  const column = module.columns.indexOf(mapping.column);
  const fast = fastTest(field);
  const slow = `s[${index}](x)`;
  const checked = isRequired(field) || isKeptKey(module, field);
  const nullable = checked ? slow : `x === null ? null : ${slow}`;
  return `x = row[${column}]; const v${index} = ${fast === null ? nullable : `${fast} ? x : ${nullable}`};`;
}

function isRequired(field: CompiledField): boolean {
  return field.mapping.required === true;
}

/** Whether the field holds a part of a legacy key that is kept: it orders the records. */
function isKeptKey(module: CompiledModule, field: CompiledField): boolean {
  return module.idField === null && module.orderFields.includes(field.name);
}

function fastTest(field: CompiledField): string | null {
  const maxLength = isReference(field.mapping) ? undefined : field.mapping.maxLength;
  switch (field.type.kind) {
    case 'string':
      return `typeof x === 'string'${maxLength === undefined ? '' : ` && x.length <= ${maxLength}`}`;
    case 'integer':
      // Zero goes the long way because of −0.
      return `typeof x === 'number' && x !== 0 && Number.isSafeInteger(x)`;
    case 'float':
      return `typeof x === 'number' && x !== 0 && Number.isFinite(x)`;
    default:
      return null;
  }
}

function fieldMembers(module: CompiledModule): Member[] {
  return module.fields.map((field, index) => ({
    name: field.name,
    code: `v${index}`,
    raw: ['json', 'tagged', 'array'].includes(field.type.kind),
  }));
}

function keyCode(module: CompiledModule): string {
  if (module.idField !== null) {
    return module.mapping.id.rule === 'keyless' ? '[]' : '[id.target(row)]';
  }
  const values = module.orderFields.map(
    (name) => `v${module.fields.findIndex((field) => field.name === name)}`,
  );
  return `[${values.join(', ')}]`;
}

/** Adds the id and the blind to the members, unless both come from the content later. */
function idCode(module: CompiledModule, members: Member[]): string[] {
  if (module.mapping.id.rule === 'keyless') return [];
  const lines: string[] = [];
  if (module.idField !== null) {
    members.push({ name: module.idField, code: 'out.key[0]', raw: false });
  }
  if (module.mapping.blind !== undefined) {
    lines.push('const blind = id.blind(out.key);');
    members.push({ name: BLIND_FIELD, code: 'blind', raw: false });
  }
  members.sort((a, b) => (a.name < b.name ? -1 : 1));
  return lines;
}

/** `__proto__` in a literal would set a prototype; the mapping's checks refuse it besides. */
const SPECIAL_NAME = /^(0|[1-9]\d*|__proto__)$/;

/**
 * One object literal where its member order is the canonical one; otherwise text piece by piece:
 * JavaScript moves integer-like names to the front, and raw JSON has no place in a literal.
 */
function serialise(members: readonly Member[]): string {
  if (!members.some((member) => member.raw || SPECIAL_NAME.test(member.name))) {
    const literal = members.map(({ name, code }) => `${JSON.stringify(name)}: ${code}`);
    return `JSON.stringify({${literal.join(', ')}})`;
  }
  const pieces = members.map(({ name, code }, index) => {
    const open = JSON.stringify(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    return `${open} + text(${code})`;
  });
  return `${pieces.join(' + ')} + '}'`;
}

function memberText(value: unknown): string {
  return value instanceof RawJson ? value.text : JSON.stringify(value);
}

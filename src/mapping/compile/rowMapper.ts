/**
 * Maps rows of one module to canonical records. This is the hot path of a run: each module gets a
 * generated function that serialises one object literal with its members in canonical order
 * (RFC 8785 §3.2.3), so that nothing is sorted per row.
 *
 * The generated code contains field names as JSON strings, and generated numbers; nothing else of a
 * mapping gets into it.
 */

import { BlobContent, RawJson, Rejection, type Converted } from '../../record/converted.ts';
import type { KeyValue } from '../../record/keyOrder.ts';
import { isSuspectJson } from '../../record/textFault.ts';
import type { SourceValue } from '../../record/value.ts';
import type { Row } from '../../source/source.ts';
import { blobReference, type BlobReference } from './blobReference.ts';
import { cellMapper, inspectText, valueMapper, type MappedField } from './cellMapper.ts';
import { combiner } from './combine.ts';
import { BLIND_FIELD, cellType, type CompiledField, type CompiledModule } from './module.ts';
import { constantValue } from './constant.ts';
import { FAST_CALLS, fastPath } from './fastPath.ts';
import { identity, NO_KEY, type Identity, type MapperContext } from './identity.ts';
import { keyInspector } from './keyInspector.ts';
import type { CombinedField, ReferenceField } from '../model.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { nestedStep } from './nestedIds.ts';
import { referenceConverter } from './reference.ts';
import { diagnosticLog, type Note, type Diagnostic, type DiagnosticLog } from './diagnostics.ts';
import { missingParent, parentFilter } from './rowFilter.ts';
import { treatedCell } from './treatedCell.ts';

export type { Diagnostic } from './diagnostics.ts';

/** The result for the last mapped row; overwritten by the next one. */
interface MappedRow {
  /** Canonical JSON, without the id if the module is keyless; a rejected cell is null. */
  record: string;
  /** The order key; empty for keyless modules, whose ids are derived from the content. */
  key: KeyValue[];
  /** The line of lineage.ndjson without LF; '' if the module has no lineage. */
  lineage: string;
  /** Content to store, once for each field that holds it. */
  blobs: BlobReference[];
}

/** Maps one row at a time; all members describe the last row, until the next call. */
export interface RowMapper {
  readonly out: MappedRow;
  /** Diagnostics of the last row, at most one for each field and rule. */
  readonly diagnostics: readonly Diagnostic[];
  /** Whether the last row has the key that orders its record; if not, `out` is unusable. */
  readonly hasKey: boolean;
  /**
   * Maps one row into `out`; returns whether its record may be sealed. It may not if the row has no
   * key, or if a cell was rejected with a BLOCKER. Diagnostics on kept cells never exclude a row.
   */
  map(row: Row): boolean;
}

/** A member of the record: from a converter, or computed from the id. */
interface Member {
  readonly name: string;
  readonly code: string;
  readonly raw: boolean;
}

/** Makes a mapper for rows that hold the module's columns in order. */
export function rowMapper(module: CompiledModule, context: MapperContext): RowMapper {
  const out: MappedRow = { record: '', key: [], lineage: '', blobs: [] };
  const log = diagnosticLog(module, context.mapping.project);
  const id = identity(module, context, log.rejectKey);
  const run = generate(module, context, { out, log, id });
  // Placeholder of a missing part in a key; '' is a valid part of a kept key.
  const none = module.idField === null ? null : '';
  let hasKey = false;
  return {
    out,
    diagnostics: log.diagnostics,
    get hasKey() {
      return hasKey;
    },
    map(row) {
      if (log.diagnostics.length > 0) log.clear();
      if (out.blobs.length > 0) out.blobs = [];
      run(row);
      // Most rows have no diagnostics, so they have a key.
      hasKey = log.diagnostics.length === 0 || out.key.every((part) => part !== none);
      return hasKey && !log.hasRejected();
    },
  };
}

interface Parts {
  readonly out: MappedRow;
  readonly log: DiagnosticLog;
  readonly id: Identity;
}

function generate(
  module: CompiledModule,
  context: MapperContext,
  parts: Parts,
): (row: Row) => void {
  const { out, log, id } = parts;
  const slow = module.fields.map((field) => slowPath(module, field, context, parts));
  const constants = module.fields.map(constantOf);
  const treat = module.fields.map((field) => treatedCell(field, context, log));
  const members = fieldMembers(module);
  const plain = plainTexts(module);
  const inspectKey = keyInspector(module, log);
  const code = [
    ...module.fields.map((field, index) => assignment(module, field, index)),
    hasTarget(module) ? 'const legacyKey = id.key(row);' : '',
    `out.key = ${keyCode(module)};`,
    ...module.fields.flatMap(({ treated }, index) => (treated === null ? [] : treatment(index))),
    ...idCode(module, members),
    `out.record = ${serialise(members)};`,
    plain.length > 0 ? 'if (suspect(out.record)) inspect(row);' : '',
    inspectKey === null ? '' : 'inspectKey(row);',
    module.hasLineage ? 'out.lineage = id.lineage(out.key[0], legacyKey);' : '',
  ];
  const inspect = (row: Row): void => {
    for (const { field, column } of plain) inspectText(row[column] ?? null, field, log);
  };
  const used = {
    ...FAST_CALLS,
    text: memberText,
    suspect: isSuspectJson,
    out,
    slow,
    constants,
    treat,
    id,
    inspect,
    inspectKey,
  };
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- see the head of this file
  const make = new Function(
    ...Object.keys(used),
    `'use strict';\nreturn (row) => {\nlet cell, decimal;\n${code.join('\n')}\n};`,
  ) as (...values: unknown[]) => (row: Row) => void;
  return make(...Object.values(used));
}

/**
 * Lists text fields with a fast path. Their text is in the record unchanged, so one test of the
 * whole record tells whether any of them has to be inspected.
 */
function plainTexts(module: CompiledModule): { field: string; column: number }[] {
  return module.fields.flatMap((field) => {
    const { name, mapping, type } = field;
    return 'column' in mapping && type.kind === 'string' && fastPath(field) !== null
      ? [{ field: name, column: module.columns.indexOf(mapping.column) }]
      : [];
  });
}

/** The value of a constant field; undefined for other fields. */
function constantOf({ mapping, type }: CompiledField): unknown {
  return 'constant' in mapping ? constantValue(mapping, type) : undefined;
}

/** Makes the function for cells of a field that the inlined fast path does not handle. */
function slowPath(
  module: CompiledModule,
  field: CompiledField,
  context: MapperContext,
  { out, log }: Parts,
): (value: SourceValue & Row) => unknown {
  const { name, mapping } = field;
  const type = cellType(field);
  if ('reference' in mapping) return referencePath(module, name, mapping, context, log);
  const stored = (converted: Converted): unknown => {
    if (!(converted instanceof BlobContent)) return converted;
    const blob = blobReference(converted);
    out.blobs.push(blob);
    return { sha256: blob.sha256, size: blob.size };
  };
  const nested = nestedStep(mapping, context, (note) => {
    log.note(name, note);
  });
  if ('combine' in mapping) {
    const combined = combinedPath(module, { name, mapping, type, nested }, log);
    return (row) => stored(combined(row));
  }
  const orders = isKeptKey(module, field);
  const cell = cellMapper({ name, mapping, type, orders, nested }, log);
  const unkeyed = orders && mapping.required !== true;
  return (value: SourceValue) =>
    value === null && unkeyed ? log.rejectKey(name, NO_KEY) : stored(cell(value));
}

function referencePath(
  module: CompiledModule,
  name: string,
  mapping: ReferenceField,
  context: MapperContext,
  log: DiagnosticLog,
): (row: Row) => unknown {
  const convert = referenceConverter(module, mapping, context);
  const mapped = (row: Row): unknown => {
    const converted = convert(row);
    return converted instanceof Rejection ? log.reject(name, converted) : converted;
  };
  const isFiltered =
    mapping.onFilteredParent === 'null' ? parentFilter(module, mapping, context) : null;
  const isMissing = missingParent(module, mapping, context);
  if (isFiltered === null && isMissing === null) return mapped;
  const required = mapping.required === true;
  return (row) => {
    const filtered = isFiltered?.(row) === true;
    if (!filtered && isMissing?.(row) !== true) return mapped(row);
    if (required) return log.reject(name, filtered ? REQUIRED_FILTERED : REQUIRED_MISSING);
    log.note(name, filtered ? FILTERED_PARENT : MISSING_PARENT);
    return null;
  };
}

const FILTERED_PARENT: Note = {
  rule: 'filtered-parent',
  reason: 'the row that it refers to was filtered, the field is null',
};
const REQUIRED_FILTERED = new Rejection(
  'required',
  'the row that it refers to was filtered, the field is required',
);
const MISSING_PARENT: Note = {
  rule: 'reference-missing',
  reason: 'no row has the key that it refers to, the field is null',
};
const REQUIRED_MISSING = new Rejection(
  'required',
  'no row has the key that it refers to, the field is required',
);

/** Inspects the text of each cell as it was read, then combines the cells into one. */
function combinedPath(
  module: CompiledModule,
  field: Omit<MappedField, 'mapping' | 'orders'> & { readonly mapping: CombinedField },
  log: DiagnosticLog,
): (row: Row) => Converted {
  const { name, mapping, type, nested } = field;
  const columns = mapping.columns.map((column) => ({
    column,
    index: module.columns.indexOf(column),
  }));
  const combine = combiner(mapping);
  const toValue = valueMapper({ name, mapping, type, nested, orders: false }, log);
  return (row) => {
    for (const { column, index } of columns) {
      inspectText(row[index] ?? null, name, log, `, in column ${quoteName(column)}`);
    }
    const cell = combine(columns.map(({ index }) => row[index] ?? null));
    return cell instanceof Rejection ? log.reject(name, cell) : toValue(cell);
  };
}

/** Generates the code for a field: an inlined fast path for common types, else a call. */
function assignment(module: CompiledModule, field: CompiledField, index: number): string {
  const { mapping } = field;
  if ('constant' in mapping) return `const value${index} = constants[${index}];`;
  const declare = field.treated === null ? 'const' : 'let';
  if (!('column' in mapping)) return `${declare} value${index} = slow[${index}](row);`;
  const column = module.columns.indexOf(mapping.column);
  const slow = `slow[${index}](cell)`;
  const checked = isRequired(field) || isKeptKey(module, field);
  const nullable = checked ? slow : `cell === null ? null : ${slow}`;
  const fast = fastPath(field);
  const value = fast === null ? nullable : `${fast.test} ? ${fast.value} : ${nullable}`;
  return `cell = row[${column}]; ${declare} value${index} = ${value};`;
}

/** Generates the code that treats a value once the key of its record is known. */
function treatment(index: number): string[] {
  return [`if (value${index} !== null) value${index} = treat[${index}](value${index}, out.key);`];
}

function isRequired(field: CompiledField): boolean {
  return field.mapping.required === true;
}

/** Whether the field holds a part of a kept legacy key, which orders the records. */
function isKeptKey(module: CompiledModule, field: CompiledField): boolean {
  return module.idField === null && module.orderFields.includes(field.name);
}

function fieldMembers(module: CompiledModule): Member[] {
  return module.fields.map((field, index) => ({
    name: field.name,
    code: `value${index}`,
    raw: ['json', 'tagged', 'array'].includes(field.type.kind),
  }));
}

/** Whether the id is derived from the row's key, rather than from its content or kept. */
function hasTarget({ idField, mapping }: CompiledModule): boolean {
  return idField !== null && mapping.id.rule !== 'keyless';
}

function keyCode(module: CompiledModule): string {
  if (module.idField !== null) return hasTarget(module) ? '[id.target(legacyKey)]' : '[]';
  const values = module.orderFields.map(
    (name) => `value${module.fields.findIndex((field) => field.name === name)}`,
  );
  return `[${values.join(', ')}]`;
}

/** Adds the id and the blind to the members, unless both are derived from the content later. */
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

/**
 * Matches names unfit for a literal. `__proto__`, which mapping checks also reject, sets a
 * prototype.
 */
const SPECIAL_NAME = /^(0|[1-9]\d*|__proto__)$/;

/**
 * Generates the code that serialises a record: one object literal if that keeps the canonical
 * order, otherwise the concatenation of its members. JavaScript moves integer-like names to the
 * front, and a literal cannot hold raw JSON.
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

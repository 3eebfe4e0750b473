/**
 * Personal data in fields that are not declared for it: what nobody knows of, nobody protects. The
 * finding says where in the text, never what.
 */

import type { CompiledModule } from '../mapping/compile.ts';
import { isReference } from '../mapping/model.ts';
import type { Finding } from '../outcome/finding.ts';
import type { FieldType } from '../record/type.ts';
import { memberOf } from '../seal/candidateReader.ts';
import {
  recordFinding,
  recordsOf,
  type Accusation,
  type ScannedRecord,
  type Scope,
} from './scope.ts';
import { findPii, type PiiClass } from '../pii/findPii.ts';

interface SearchedField {
  readonly name: string;
  readonly declared: string | undefined;
  /** The value is the text itself, so that a match has a place in it. */
  readonly plain: boolean;
}

/** Findings `pii-undeclared` of a module, by record, field and place. */
export async function* checkUndeclared(
  scope: Scope,
  module: CompiledModule,
): AsyncGenerator<Finding> {
  const fields = searchedFields(module);
  if (fields.length === 0) return;
  for await (const { first, records } of recordsOf(scope, module.name, 'personal data')) {
    for (const [index, record] of records.entries()) {
      if (record === null) continue;
      const scanned = { ordinal: first + index, record };
      for (const field of fields) yield* findingsIn(scope, module, scanned, field);
    }
  }
}

function searchedFields(module: CompiledModule): SearchedField[] {
  return module.fields.flatMap(({ name, mapping, type }) => {
    if (isReference(mapping) || !holdsText(type)) return [];
    return [{ name, declared: mapping.pii, plain: type.kind === 'string' }];
  });
}

function holdsText(type: FieldType): boolean {
  if (type.kind === 'array') return holdsText(type.of);
  return type.kind === 'string' || type.kind === 'json' || type.kind === 'tagged';
}

function* findingsIn(
  scope: Scope,
  module: CompiledModule,
  scanned: ScannedRecord,
  { name, declared, plain }: SearchedField,
): Generator<Finding> {
  const value = memberOf(scanned.record, name);
  if (plain) {
    if (typeof value !== 'string') return;
    for (const { of, start, end } of findPii(value)) {
      if (of === declared) continue;
      const place = { start: codePoints(value, start), end: codePoints(value, end) };
      yield { ...recordFinding(scope, module, scanned, accusationOf(name, of)), ...place };
    }
    return;
  }
  const classes = new Set<PiiClass>();
  for (const text of textsIn(value)) for (const { of } of findPii(text)) classes.add(of);
  for (const of of [...classes].sort()) {
    if (of !== declared) yield recordFinding(scope, module, scanned, accusationOf(name, of));
  }
}

function accusationOf(field: string, of: PiiClass): Accusation {
  return {
    rule: 'pii-undeclared',
    fields: [field],
    reason: `it holds ${of}, which is not declared`,
  };
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) yield name;
    yield* textsIn(inner);
  }
}

/** How many code points the first `units` code units of a text are. */
function codePoints(text: string, units: number): number {
  let count = 0;
  for (let at = 0; at < units; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}

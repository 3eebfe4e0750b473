/**
 * Runs the smoke queries of a project over a candidate, by the mapping that was sealed with it.
 * Each round reads the files of the modules that have queries once; references that are followed
 * are the queries of the next round. Memory: the queries.
 */

import { statOf } from '../disk/noLinks.ts';
import { compileModule, type CompiledModule } from '../mapping/compile/module.ts';
import { isReference, type Mapping } from '../mapping/model.ts';
import { pointerTo } from '../mapping/place.ts';
import type { LocatedQuery, ModuleQueries, RecordQuery, SmokeFile } from '../mapping/smokeFile.ts';
import { counted } from '../outcome/counted.ts';
import type { Finding } from '../outcome/finding.ts';
import { memberOf, readRecords, recordFile, type ReadRecord } from '../seal/candidateReader.ts';
import { differenceOf, formOf } from './expectation.ts';

/** A query of a record, with its place in smoke.json as a JSON pointer. */
interface Placed<Q> {
  readonly query: Q;
  readonly at: string;
}

/** A record to find: its fields have these values, in canonical form. */
interface Lookup extends Placed<RecordQuery> {
  readonly module: string;
  readonly fields: readonly string[];
  readonly values: string;
  /** The finding if there is none. */
  readonly missing: string;
}

export interface SmokeTally {
  /** Records that a query has found or counted. */
  records: number;
  /** References that were followed to a record. */
  references: number;
}

interface Run {
  readonly folder: string;
  readonly mapping: Mapping;
  readonly smoke: SmokeFile;
  readonly tally: SmokeTally;
  readonly add: (finding: Finding) => void;
  /** Lookups of the next round. */
  next: Lookup[];
}

/** Runs all queries; `add` gets what differs. */
export async function runQueries(
  about: Pick<Run, 'folder' | 'mapping' | 'smoke' | 'add'>,
): Promise<SmokeTally> {
  const run: Run = { ...about, tally: { records: 0, references: 0 }, next: [] };
  const modules = Object.entries(run.smoke.modules);
  const keyed: Lookup[] = [];
  for (const [name, queries] of modules) keyed.push(...(await lookupsOf(run, name, queries)));
  let round = keyed;
  for (const [name, queries] of modules) {
    await readModule(run, name, ofModule(round, name), queries);
  }
  for (round = run.next; round.length > 0; round = run.next) {
    run.next = [];
    for (const name of new Set(round.map(({ module }) => module))) {
      await readModule(run, name, ofModule(round, name), {});
    }
  }
  return run.tally;
}

function ofModule(lookups: readonly Lookup[], name: string): Lookup[] {
  return lookups.filter(({ module }) => module === name);
}

/** Returns the module; null, with a finding, if the candidate has none of that name. */
function moduleAt(run: Run, name: string, at: string): CompiledModule | null {
  if (run.mapping.modules.some(({ module }) => module === name)) {
    return compileModule(run.mapping, name);
  }
  report(run, name, at, 'the candidate has no module of this name');
  return null;
}

function report(run: Run, module: string, at: string, reason: string, field?: string): void {
  const place = { module, ...(field === undefined ? {} : { field }), file: run.smoke.placeOf(at) };
  run.add({ rule: 'smoke', severity: 'BLOCKER', ...place, reason });
}

/** Turns the queries of records into lookups; legacy keys are found in the lineage first. */
async function lookupsOf(run: Run, name: string, queries: ModuleQueries): Promise<Lookup[]> {
  const records = queries.records ?? [];
  const at = (index: number): string => pointerTo('modules', name, 'records', index);
  const module = records.length === 0 ? null : moduleAt(run, name, pointerTo('modules', name));
  if (module === null) return [];
  const byKey = records.some(({ key }) => key !== undefined) && module.hasLineage;
  const ids = byKey ? await idsOf(run, module, records) : new Map<string, unknown>();
  return records.flatMap((query, index): Lookup[] => {
    const values = valuesOf(module, query, ids);
    if (values === null) {
      report(run, name, at(index), noRecord(query));
      return [];
    }
    const { orderFields: fields } = module;
    const missing = noRecord(query);
    return [{ module: name, fields, values: formOf(values) ?? '', missing, query, at: at(index) }];
  });
}

function noRecord({ id }: LocatedQuery): string {
  return `there is no record with this ${id === undefined ? 'key' : 'id'}`;
}

/** Returns the values of the fields that order the records; null for an unknown key. */
function valuesOf(
  { hasLineage, idField }: CompiledModule,
  { id, key = [] }: LocatedQuery,
  ids: ReadonlyMap<string, unknown>,
): readonly unknown[] | null {
  if (id !== undefined) return [id];
  if (idField === null) return key;
  const found = hasLineage ? ids.get(formOf(key) ?? '') : undefined;
  return found === undefined ? null : [found];
}

/** Finds the ids of legacy keys in the lineage: key in canonical form → id. */
async function idsOf(
  { folder }: Run,
  { name }: CompiledModule,
  records: readonly LocatedQuery[],
): Promise<ReadonlyMap<string, unknown>> {
  const wanted = new Set(records.map(({ key }) => formOf(key ?? null)));
  const ids = new Map<string, unknown>();
  for await (const { records: lines } of readRecords(recordFile(folder, name, true))) {
    for (const line of lines) {
      const key = line === null ? null : formOf(memberOf(line, 'key'));
      if (line !== null && key !== null && wanted.has(key)) ids.set(key, memberOf(line, 'id'));
    }
  }
  return ids;
}

interface Ends {
  first: ReadRecord | null;
  last: ReadRecord | null;
}

/** Reads the records of a module once, for all of these queries. */
async function readModule(
  run: Run,
  name: string,
  lookups: readonly Lookup[],
  queries: ModuleQueries,
): Promise<void> {
  const at = pointerTo('modules', name);
  const module = moduleAt(run, name, lookups[0]?.at ?? at);
  if (module === null) return;
  const path = recordFile(run.folder, name);
  if (!isFile(path)) {
    report(run, name, at, 'the records of the module cannot be read');
    return;
  }
  const open = new Set(lookups);
  const sets = new Set(lookups.map(({ fields }) => fields.join('\0')));
  let [total, broken] = [0, 0];
  const ends: Ends = { first: null, last: null };
  for await (const { records } of readRecords(path)) {
    for (const record of records) {
      total += 1;
      if (record === null) broken += 1;
      else {
        ends.first ??= record;
        ends.last = record;
        for (const lookup of matching(open, sets, record)) {
          open.delete(lookup);
          judge(run, module, record, lookup);
        }
      }
    }
  }
  for (const { at: here, missing } of open) report(run, name, here, missing);
  if (broken > 0) report(run, name, at, `${counted(broken, 'line')} of the module are no records`);
  judgeEnds(run, module, ends, queries);
  if (queries.count === undefined) return;
  run.tally.records += total;
  judgeCount(run, name, total, queries.count);
}

function isFile(path: string): boolean {
  try {
    return statOf(path)?.isFile() === true;
  } catch {
    return false;
  }
}

/** Returns the open lookups that this record fulfils. */
function matching(
  open: ReadonlySet<Lookup>,
  sets: ReadonlySet<string>,
  record: ReadRecord,
): Lookup[] {
  if (open.size === 0) return [];
  const values = new Map(
    [...sets].map((fields) => {
      return [fields, formOf(fields.split('\0').map((field) => memberOf(record, field)))];
    }),
  );
  return [...open].filter((lookup) => values.get(lookup.fields.join('\0')) === lookup.values);
}

function judgeEnds(run: Run, module: CompiledModule, ends: Ends, queries: ModuleQueries): void {
  for (const end of ['first', 'last'] as const) {
    const [query, record] = [queries[end], ends[end]];
    const at = pointerTo('modules', module.name, end);
    if (query === undefined) continue;
    if (record === null) report(run, module.name, at, 'the module holds no record');
    else judge(run, module, record, { query, at });
  }
}

function judgeCount(
  run: Run,
  name: string,
  total: number,
  { exactly, atLeast, atMost }: NonNullable<ModuleQueries['count']>,
): void {
  const at = pointerTo('modules', name, 'count');
  const wrong = (member: string, expected: string): void => {
    const reason = `the module holds ${counted(total, 'record')}, but ${expected} expected`;
    report(run, name, `${at}/${member}`, reason);
  };
  if (exactly !== undefined && total !== exactly) wrong('exactly', `exactly ${exactly} are`);
  if (atLeast !== undefined && total < atLeast) wrong('atLeast', `at least ${atLeast} are`);
  if (atMost !== undefined && total > atMost) wrong('atMost', `at most ${atMost} are`);
}

/** Compares a record that was found, and plans the references to follow. */
function judge(
  run: Run,
  module: CompiledModule,
  record: ReadRecord,
  { query, at }: Placed<RecordQuery>,
): void {
  run.tally.records += 1;
  const known = new Set([...module.fields.map(({ name }) => name), module.idField]);
  for (const [field, expected] of Object.entries(query.fields ?? {})) {
    const here = `${at}${pointerTo('fields', field)}`;
    const reason = known.has(field)
      ? differenceOf(memberOf(record, field), expected)
      : 'the module has no field of this name';
    if (reason !== null) report(run, module.name, here, reason, field);
  }
  for (const [name, other] of Object.entries(query.follow ?? {})) {
    follow(run, module, record, { name, query: other, at: `${at}${pointerTo('follow', name)}` });
  }
}

function follow(
  run: Run,
  module: CompiledModule,
  record: ReadRecord,
  { name, query, at }: Placed<RecordQuery> & { readonly name: string },
): void {
  const target = targetOf(run.mapping, module, name);
  if (target === null) {
    report(run, module.name, at, 'the module has no reference of this name', name);
    return;
  }
  const values = target.from.map((field) => memberOf(record, field));
  if (values.some((value) => value === null)) {
    report(run, module.name, at, 'the reference is null', name);
    return;
  }
  run.tally.references += 1;
  const missing = 'the reference that was followed points to no record';
  const { module: to, fields } = target;
  run.next.push({ module: to, fields, values: formOf(values) ?? '', missing, query, at });
}

interface Target {
  readonly from: readonly string[];
  readonly module: string;
  readonly fields: readonly string[];
}

/** Returns what a reference points to, by its field or the fields of a reference by value. */
function targetOf(
  mapping: Mapping,
  { mapping: module }: CompiledModule,
  name: string,
): Target | null {
  const field = Object.hasOwn(module.fields, name) ? module.fields[name] : undefined;
  if (field !== undefined && isReference(field)) {
    const { orderFields } = compileModule(mapping, field.reference);
    return { from: [name], module: field.reference, fields: orderFields };
  }
  const value = module.references?.find(({ fields }) => fields.join('+') === name);
  return value === undefined
    ? null
    : { from: value.fields, module: value.module, fields: value.to };
}

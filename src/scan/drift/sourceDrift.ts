/**
 * What of the sources is not as it was sealed: their schemas, and how many rows their base tables
 * have. The seal holds a digest of each schema, so what changed in it is told as far as the sealed
 * mapping knew it: it names every table, and every column of the tables that it maps.
 */

import { hash } from 'node:crypto';

import { compileModule } from '../../mapping/compile/module.ts';
import { DEFAULT_SOURCE, type Mapping } from '../../mapping/model.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { severityOf } from '../../mapping/severity.ts';
import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import type { Finding } from '../../outcome/finding.ts';
import { canonicalJson } from '../../record/canonical.ts';
import { RUN_FILE, type SealedSource } from '../../seal/format.ts';
import type {
  OtherObject,
  PreparedSource,
  SourceSchema,
  TableSchema,
} from '../../source/source.ts';
import { driftFinding } from './driftFinding.ts';

/** A source as it is now. */
export interface CurrentSource {
  readonly name: string;
  readonly scheme: string;
  readonly prepared: Pick<PreparedSource, 'schema' | 'count'>;
}

/**
 * Findings `drift`: of each sealed source its kind, its schema, then its tables by name; `accounting`
 * where the seal does not count a table of the very schema that it holds.
 */
export async function* checkSourceDrift(
  sealed: readonly SealedSource[],
  mapping: Mapping,
  sources: readonly CurrentSource[],
): AsyncGenerator<Finding> {
  for (const before of sealed) {
    const now = sources.find(({ name }) => name === before.name);
    const name = quoteName(before.name);
    if (now === undefined) {
      yield driftFinding(mapping, `source ${name} is not there any more`);
      continue;
    }
    if (now.scheme !== before.scheme) {
      yield driftFinding(
        mapping,
        `source ${name} was of kind ${before.scheme}, it is ${now.scheme} now`,
      );
    }
    yield* schemaDrift(before, mapping, now.prepared.schema);
    yield* countDrift(before, mapping, now.prepared);
  }
}

function* schemaDrift(
  { name, schema, tables }: SealedSource,
  mapping: Mapping,
  now: SourceSchema,
): Generator<Finding> {
  const sealed = new Set(tables.map(({ table }) => table));
  // Of views, the mapping says which it was made from.
  const before = new Set([...sealed, ...readOf(mapping, name)]);
  const others = (now.others ?? []).filter(({ partOf }) => partOf === null);
  const present: readonly Present[] = [...now.tables, ...others];
  if (hash('sha256', canonicalJson(now), 'hex') === schema) {
    for (const { name: table, kind } of present) {
      if (!(kind === 'view' ? before : sealed).has(table)) yield uncounted(mapping, table);
    }
    return;
  }
  let told = false;
  const tell = (reason: string, module?: string): Finding => {
    told = true;
    return driftFinding(mapping, reason, { module });
  };
  for (const table of before) {
    if (isThere(now, table)) continue;
    yield tell(`table ${quoteName(table)} is not there any more`, moduleOf(mapping, name, table));
  }
  for (const table of present) {
    const label = `${table.kind === 'file' ? 'table' : table.kind} ${quoteName(table.name)}`;
    if (!before.has(table.name)) {
      yield tell(`${label} was not there`);
      continue;
    }
    if (!('columns' in table)) continue;
    const columns = columnDrift(mapping, name, table);
    const module = moduleOf(mapping, name, table.name);
    for (const column of columns.gone) {
      yield tell(`${label} has no column ${quoteName(column)} any more`, module);
    }
    for (const column of columns.added) {
      yield tell(`${label} had no column ${quoteName(column)}`, module);
    }
  }
  if (told) return;
  const what = 'types, keys or indexes, not which tables and columns there are';
  yield driftFinding(mapping, `the schema of source ${quoteName(name)} changed: ${what}`);
}

type Present = TableSchema | OtherObject;

function isThere({ tables, others = [] }: SourceSchema, table: string): boolean {
  return tables.some(({ name }) => name === table) || others.some(({ name }) => name === table);
}

/** What modules of the mapping read by name of a source. */
function readOf({ modules }: Mapping, source: string): string[] {
  const of = modules.filter((module) => (module.source.name ?? DEFAULT_SOURCE) === source);
  return of.flatMap((module) => ('table' in module.source ? [module.source.table] : []));
}

/** The seal knows the schema, and so the table, but not its rows: it contradicts itself. */
function uncounted(mapping: Mapping, table: string): Finding {
  const severity = severityOf(mapping.project, 'accounting', '');
  const reason = `table ${quoteName(table)} was sealed, but its rows were not counted`;
  return { rule: 'accounting', severity, file: RUN_FILE, reason };
}

/** Columns of a table that the sealed mapping knew and that are gone, and those that it did not. */
function columnDrift(
  mapping: Mapping,
  source: string,
  { name, columns, unreadable = [] }: TableSchema,
): { readonly gone: readonly string[]; readonly added: readonly string[] } {
  const now = new Set([...columns, ...unreadable].map((column) => column.name));
  const before = new Set<string>();
  for (const module of readersOf(mapping, source, name)) {
    for (const column of compileModule(mapping, module.module).columns) before.add(column);
    for (const column of Object.keys(module.dropped ?? {})) before.add(column);
  }
  // A table that is dropped, or that only queries read, is known by its name alone.
  if (before.size === 0) return { gone: [], added: [] };
  return {
    gone: [...before].filter((column) => !now.has(column)).sort(),
    added: [...now].filter((column) => !before.has(column)).sort(),
  };
}

/** Modules that read this very table, not through a query or a view. */
function readersOf({ modules }: Mapping, source: string, table: string): Mapping['modules'] {
  return modules.filter(
    ({ source: of }) =>
      'table' in of && of.table === table && (of.name ?? DEFAULT_SOURCE) === source,
  );
}

/** The one module that a table belongs to, if there is one. */
function moduleOf(mapping: Mapping, source: string, table: string): string | undefined {
  const readers = mapping.modules.filter(({ source: of }) => {
    const reads = ('table' in of && of.table === table) || of.base?.table === table;
    return reads && (of.name ?? DEFAULT_SOURCE) === source;
  });
  return readers.length === 1 ? readers[0]?.module : undefined;
}

/** Tables that were there and are there, and have another number of rows. */
async function* countDrift(
  { name, tables }: SealedSource,
  mapping: Mapping,
  prepared: CurrentSource['prepared'],
): AsyncGenerator<Finding> {
  const present = new Set(prepared.schema.tables.map((table) => table.name));
  for (const { table, rows } of tables) {
    if (rows === null || !present.has(table)) continue;
    const unread = isUnread(mapping, name, table);
    const now = await countOf(prepared, table, unread);
    if (now === rows) continue;
    const has = now === null ? 'they cannot be counted now' : `it has ${now} now`;
    const reason = `table ${quoteName(table)} had ${counted(rows, 'row')}, ${has}`;
    const module = moduleOf(mapping, name, table);
    const weight = unread ? ({ severity: 'INFO' } as const) : {};
    yield driftFinding(mapping, reason, { module, ...weight });
  }
}

/** Null also where a table that no module reads cannot be counted. */
async function countOf(
  prepared: CurrentSource['prepared'],
  table: string,
  unread: boolean,
): Promise<number | null> {
  try {
    return await prepared.count(table);
  } catch (error) {
    if (unread && error instanceof Failure) return null;
    throw error;
  }
}

/** No module reads it: dropped on purpose, and no query could see it either. */
function isUnread({ modules }: Mapping, source: string, table: string): boolean {
  return modules.every(({ source: of }) => {
    if ((of.name ?? DEFAULT_SOURCE) !== source) return true;
    return 'table' in of && of.table !== table && of.base === undefined;
  });
}

/**
 * Compares the sources with their sealed state: their schemas, and the numbers of rows of their
 * base tables. The seal has only a digest of each schema, so changes are reported as far as the
 * sealed mapping shows them: it names every table, and every column of the tables that it maps.
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

/** The present state of a source. */
export interface CurrentSource {
  readonly name: string;
  readonly scheme: string;
  readonly prepared: Pick<PreparedSource, 'schema' | 'count'>;
}

/**
 * Yields findings `drift` for each sealed source: its kind, its schema, then its tables in sealed
 * order. Yields `accounting` for a table that is in the sealed schema but was not counted.
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
      yield driftFinding(mapping, `source ${name} no longer exists`);
      continue;
    }
    if (now.scheme !== before.scheme) {
      yield driftFinding(
        mapping,
        `source ${name} was of kind ${before.scheme} and is ${now.scheme} now`,
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
  // The seal does not list views; the mapping names those that it reads.
  const before = new Set([...sealed, ...readOf(mapping, name)]);
  const others = (now.others ?? []).filter(({ partOf }) => partOf === null);
  const present: readonly Present[] = [...now.tables, ...others];
  if (hash('sha256', canonicalJson(now), 'hex') === schema) {
    for (const { name: table, kind } of present) {
      if (!(kind === 'view' ? before : sealed).has(table)) yield uncounted(mapping, table);
    }
    return;
  }
  let reported = false;
  const report = (reason: string, module?: string): Finding => {
    reported = true;
    return driftFinding(mapping, reason, { module });
  };
  for (const table of before) {
    if (exists(now, table)) continue;
    yield report(`table ${quoteName(table)} no longer exists`, moduleOf(mapping, name, table));
  }
  for (const table of present) {
    const label = `${table.kind === 'file' ? 'table' : table.kind} ${quoteName(table.name)}`;
    if (!before.has(table.name)) {
      yield report(`${label} is new`);
      continue;
    }
    if (!('columns' in table)) continue;
    const columns = columnDrift(mapping, name, table);
    const module = moduleOf(mapping, name, table.name);
    for (const column of columns.gone) {
      yield report(`${label} no longer has column ${quoteName(column)}`, module);
    }
    for (const column of columns.added) {
      yield report(`${label} has a new column ${quoteName(column)}`, module);
    }
  }
  if (reported) return;
  const what = 'types, keys or indexes, but no tables or columns';
  yield driftFinding(mapping, `the schema of source ${quoteName(name)} changed: ${what}`);
}

type Present = TableSchema | OtherObject;

function exists({ tables, others = [] }: SourceSchema, table: string): boolean {
  return tables.some(({ name }) => name === table) || others.some(({ name }) => name === table);
}

/** Returns the tables and views of a source that modules read by name. */
function readOf({ modules }: Mapping, source: string): string[] {
  const of = modules.filter((module) => (module.source.name ?? DEFAULT_SOURCE) === source);
  return of.flatMap((module) => ('table' in module.source ? [module.source.table] : []));
}

/** Reports a contradiction in the seal: a table of its schema without a number of rows. */
function uncounted(mapping: Mapping, table: string): Finding {
  const severity = severityOf(mapping.project, 'accounting', '');
  const reason = `table ${quoteName(table)} was sealed, but its rows were not counted`;
  return { rule: 'accounting', severity, file: RUN_FILE, reason };
}

/** Returns columns that the sealed mapping names and that are gone, and those it does not name. */
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
  // The mapping names no columns of a table that is dropped or read only by queries.
  if (before.size === 0) return { gone: [], added: [] };
  return {
    gone: [...before].filter((column) => !now.has(column)).sort(),
    added: [...now].filter((column) => !before.has(column)).sort(),
  };
}

/** Returns the modules that read this table itself, not through a query or a view. */
function readersOf({ modules }: Mapping, source: string, table: string): Mapping['modules'] {
  return modules.filter(
    ({ source: of }) =>
      'table' in of && of.table === table && (of.name ?? DEFAULT_SOURCE) === source,
  );
}

/** Returns the module that reads a table, if it is the only one. */
function moduleOf(mapping: Mapping, source: string, table: string): string | undefined {
  const readers = mapping.modules.filter(({ source: of }) => {
    const reads = ('table' in of && of.table === table) || of.base?.table === table;
    return reads && (of.name ?? DEFAULT_SOURCE) === source;
  });
  return readers.length === 1 ? readers[0]?.module : undefined;
}

/** Yields findings for tables that still exist and have a different number of rows. */
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
    const has = now === null ? 'cannot be counted now' : `has ${now} now`;
    const reason = `table ${quoteName(table)} had ${counted(rows, 'row')} and ${has}`;
    const module = moduleOf(mapping, name, table);
    const weight = unread ? ({ severity: 'INFO' } as const) : {};
    yield driftFinding(mapping, reason, { module, ...weight });
  }
}

/** Counts a table; null also if a table that no module reads cannot be counted. */
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

/** Whether no module reads the table: it is dropped, and no query can read it. */
function isUnread({ modules }: Mapping, source: string, table: string): boolean {
  return modules.every(({ source: of }) => {
    if ((of.name ?? DEFAULT_SOURCE) !== source) return true;
    return 'table' in of && of.table !== table && of.base === undefined;
  });
}

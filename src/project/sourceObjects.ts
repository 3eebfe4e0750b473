/** Accounts for every object of the sources: finds unknown ones, and counts rows. */

import { unaccounted } from '../mapping/check/objects.ts';
import { DEFAULT_SOURCE, type Mapping } from '../mapping/model.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { severityOf } from '../mapping/severity.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import type { PreparedSource } from '../source/source.ts';
import type { NamedSource } from './sources.ts';

/** Returns findings `accounting` for objects in the sources' catalogues that the mapping omits. */
export function objectFindings(mapping: Mapping, sources: readonly NamedSource[]): Finding[] {
  const severity = severityOf(mapping.project, 'accounting', '');
  return sources.flatMap(({ name, prepared }) =>
    unaccounted(mapping, name, prepared.objects ?? []).map((object): Finding => {
      const what = `${object.kind} ${quoteName(object.name)} of source ${quoteName(name)}`;
      const reason = `${what} is neither migrated nor dropped, nor part of another object`;
      return { rule: 'accounting', severity, reason };
    }),
  );
}

/** Returns the same, without objects in the schema, whose differences are reported as drift. */
export function unlistedFindings(mapping: Mapping, sources: readonly NamedSource[]): Finding[] {
  const unlisted = sources.map((source) => {
    const { tables, others = [] } = source.prepared.schema;
    const listed = new Set([...tables, ...others].map(({ name }) => name));
    const objects = source.prepared.objects?.filter(({ name }) => !listed.has(name)) ?? [];
    return { ...source, prepared: { ...source.prepared, objects } };
  });
  return objectFindings(mapping, unlisted);
}

/** Rejects a candidate that omits an object. @throws Failure SOURCE_SCHEMA */
export function assertObjects(findings: readonly Finding[]): void {
  const [first] = findings;
  if (first === undefined) return;
  throw new Failure('SOURCE_SCHEMA', {
    what: `${first.reason}; nothing was published`,
    where: 'storage_reports/latest-migrate/findings.ndjson',
    hint: 'add a module for it, or list it with a reason under "dropped" in mapping/project.json',
  });
}

/** What a person should know of how the sources were read. */
export function sourceNotes(sources: readonly NamedSource[]): string[] {
  return sources.flatMap(({ name, prepared }) =>
    (prepared.notes ?? []).map((note) => `source ${quoteName(name)}: ${note}`),
  );
}

/** Numbers of rows of the objects that a mapping accounts for; null if not counted. */
export interface CountedObjects {
  readonly tables: readonly { readonly table: string; readonly rows: number | null }[];
  readonly notes: readonly string[];
}

/** Counts every table; of the dropped ones, those that can be counted. */
export async function countObjects(
  name: string,
  prepared: PreparedSource,
  mapping: Mapping,
): Promise<CountedObjects> {
  const dropped = new Set<string>();
  for (const { source, table } of mapping.project.dropped ?? []) {
    if ((source ?? DEFAULT_SOURCE) === name) dropped.add(table);
  }
  const tables: { table: string; rows: number | null }[] = [];
  const notes: string[] = [];
  const uncounted = (kind: string, table: string, why: string): void => {
    tables.push({ table, rows: null });
    notes.push(
      `the rows of ${kind} ${quoteName(table)}, which is dropped, were not counted: ${why}`,
    );
  };
  const { schema } = prepared;
  for (const { name: table, kind, derived } of schema.tables) {
    if (kind === 'view' || (derived !== undefined && dropped.has(table))) {
      if (dropped.has(table)) tables.push({ table, rows: null });
      continue;
    }
    try {
      tables.push({ table, rows: await prepared.count(table) });
    } catch (error) {
      if (!(error instanceof Failure) || !dropped.has(table)) throw error;
      uncounted('table', table, error.message);
    }
  }
  for (const { name: table, kind, why } of schema.others ?? []) {
    if (!dropped.has(table)) continue;
    if (kind === 'view') tables.push({ table, rows: null });
    else uncounted(kind, table, why);
  }
  return { tables, notes };
}

/** Checks of the SQL over sources: each source says itself which SQL it has, if it has any. */

import { quoteName } from '../../outcome/quoteName.ts';
import type { SqlDialect } from '../../sql/sqlDialect.ts';
import { DEFAULT_SOURCE } from '../model.ts';
import { mappingFailure, moduleFile, type LocatedMapping } from '../place.ts';

/**
 * Refuses the first query that its source cannot run. `dialects` are by name of the source; null is a
 * source without SQL.
 * @throws Failure MAPPING
 */
export function checkQueries(
  mapping: LocatedMapping,
  dialects: ReadonlyMap<string, SqlDialect | null>,
): void {
  for (const { module, source } of mapping.modules) {
    if (!('sql' in source)) continue;
    const { name = DEFAULT_SOURCE } = source;
    const place = { file: moduleFile(module), pointer: '/source/sql' };
    const dialect = dialects.get(name) ?? null;
    if (dialect === null) {
      const what = `source ${quoteName(name)} has no SQL, so it cannot run that of module "${module}"`;
      const hint = 'map its tables, or put them into a SQLite database first';
      throw mappingFailure(mapping, place, what, hint);
    }
    const read = dialect.readQuery(source.sql);
    if (!('refused' in read)) continue;
    const what = `the SQL of module "${module}" cannot be run, as ${read.refused}`;
    const hint = 'write one SELECT of the functions in docs/mapping.md';
    throw mappingFailure(mapping, place, what, hint);
  }
}

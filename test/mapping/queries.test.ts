/** SQL of a mapping, against the dialect of its source. */

import { describe, expect, it } from 'vitest';
import { checkQueries } from '../../src/mapping/check/queries.ts';
import type { Mapping, ModuleMapping } from '../../src/mapping/model.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { SQLITE_DIALECT } from '../../src/sql/allowed.ts';
import type { SqlDialect } from '../../src/sql/sqlDialect.ts';

/** Takes what SQLite's dialect does not. */
const OTHER: SqlDialect = {
  readQuery: (sql) =>
    sql.includes('::')
      ? { query: sql, names: new Set(), readsAll: false, hasParameter: false }
      : { refused: 'it has no cast' },
};

const base = { table: 'dogs', key: { nr: 'nr' } };

function said(source: ModuleMapping['source'], dialect: SqlDialect | null): string {
  const module = { module: 'dogs', source } as ModuleMapping;
  const mapping = { modules: [module], project: { sources: {} } } as unknown as Mapping;
  try {
    checkQueries(mapping, new Map([['main', dialect]]));
    return 'taken';
  } catch (error) {
    return error instanceof Failure ? `${error.code} ${error.line()}` : String(error);
  }
}

describe('a query of a mapping', () => {
  it('is read by the dialect of its source', () => {
    expect(said({ sql: 'SELECT nr FROM dogs', base }, SQLITE_DIALECT)).toBe('taken');
    expect(said({ sql: 'SELECT nr::int FROM dogs', base }, OTHER)).toBe('taken');
    expect(said({ sql: 'SELECT nr::int FROM dogs', base }, SQLITE_DIALECT)).toMatch(
      /^MAPPING the SQL of module "dogs" cannot be run, as it .* \(mapping\/modules\/dogs\.json\)/,
    );
    expect(said({ sql: 'SELECT nr FROM dogs', base }, OTHER)).toContain('as it has no cast');
  });

  it('is refused where its source has no SQL, which tables are not', () => {
    expect(said({ sql: 'SELECT nr FROM dogs', base }, null)).toBe(
      'MAPPING source "main" has no SQL, so it cannot run that of module "dogs" ' +
        '(mapping/modules/dogs.json): map its tables, or put them into a SQLite database first',
    );
    expect(said({ table: 'dogs' }, null)).toBe('taken');
  });
});

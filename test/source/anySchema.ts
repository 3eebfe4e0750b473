/** Schemas of objects of every kind under names of every kind, for properties that hold for any schema. */

import Database from 'better-sqlite3';
import * as fc from 'fast-check';

const NAME = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'a"b',
    "a'b",
    'a\nb',
    'a_content',
    'a_data',
    'a',
    'ä',
    'Sqlite',
    '[x]',
    '`',
    '😀',
    'rowid',
    'a;b--',
    '/*',
    '\u202E',
    'a%s',
  ),
  fc
    .string({ minLength: 1, maxLength: 6, unit: 'grapheme' })
    .filter((name) => !name.includes('\0')),
);
const KINDS = {
  table: (name: string, column: string) => `CREATE TABLE ${name} (${column})`,
  keyed: (name: string, column: string) =>
    `CREATE TABLE ${name} (${column} PRIMARY KEY) WITHOUT ROWID`,
  view: (name: string, column: string) => `CREATE VIEW ${name} AS SELECT 1 AS ${column}`,
  broken: (name: string, column: string) => `CREATE VIEW ${name} AS SELECT ${column} FROM nowhere`,
  fts5: (name: string) => `CREATE VIRTUAL TABLE ${name} USING fts5 (x)`,
  fts4: (name: string) => `CREATE VIRTUAL TABLE ${name} USING fts4 (x)`,
  outside: (name: string) => `CREATE VIRTUAL TABLE ${name} USING fts5 (x, content='a')`,
  rtree: (name: string) => `CREATE VIRTUAL TABLE ${name} USING rtree (id, a, b)`,
  trigger: (name: string) => `CREATE TRIGGER ${name} AFTER INSERT ON base BEGIN SELECT 1; END`,
  index: (name: string) => `CREATE INDEX ${name} ON base (x)`,
} as const;

type Kind = keyof typeof KINDS;
type Statement = readonly [kind: Kind, name: string, column: string];

export const anySchema: fc.Arbitrary<Statement[]> = fc.array(
  fc.tuple(fc.constantFrom(...(Object.keys(KINDS) as Kind[])), NAME, NAME),
  { minLength: 1, maxLength: 12 },
);

/** Makes what can be made of it, beside a table `base` of one row. */
export function applySchema(db: Database.Database, statements: readonly Statement[]): void {
  db.exec('CREATE TABLE base (x); INSERT INTO base VALUES (1)');
  for (const [kind, name, column] of statements) {
    try {
      db.exec(KINDS[kind](quoted(name), quoted(column)));
    } catch (error) {
      // A name that is taken, or that a module does not take.
      if (!(error instanceof Database.SqliteError)) throw error;
    }
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

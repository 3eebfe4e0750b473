import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mappingFiles } from '../../src/init/mappingFiles.ts';
import { inFolder, propose, rejections, withDatabase } from './database.ts';

const NAMES = ['id', 'a', 'A2', '10', '__proto__', '~', 'recordId', 'Größe', 'we ird"t'];
const DECLARED = [
  '',
  'INTEGER',
  'INT NOT NULL DEFAULT 0',
  'TEXT',
  'VARCHAR(3)',
  'REAL',
  'NUMERIC',
  'DECIMAL(6,2)',
  'BOOLEAN',
  'DATE',
  'DATETIME',
  'UUID',
  'JSON',
  'BLOB',
];

/** As SQL literals, so that each is stored just as written. */
const LITERAL = fc.oneof(
  fc.constantFrom('NULL', '0', '1', '-1', '1.5', '0.125', '1e999', '-0.0', '9223372036854775807'),
  fc.constantFrom('9007199254740993', '1e300', "''", "'1'", "'1.50'", "'text'", "'TEXT'"),
  fc.constantFrom(
    "'2024-02-29'",
    "'2024-02-30'",
    "'2024-01-01 10:00:00'",
    "'2024-01-01T10:00:00Z'",
  ),
  fc.constantFrom("'2024-01-01T10:00:00.5Z'", "'0f0e0d0c-0b0a-4908-8706-050403020100'"),
  fc.constantFrom('\'{"b":1,"a":[]}\'', "x'00ff'", "x''", 'zeroblob(2000)', "CAST(x'ff' AS TEXT)"),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toExponential()),
  fc.string({ unit: 'grapheme' }).map((text) => `'${text.replaceAll(/['\0]/g, '')}'`),
);

const COLUMN = fc.record({
  declared: fc.constantFrom(...DECLARED),
  values: fc.array(LITERAL, { minLength: 6, maxLength: 6 }),
});

const TABLE = fc.record({
  columns: fc.array(COLUMN, { minLength: 1, maxLength: 4 }),
  names: fc.shuffledSubarray(NAMES, { minLength: 4, maxLength: 4 }),
  rows: fc.integer({ min: 0, max: 6 }),
  key: fc.constantFrom(0, 0, 1, 2),
  unique: fc.boolean(),
  parent: fc.nat(2),
  foreign: fc.constantFrom(0, 1, 2),
});
type Table = typeof TABLE extends fc.Arbitrary<infer T> ? T : never;

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function columnNames({ columns, names }: Table): string[] {
  return names.slice(0, columns.length);
}

function createTable(table: Table, index: number, tables: readonly Table[]): string {
  const names = columnNames(table);
  const parts = table.columns.map((column, at) => `${quote(names[at] ?? '')} ${column.declared}`);
  if (table.key > 0) {
    parts.push(`PRIMARY KEY (${names.slice(0, table.key).map(quote).join(', ')})`);
  }
  if (table.unique) parts.push(`UNIQUE (${quote(names.at(-1) ?? '')})`);
  const parent = tables[table.parent];
  if (parent !== undefined && table.foreign > 0) {
    const from = names.slice(0, table.foreign);
    const to = columnNames(parent).slice(0, from.length);
    const columns = from.slice(0, to.length).map(quote).join(', ');
    parts.push(
      `FOREIGN KEY (${columns}) REFERENCES t${table.parent} (${to.map(quote).join(', ')})`,
    );
  }
  return `CREATE TABLE t${index} (${parts.join(', ')})`;
}

function fill(path: string, tables: readonly Table[]): void {
  const db = new Database(path);
  db.pragma('foreign_keys = OFF');
  for (const [index, table] of tables.entries()) {
    db.exec(createTable(table, index, tables));
    for (let row = 0; row < table.rows; row += 1) {
      const values = table.columns.map((column) => column.values[row] ?? 'NULL');
      try {
        db.exec(`INSERT INTO t${index} VALUES (${values.join(', ')})`);
      } catch (error) {
        // Rows that break a constraint are not what this is about.
        if (!/CONSTRAINT|MISMATCH/.test((error as { code: string }).code)) throw error;
      }
    }
  }
  db.close();
}

describe('a proposal for any database', () => {
  it('uses every column, is a valid mapping, and rejects no row', async () => {
    let rows = 0;
    let references = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(TABLE, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('keep' as const, 'uuid' as const),
        async (tables, ids) => {
          await inFolder(async (folder) => {
            const path = join(folder, 'legacy.db');
            fill(path, tables);
            await withDatabase(path, async (opened) => {
              const proposal = await propose(opened, ids);
              expect(await rejections(opened, proposal)).toEqual([]);
              expect(mappingFiles(await propose(opened, ids))).toEqual(mappingFiles(proposal));
              for (const { module, references: byValue = [], fields } of proposal.modules) {
                rows += await opened.source.count(module);
                references += byValue.length;
                references += Object.values(fields).filter((field) => 'columns' in field).length;
              }
            });
          });
        },
      ),
      { numRuns: 60 },
    );
    expect(rows).toBeGreaterThan(100);
    expect(references).toBeGreaterThan(5);
  });
});

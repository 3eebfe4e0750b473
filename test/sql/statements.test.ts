/** Statements of a text of SQL: split as psql and the shell of SQLite split them. */

import { array, assert as holds, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  refusedInTransaction,
  statementsOf,
  type StatementDialect,
} from '../../src/sql/statements.ts';

const split = (sql: string, dialect: StatementDialect = 'postgresql'): string[] =>
  statementsOf(sql, dialect).map(({ text, line }) => `${line} ${text}`);

function refusals(sql: string, dialect: StatementDialect = 'postgresql'): (string | null)[] {
  return statementsOf(sql, dialect).map((one) => refusedInTransaction(one, dialect));
}

describe('statements', () => {
  it('end with a semicolon, and begin in the line of their first word', () => {
    expect(split('-- a; b\n\nSELECT 1;\n/* ; /* ; */ */ SELECT\n2 ;; \n')).toEqual([
      '3 SELECT 1',
      '4 SELECT\n2 ',
    ]);
  });

  it.each([
    ["SELECT 'a;''b'"],
    ['SELECT "a;""b"'],
    [String.raw`SELECT E'a\';b'`],
    [String.raw`SELECT E'a\\'` + '\n' + String.raw`'\';'`],
    ["SELECT U&'a;b'"],
    ['DO $$ BEGIN; COMMIT; END $$'],
    ['DO $a$ $$ ; $b$ $a$'],
    [
      'CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); INSERT INTO u VALUES (2))',
    ],
    [
      'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END',
    ],
    ['CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END'],
    ['SELECT 1 -- ;'],
  ])('of PostgreSQL: %s is one', (sql) => {
    expect(split(`${sql}\n;SELECT 2`)).toHaveLength(2);
  });

  it.each([
    ["SELECT 'a;''b', \"c;\", [d;e], `f;`, x'00'"],
    ['CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM b; END'],
    ['CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END'],
    ['SELECT 1 /* ; */'],
  ])('of SQLite: %s is one', (sql) => {
    expect(split(`${sql};SELECT 2`, 'sqlite')).toHaveLength(2);
  });

  it('hold all of the text, whatever it is, in linear time', () => {
    const part = constantFrom(
      "'",
      '"',
      '$$',
      '$a$',
      ';',
      'begin',
      ' ',
      '\n',
      "e'",
      '\\',
      '/*',
      '*/',
      '(',
    );
    holds(
      property(array(part, { maxLength: 40 }), (parts) => {
        for (const dialect of ['postgresql', 'sqlite'] as const) {
          const sql = parts.join('');
          for (const { text, line } of statementsOf(sql, dialect)) {
            expect(sql).toContain(text);
            expect(line).toBeLessThanOrEqual(sql.split('\n').length);
          }
        }
      }),
    );
    expect(split(`SELECT '${"''a".repeat(500_000)}'; SELECT 1`)).toHaveLength(2);
    expect(split(`SELECT E'${String.raw`\'`.repeat(500_000)}'; SELECT 1`)).toHaveLength(2);
  });
});

describe('what cannot run in a transaction of another', () => {
  it.each([
    ['BEGIN'],
    ['start transaction'],
    ['/* x */ Commit'],
    ['END'],
    ['ABORT'],
    ['ROLLBACK'],
    ['ROLLBACK AND CHAIN'],
    [`PREPARE TRANSACTION 'x'`],
    [`COMMIT PREPARED 'x'`],
    ['COPY t FROM STDIN'],
    ['COPY t (a) TO STDOUT WITH (FORMAT csv)'],
    [String.raw`\i other.sql`],
    [String.raw`SELECT 1 \gset`],
  ])('%s', (sql) => {
    expect(refusals(sql)).toEqual([expect.any(String)]);
  });

  it('of SQLite', () => {
    expect(refusals('BEGIN; COMMIT; PRAGMA foreign_keys = OFF', 'sqlite')).toEqual([
      expect.any(String),
      expect.any(String),
      expect.any(String),
    ]);
  });

  it('is not what only reads like it (negative control)', () => {
    const sql = [
      'SAVEPOINT a',
      'ROLLBACK TO a',
      'ROLLBACK TRANSACTION TO SAVEPOINT a',
      'RELEASE a',
      `DO $$ BEGIN PERFORM 1; END $$`,
      `SELECT 'BEGIN', '\\i'`,
      'CREATE TABLE begin (a int)',
      `COPY t FROM '/a/file'`,
      'PREPARE q AS SELECT 1',
    ].join(';\n');
    expect(refusals(sql)).toEqual(Array.from({ length: 9 }, () => null));
    expect(refusals('PRAGMA user_version = 3', 'sqlite')).toEqual([null]);
  });
});

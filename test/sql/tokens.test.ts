/** The tokens of SQL: cut as SQLite cuts them, and the same again when they are written. */

import Database from 'better-sqlite3';
import { array, assert as holds, constantFrom, pre, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { closings, sqlText, sqlTokens } from '../../src/sql/tokens.ts';

const kinds = (sql: string): string[] => sqlTokens(sql).map(({ kind, text }) => `${kind} ${text}`);

const PIECE = constantFrom(
  ...`SELECT x a.b "q""q" [br] \`t\` 'it''s' 12 1.5e3 .5 0xff , ( ) . * - -- /* */ ; < = > || -> ->> :p ? @a
  \uFEFF é $ # ! x'00' x'0`.split(/\s+/),
  ' ',
  '\n',
  "'",
  '"',
);
const SQL = array(PIECE, { maxLength: 40 }).map((pieces) => pieces.join(''));

describe('the tokens of SQL', () => {
  it('are names, texts, numbers and signs, without comments', () => {
    expect(kinds('SELECT a."b""c", [d e]-- off\n FROM/* off */t WHERE x=\'it\'\'s\';')).toEqual([
      'name SELECT',
      'name a',
      'sign .',
      'quoted b"c',
      'sign ,',
      'quoted d e',
      'name FROM',
      'name t',
      'name WHERE',
      'name x',
      'sign =',
      "string it's",
      'sign ;',
    ]);
  });

  it('are the same when they are written and cut again', () => {
    holds(
      property(SQL, (sql) => {
        const known = sqlTokens(sql);
        // What is unknown is refused, and never written.
        pre(known.every(({ kind }) => kind !== 'unknown'));
        const again = sqlTokens(sqlText(known));
        expect(again.map(({ kind, text }) => [kind, text])).toEqual(
          known.map(({ kind, text }) => [kind, text]),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('keep the names of results as they were written', () => {
    const db = new Database(':memory:');
    const columnsOf = (sql: string): string[] =>
      db
        .prepare(sql)
        .columns()
        .map(({ name }) => name);
    for (const sql of ['SELECT count(*), 1+1, abs( 2 )', 'SELECT max(1,2), "abs"(1) AS x']) {
      expect(columnsOf(sqlText(sqlTokens(sql)))).toEqual(columnsOf(sql));
    }
  });

  it('say where a parenthesis is closed', () => {
    expect([...closings(sqlTokens('(a(b)c)d'))]).toEqual([
      [0, 6],
      [2, 4],
    ]);
    expect(closings(sqlTokens(')(a(b)c')).get(1)).toBe(7);
  });
});

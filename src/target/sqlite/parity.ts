/**
 * Compares what applications have made in the file that is live with what is in another: tables, indexes,
 * views, triggers, and the numbers in the header that are theirs. What the load makes follows from the mapping,
 * and is not compared.
 */

import type Database from 'better-sqlite3';

import { quote } from '../../sql/quote.ts';
import { sqlTokens } from '../../sql/tokens.ts';
import type { Missing, Parity } from '../parity.ts';
import { reading, sealedTables } from './loadedFile.ts';
import { LEDGER } from './tables.ts';

/** In the order in which they are made. */
const KINDS = ['table', 'index', 'view', 'trigger'] as const;
type Kind = (typeof KINDS)[number];

interface Made {
  readonly kind: Kind;
  readonly name: string;
  /** What it is of; a table or view itself. */
  readonly of: string;
  readonly sql: string;
}

/** Numbers that SQLite keeps for applications. */
const SETTINGS = ['user_version', 'application_id'] as const;

interface Content {
  /** Without those of the load. */
  readonly made: readonly Made[];
  /** Names of all tables and views, in lower case. */
  readonly tables: ReadonlySet<string>;
  readonly settings: ReadonlyMap<string, number>;
}

/** Compares what is live with what would be. @throws Failure TARGET or BUSY */
export function parityOf(live: string, fresh: string, lockMs: number): Parity {
  const [here, there] = [live, fresh].map((file) => reading(file, lockMs, contentOf)) as [
    Content,
    Content,
  ];
  const objects = missingObjects(here, there);
  const settings = missingSettings(here, there);
  const count = ({ made }: Content, kind: Kind): number =>
    made.filter((one) => one.kind === kind).length;
  const kinds = KINDS.map((kind) => {
    const missing = objects.filter((one) => one.kind === kind).length;
    return { kind, live: count(here, kind), fresh: count(there, kind), missing };
  });
  const set = ({ settings }: Content): number =>
    [...settings.values()].filter((value) => value !== 0).length;
  const numbers = { kind: 'setting', live: set(here), fresh: set(there) };
  return {
    kinds: [...kinds, { ...numbers, missing: settings.length }],
    missing: [...objects, ...settings],
  };
}

const OBJECTS = `SELECT type AS kind, name, tbl_name AS "of", sql FROM sqlite_master
  WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '${LEDGER}'
    AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow')
  ORDER BY rowid`;

function contentOf(db: Database.Database): Content {
  const all = db.prepare<[], Made>(OBJECTS).all();
  const sealed = sealedTables(db);
  const ofLoad = ({ kind, name, of }: Made): boolean =>
    (kind === 'table' && sealed.has(name)) ||
    (kind === 'index' && sealed.has(of) && name === nameOfUnique(db, name, of));
  const tables = all.filter(({ kind }) => kind === 'table' || kind === 'view');
  return {
    made: all.filter((one) => !ofLoad(one)),
    tables: new Set(tables.map(({ name }) => name.toLowerCase())),
    settings: new Map(
      SETTINGS.map((name) => [name, Number(db.pragma(name, { simple: true }))] as const),
    ),
  };
}

/** The name that a load would give to the unique set of an index. */
function nameOfUnique(db: Database.Database, index: string, table: string): string {
  const columns = db
    .prepare<[string], string | null>('SELECT name FROM pragma_index_info(?) ORDER BY seqno')
    .pluck()
    .all(index);
  return [table, ...columns, 'key'].join('_');
}

function keyOf({ kind, name }: Made): string {
  return `${kind} ${name.toLowerCase()}`;
}

function missingObjects(live: Content, fresh: Content): Missing[] {
  const there = new Map(fresh.made.map((one) => [keyOf(one), one]));
  const made = new Set(
    live.made.filter(({ kind }) => kind === 'table' || kind === 'view').map(({ name }) => name),
  );
  const has = (table: string): boolean => made.has(table) || fresh.tables.has(table.toLowerCase());
  const missing = live.made.flatMap((one): Missing[] => {
    const other = there.get(keyOf(one));
    if (other === undefined) {
      // A table of the load has its name already, whatever its columns.
      const isThere = one.kind === 'table' && fresh.tables.has(one.name.toLowerCase());
      return isThere ? [] : [missingOf(one, 'missing', has(one.of))];
    }
    return isSame(one, other) ? [] : [missingOf(one, 'different', has(one.of))];
  });
  return KINDS.flatMap((kind) => missing.filter((one) => one.kind === kind));
}

function missingOf(one: Made, state: Missing['state'], isTableThere: boolean): Missing {
  const { kind, name, of, sql } = one;
  const what = of === name ? quote(name) : `${quote(name)} on ${quote(of)}`;
  const byHand = (how: string): Missing => ({ kind, what, state, sql: null, byHand: how });
  if (!isTableThere)
    return byHand(`there is no ${quote(of)} in what is to go live: make it by hand`);
  if (state === 'missing') return { kind, what, state, sql, byHand: null };
  if (kind === 'table') return byHand('compare both definitions, and alter one of them by hand');
  const drop = `DROP ${kind.toUpperCase()} ${quote(name)};`;
  return { kind, what, state, sql: `${drop}\n${sql}`, byHand: null };
}

/** Whether two are defined by the same words, however they are laid out. */
function isSame(one: Made, other: Made): boolean {
  const wordsOf = ({ of, sql }: Made): string =>
    JSON.stringify([
      of.toLowerCase(),
      ...sqlTokens(sql).map(({ kind, text }) => [
        kind,
        kind === 'name' ? text.toLowerCase() : text,
      ]),
    ]);
  return wordsOf(one) === wordsOf(other);
}

/** A number that applications have set and a new file has not; one that both have may differ on purpose. */
function missingSettings(live: Content, fresh: Content): Missing[] {
  return [...live.settings].flatMap(([name, value]): Missing[] => {
    if (value === 0 || fresh.settings.get(name) !== 0) return [];
    const sql = `PRAGMA ${name} = ${value}`;
    return [{ kind: 'setting', what: name, state: 'missing', sql, byHand: null }];
  });
}

/** Returns the text of a file that makes what is missing, to be read by sqlite3. */
export function paritySql(missing: readonly Missing[], file: string): string {
  // A statement may end with a comment, so that its end is a line of its own.
  const lines = missing.map(({ kind, what, sql, byHand }) => {
    if (sql !== null) return `${sql}\n;`;
    return `-- ${kind} ${what}: ${byHand ?? 'make it by hand'}`.replaceAll(/\s+/g, ' ');
  });
  const head = [
    `-- What applications have made in the file that is live, and ${JSON.stringify(file)} lacks.`,
    '-- Review each statement: it is as it stands there. Then reconcile.',
  ];
  return [...head, 'BEGIN;', ...lines, 'COMMIT;', ''].join('\n');
}

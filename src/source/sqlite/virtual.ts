/**
 * Finds the ordinary tables in which virtual tables store their content. SQLite finds them by name
 * alone, and takes an application's `article_content` beside a search index `article` for one.
 * Therefore the same virtual table is made in a scratch database in memory: its parts are the
 * tables that its module made there, with the same columns and key. The texts are
 * attacker-controlled: only one CREATE VIRTUAL TABLE of a module without side effects is run.
 */

import Database from 'better-sqlite3';

import { closings, isSign, sqlText, sqlTokens, wordOf, type SqlToken } from '../../sql/tokens.ts';
import { sqliteCode, type Connection } from './connection.ts';
import { quote } from '../../sql/quote.ts';
import { asciiLower, columnsOf } from './describe.ts';

export interface VirtualTable {
  readonly name: string;
  /** Tables that its module makes for it, by their names in ASCII lower case. */
  readonly made: ReadonlyMap<string, MadeTable>;
  /** Why it stores nothing itself; null if it does, or if that is not known. */
  readonly derived: string | null;
  /**
   * Column with its rowids, which its writers choose, and to which other tables refer: none, or the
   * first one. Null if the rowids have no meaning.
   */
  readonly rowids: 'none' | 'first' | null;
}

interface MadeTable {
  /** Names, places in the key and kinds of its columns, and whether it is without rowid. */
  readonly form: string;
  readonly columns: number;
  /** Whether it stores the texts, and not only data that can be made from them again. */
  readonly holdsText: boolean;
}

const TEXT_MODULES = new Set(['fts3', 'fts4', 'fts5']);
const SPACE_MODULES = new Set(['rtree', 'rtree_i32', 'geopoly']);

/** Modules that show data stored elsewhere in the file. */
const VIEWING: ReadonlyMap<string, string> = new Map([
  ['fts5vocab', 'it shows the words of a search index'],
  ['fts4aux', 'it shows the words of a search index'],
  ['fts3tokenize', 'it cuts a text that a query hands to it'],
  ['dbstat', 'it shows the pages of the file'],
]);

/** Returns the declaration of each virtual table, by name. */
export function virtualTables(
  db: Connection,
  tables: ReadonlySet<string>,
): Map<string, VirtualTable> {
  // SQLite itself accepts bytes there as text.
  const sql = `SELECT CAST(name AS TEXT) AS name, CAST(sql AS TEXT) AS sql FROM main.sqlite_schema
    WHERE CAST(type AS TEXT) = 'table' AND rootpage = 0`;
  const rows = db.prepare<[], { name: string; sql: string | null }>(sql).all();
  const found = new Map<string, VirtualTable>();
  for (const row of rows) {
    const declared = declaration(row.sql ?? '');
    if (declared !== null) found.set(row.name, virtualTable(db, row.name, declared, tables));
  }
  return found;
}

/** Returns the form of a table in the source, comparable with that of {@link MadeTable}. */
export function formOf(db: Connection, table: string, withoutRowid: boolean): string {
  const columns = columnsOf(db, table).map(({ name, pk, hidden }) => [
    asciiLower(name),
    pk,
    hidden,
  ]);
  return JSON.stringify([withoutRowid, ...columns]);
}

interface Declaration {
  readonly module: string;
  /** Tokens up to the module's name. */
  readonly head: readonly SqlToken[];
  readonly args: readonly (readonly SqlToken[])[];
}

/** Parses CREATE VIRTUAL TABLE name USING module (argument, …) */
function declaration(sql: string): Declaration | null {
  const tokens = sqlTokens(sql);
  const words = ['create', 'virtual', 'table'];
  if (!words.every((word, at) => wordOf(tokens[at]) === word)) return null;
  if (wordOf(tokens[4]) !== 'using' || tokens[5] === undefined) return null;
  const module = asciiLower(tokens[5].text);
  const end = closings(tokens).get(6) ?? 6;
  const args: SqlToken[][] = [];
  let depth = 0;
  for (const token of tokens.slice(7, end)) {
    if (isSign(token, '(')) depth += 1;
    if (isSign(token, ')')) depth -= 1;
    if (args.length === 0 || (depth === 0 && isSign(token, ','))) args.push([]);
    if (depth > 0 || !isSign(token, ',')) args.at(-1)?.push(token);
  }
  return { module, head: tokens.slice(0, 6), args };
}

/** Returns the value of `name = value` among the arguments; null if there is none. */
function option({ args }: Declaration, name: string): string | null {
  const found = args.find((arg) => wordOf(arg[0]) === name && isSign(arg[1], '='));
  return found === undefined
    ? null
    : found
        .slice(2)
        .map(({ text }) => text)
        .join('');
}

function virtualTable(
  db: Connection,
  name: string,
  declared: Declaration,
  tables: ReadonlySet<string>,
): VirtualTable {
  const { module } = declared;
  const isText = TEXT_MODULES.has(module);
  const known = isText || SPACE_MODULES.has(module);
  const made = known ? madeInScratch(db, name, declared) : null;
  const inNone = isText || module === 'geopoly';
  const rowids: VirtualTable['rowids'] = inNone ? 'none' : known ? 'first' : null;
  const unknown = { name, made: made ?? new Map<string, MadeTable>(), rowids };
  const viewing = VIEWING.get(module) ?? null;
  if (!isText || made === null) return { ...unknown, derived: viewing };
  const hasText = [...made.values()].some(({ holdsText }) => holdsText);
  return { ...unknown, derived: hasText ? null : whereTextIs(option(declared, 'content'), tables) };
}

function whereTextIs(content: string | null, tables: ReadonlySet<string>): string {
  if (content === null || content === '') return 'it is a search index that keeps no text';
  const shown = JSON.stringify(content.slice(0, 80));
  return tables.has(asciiLower(content))
    ? `it is a search index, its text is that of ${shown}`
    : `it is a search index, its text was in ${shown}, which is not there`;
}

/** Returns the tables that the module makes for it; null if it makes nothing here. */
function madeInScratch(
  db: Connection,
  name: string,
  declared: Declaration,
): ReadonlyMap<string, MadeTable> | null {
  const scratch = new Database(':memory:');
  try {
    const content = option(declared, 'content') ?? '';
    const isItself = asciiLower(content) === asciiLower(name);
    if (content !== '' && !isItself) makeStub(db, scratch, content);
    // Tokenizers and functions of the application are unknown here, and do not change the tables.
    const plain = declared.args.filter(
      (arg) => !/^(?:un)?compress$|^tokenize$/.test(wordOf(arg[0]) ?? ''),
    );
    if (!created(scratch, declared, declared.args) && !created(scratch, declared, plain))
      return null;
    const own = asciiLower(name);
    const made = new Map<string, MadeTable>();
    const listed = scratch
      .prepare<[], { name: string; wr: number }>('SELECT name, wr FROM pragma_table_list')
      .all();
    for (const { name: part, wr } of listed) {
      const lower = asciiLower(part);
      if (!lower.startsWith(`${own}_`) || lower === asciiLower(content)) continue;
      made.set(lower, {
        form: formOf(scratch, part, wr === 1),
        columns: columnsOf(scratch, part).length,
        holdsText: lower === `${own}_content` || SPACE_MODULES.has(declared.module),
      });
    }
    return made;
  } finally {
    scratch.close();
  }
}

/** Makes the content table in the scratch database, whose columns some modules read. */
function makeStub(db: Connection, scratch: Connection, table: string): void {
  const columns = textColumns(db, table).map(quote);
  if (columns.length > 0) scratch.exec(`CREATE TABLE ${quote(table)} (${columns.join(', ')})`);
}

/** Returns no columns for a view that cannot be prepared. */
function textColumns(db: Connection, table: string): string[] {
  try {
    return columnsOf(db, table).map(({ name }) => name);
  } catch (error) {
    if (!sqliteCode(error).startsWith('SQLITE_ERROR')) throw error;
    return [];
  }
}

function created(
  scratch: Connection,
  { head, args }: Declaration,
  used: Declaration['args'],
): boolean {
  const list = args.length === 0 ? '' : ` (${used.map((arg) => sqlText(arg)).join(', ')})`;
  try {
    scratch.prepare(sqlText(head) + list).run();
    return true;
  } catch (error) {
    if (sqliteCode(error) === '' && !(error instanceof RangeError)) throw error;
    return false;
  }
}

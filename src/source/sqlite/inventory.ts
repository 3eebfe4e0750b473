/**
 * Lists every table, view and virtual table by its name in the file's own schema table, to check
 * that a mapping accounts for each. Independent of the schema reader, so that an object missing
 * there is found here. The shadow tables of virtual tables are therefore recognised by their
 * definitions, which their modules write, and not by running the modules.
 */

import type { CataloguedObject } from '../source.ts';
import type { Connection } from './connection.ts';

interface Entry {
  readonly type: string;
  readonly name: string;
  readonly sql: string | null;
}

/** Lists all objects that must be accounted for, in the order of the file. */
export function listObjects(db: Connection): CataloguedObject[] {
  const entries = db
    .prepare<[], Entry>(
      // SQLite itself accepts bytes there as text.
      `SELECT CAST(type AS TEXT) AS type, CAST(name AS TEXT) AS name, CAST(sql AS TEXT) AS sql
       FROM main.sqlite_schema ORDER BY rowid`,
    )
    .all();
  const kept = keptTables(entries);
  return entries.flatMap((entry): CataloguedObject[] => {
    const kind = kindOf(entry);
    if (kind === null || INTERNAL.has(entry.sql ?? '')) return [];
    if (kind === 'table' && kept.has(lower(entry.name))) return [];
    return [{ name: entry.name, kind }];
  });
}

/** Definitions of SQLite's internal tables, exactly as SQLite writes them. */
const INTERNAL: ReadonlySet<string> = new Set([
  'CREATE TABLE sqlite_sequence(name,seq)',
  'CREATE TABLE sqlite_stat1(tbl,idx,stat)',
  'CREATE TABLE sqlite_stat2(tbl,idx,sampleno,sample)',
  'CREATE TABLE sqlite_stat3(tbl,idx,neq,nlt,ndlt,sample)',
  'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)',
]);

/**
 * Null if an entry has no rows to account for. An entry that is not understood is accounted for.
 */
function kindOf({ type, sql }: Entry): CataloguedObject['kind'] | null {
  const [, word = ''] = /^CREATE\s+(?:UNIQUE\s+)?(\w+)/i.exec(sql ?? '') ?? [];
  const says = word.toLowerCase();
  if (type === 'index' && (sql === null || says === 'index')) return null;
  if (type === 'trigger' && says === 'trigger') return null;
  if (type === 'view' && says === 'view') return 'view';
  if (type === 'table' && says === 'virtual') return 'virtual table';
  return type === 'table' && says === 'table' ? 'table' : 'entry';
}

/** Returns a table's definition after its name, however that is quoted, with single spaces. */
function definitionOf({ sql }: Entry): string {
  const text = sql ?? '';
  const head = /^CREATE\s+TABLE\s+(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\s("']+)\s*/i.exec(text);
  return text
    .slice(head?.[0].length ?? 0)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Lower-cases the letters A to Z only, as SQLite does. */
function lower(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Returns the names of the tables in which virtual tables store their content. */
function keptTables(entries: readonly Entry[]): ReadonlySet<string> {
  const names = new Map(
    entries.filter(({ type }) => type === 'table').map((entry) => [lower(entry.name), entry]),
  );
  const kept = new Set<string>();
  for (const { name, sql, type } of entries) {
    const [, module = ''] =
      /^CREATE\s+VIRTUAL\s+TABLE[^]*?\bUSING\s+["'`[]?(\w+)/i.exec(sql ?? '') ?? [];
    if (type !== 'table' || module === '') continue;
    const elsewhere = /[(,]\s*content\s*=\s*(?!''|"")["'`[]?[^\s"'`\],)]/i.test(sql ?? '');
    for (const [suffix, form] of FORMS[module.toLowerCase()] ?? []) {
      if (suffix === 'content' && elsewhere) continue;
      const part = lower(`${name}_${suffix}`);
      const entry = names.get(part);
      if (entry !== undefined && form.test(definitionOf(entry))) kept.add(part);
    }
  }
  return kept;
}

type Forms = readonly (readonly [suffix: string, form: RegExp])[];

const FTS3: Forms = [
  ['content', /^\(docid INTEGER PRIMARY KEY(?:, 'c\d+(?:[^']|'')*')*\)$/],
  ['segments', /^\(blockid INTEGER PRIMARY KEY, block BLOB\)$/],
  [
    'segdir',
    /^\(level INTEGER, ?idx INTEGER, ?start_block INTEGER, ?leaves_end_block INTEGER, ?end_block INTEGER, ?root BLOB, ?PRIMARY KEY\(level, idx\)\)$/,
  ],
];

const FTS4: Forms = [
  ...FTS3,
  ['docsize', /^\(docid INTEGER PRIMARY KEY, size BLOB\)$/],
  ['stat', /^\(id INTEGER PRIMARY KEY, value BLOB\)$/],
];

const FTS5: Forms = [
  ['content', /^\(id INTEGER PRIMARY KEY(?:, c\d+)*\)$/],
  ['data', /^\(id INTEGER PRIMARY KEY, block BLOB\)$/],
  ['idx', /^\(segid, term, pgno, PRIMARY KEY\(segid, term\)\) WITHOUT ROWID$/],
  ['docsize', /^\(id INTEGER PRIMARY KEY, sz BLOB(?:, origin INTEGER)?\)$/],
  ['config', /^\(k PRIMARY KEY, v\) WITHOUT ROWID$/],
];

/** Older versions declare types for some of these columns. */
const RTREE: Forms = [
  ['node', /^\(nodeno INTEGER PRIMARY KEY, ?data(?: BLOB)?\)$/],
  ['rowid', /^\(rowid INTEGER PRIMARY KEY, ?nodeno(?: INTEGER)?(?:, ?a\d+)*\)$/],
  ['parent', /^\(nodeno INTEGER PRIMARY KEY, ?parentnode(?: INTEGER)?\)$/],
];

/** Definitions that modules write for their tables, by the name of the module. */
const FORMS: Readonly<Record<string, Forms | undefined>> = {
  fts3: FTS3,
  fts4: FTS4,
  fts5: FTS5,
  rtree: RTREE,
  rtree_i32: RTREE,
  geopoly: RTREE,
};

/**
 * What a database holds, and what a candidate made of it holds, read by other means than Sealift's:
 * plain SELECTs and JSON.parse, with an encoding of its own. Shares no code with src.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TextDecoder } from 'node:util';

import Database from 'better-sqlite3';

/** What SQLite itself says: `ok`, the damage it finds, or that it cannot check. */
export function sqliteSays(file: string): string {
  const db = new Database(file, { readonly: true });
  try {
    const lines = db.prepare<[], string>('PRAGMA integrity_check(1000)').pluck().all();
    // A null where the schema forbids it, a broken CHECK: content, not damage.
    const damage = lines
      .join('\n')
      .split('\n')
      .find((line) => !/^(?:ok$|NULL value in |CHECK constraint failed)/.test(line));
    return damage ?? 'ok';
  } catch (error) {
    return `cannot check: ${(error as { code?: string }).code ?? ''}`;
  } finally {
    db.close();
  }
}

/** Rows by table, each as a text, sorted. */
export type Content = ReadonlyMap<string, readonly string[]>;

const LIST =
  "SELECT CAST(name AS TEXT) FROM sqlite_schema WHERE CAST(type AS TEXT) = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

export function contentOfDatabase(file: string): Content {
  const db = new Database(file, { readonly: true });
  try {
    const encoding = db.pragma('encoding', { simple: true }) === 'UTF-8' ? 'utf-8' : 'utf-16le';
    const big = db.pragma('encoding', { simple: true }) === 'UTF-16be';
    const decoder = new TextDecoder(big ? 'utf-16be' : encoding, { fatal: true, ignoreBOM: true });
    const content = new Map<string, string[]>();
    for (const table of db.prepare<[], string>(LIST).pluck().all()) {
      content.set(table, rowsOf(db, table, decoder));
    }
    return content;
  } finally {
    db.close();
  }
}

/** Sorted; a table that cannot be read is not one without rows. */
function rowsOf(db: Database.Database, table: string, decoder: TextDecoder): string[] {
  const name = quoted(table);
  try {
    const columns = db
      .prepare<[], { name: string; pk: number }>(`PRAGMA table_info(${name})`)
      .all();
    const list = columns.flatMap((column) => {
      const c = quoted(column.name);
      return [
        `typeof(${c})`,
        `CASE typeof(${c}) WHEN 'real' THEN ${c} ELSE CAST(${c} AS BLOB) END`,
      ];
    });
    const rows: string[] = [];
    const from = `FROM ${name} ${hasRowids(db, table) ? 'NOT INDEXED' : orderOf(columns)}`;
    for (const cells of db
      .prepare(`SELECT ${list.join(', ')} ${from}`)
      .raw()
      .iterate()) {
      const pairs = cells as (string | number | Buffer | null)[];
      const row = columns.map(({ name: column }, index) => {
        return [column, cellText(String(pairs[2 * index]), pairs[2 * index + 1] ?? null, decoder)];
      });
      rows.push(JSON.stringify(row));
    }
    return rows.sort();
  } catch (error) {
    return [JSON.stringify([['unreadable', String((error as { code?: string }).code)]])];
  }
}

function hasRowids(db: Database.Database, table: string): boolean {
  const found = db.prepare('SELECT wr FROM pragma_table_list(?)').pluck().get(table);
  return found !== 1;
}

/** In the order of the key, the table itself is read; otherwise SQLite may read a damaged index of it. */
function orderOf(columns: readonly { name: string; pk: number }[]): string {
  const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  return `ORDER BY ${key.map(({ name }) => quoted(name)).join(', ')}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function cellText(
  kind: string,
  cell: string | number | Buffer | null,
  decoder: TextDecoder,
): string {
  if (kind === 'null') return 'null';
  if (kind === 'real') return number(realText(Number(cell)));
  const bytes = Buffer.from(cell as Buffer);
  if (kind === 'blob') return `bytes ${bytes.toString('base64')}`;
  try {
    const text = decoder.decode(bytes);
    return kind === 'integer' ? number(text) : `text ${text}`;
  } catch {
    return `invalid ${bytes.toString('base64')}`;
  }
}

function realText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A number in plain digits: 1.50e2, 150 and 150.0 are the same. */
function number(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/i.exec(text);
  if (match === null) return `number ${text}`;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const point = whole.length + Number(exponent);
  const digits = (whole + fraction).padEnd(point, '0');
  const lead = point < 0 ? '0'.repeat(-point) + digits : digits;
  const at = Math.max(0, point);
  const left = lead.slice(0, at).replace(/^0+/, '') || '0';
  const right = lead.slice(at).replace(/0+$/, '');
  return `number ${sign}${left}${right === '' ? '' : `.${right}`}`;
}

interface Field {
  readonly column: string;
  readonly type: string;
}

interface Module {
  readonly module: string;
  readonly source: { readonly table: string };
  readonly fields: Readonly<Record<string, Field>>;
}

/** The same of a candidate folder, with its mapping read from `mapping`. */
export function contentOfCandidate(folder: string, mapping: string): Content {
  const content = new Map<string, string[]>();
  for (const file of readdirSync(join(mapping, 'modules'))) {
    const module = JSON.parse(readFileSync(join(mapping, 'modules', file), 'utf8')) as Module;
    const data = readFileSync(join(folder, module.module, 'data.ndjson'), 'utf8');
    const fields = Object.entries(module.fields);
    const rows = data
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const record = JSON.parse(line) as Record<string, unknown>;
        return new Map(
          fields.map(([name, { column, type }]) => {
            return [column, decoded(record[name], type, join(folder, module.module))];
          }),
        );
      });
    content.set(module.source.table, rows.map((row) => JSON.stringify([...row])).sort());
  }
  return content;
}

function decoded(value: unknown, type: string, folder: string): string {
  if (value === null) return 'null';
  if (value === undefined) return 'absent';
  const [kind] = type.split('(');
  if (kind === 'string') return `text ${textOf(value)}`;
  if (kind === 'bytes') return `bytes ${textOf(value)}`;
  if (kind === 'blob') {
    const { sha256, size } = value as { sha256: string; size: number };
    const bytes = readFileSync(join(folder, 'blobs', sha256));
    const same = createHash('sha256').update(bytes).digest('hex') === sha256;
    return same && bytes.length === size ? `bytes ${bytes.toString('base64')}` : 'another blob';
  }
  if (kind !== 'tagged') return number(typeof value === 'number' ? realText(value) : textOf(value));
  const [[tag, inner] = ['', '']] = Object.entries(value as Record<string, string>);
  if (tag === 'number') return number(inner);
  if (tag === 'invalidText') return `invalid ${inner}`;
  return `${tag} ${inner}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : `not a text, but ${JSON.stringify(value)}`;
}

/** The tables whose rows differ; columns count in any order. */
export function differences(one: Content, two: Content): string[] {
  const names = new Set([...one.keys(), ...two.keys()]);
  return [...names].filter((name) => normal(one.get(name)) !== normal(two.get(name)));
}

function normal(rows: readonly string[] | undefined): string {
  const sorted = rows?.map((row) => JSON.stringify((JSON.parse(row) as string[][]).sort(byColumn)));
  return sorted === undefined ? 'no such table' : JSON.stringify(sorted.sort());
}

function byColumn([a = '']: readonly string[], [b = '']: readonly string[]): number {
  return a < b ? -1 : 1;
}

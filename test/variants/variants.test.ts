/** The variants differ in their bytes and in nothing else. */

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REFERENCE } from './reference.ts';
import { makeVariants, type Variant } from './variants.ts';

let folder = '';
let variants: Variant[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'variants-'));
  variants = makeVariants(join(folder, 'variants'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Opens a copy, so that reading does not fold the log into the file. */
function opened(name: string, file?: string): Database.Database {
  const of = file ?? variants.find((variant) => variant.name === name)?.file ?? '';
  const copy = join(mkdtempSync(join(folder, 'copy-')), 'copy');
  cpSync(dirname(of), copy, { recursive: true });
  return new Database(join(copy, 'reference.db'));
}

/** Every cell with its storage class, rows sorted by their text; a NUL cuts nothing off. */
function contentOf(db: Database.Database): Map<string, string[]> {
  db.defaultSafeIntegers(true);
  const content = new Map<string, string[]>();
  for (const { name, columns } of REFERENCE) {
    const quoted = columns.map((column) => `"${column.replaceAll('"', '""')}"`);
    const generated = name === 'measured' ? ['area', 'label'] : [];
    const cells = [...quoted, ...generated].flatMap((column) => [`typeof(${column})`, column]);
    const sql = `SELECT ${cells.join(', ')} FROM "${name.replaceAll('"', '""')}"`;
    const rows = db.prepare(sql).raw().all() as unknown[][];
    content.set(name, rows.map((row) => row.map(printed).join('|')).sort());
  }
  return content;
}

function printed(cell: unknown): string {
  if (cell instanceof Uint8Array) return `x'${Buffer.from(cell).toString('hex')}'`;
  if (typeof cell === 'bigint') return `${cell}n`;
  return JSON.stringify(cell);
}

describe('the variants of the reference database', () => {
  it('hold the same content', () => {
    const [plain, ...others] = variants.map(({ name }) => ({ name, content: read(name) }));
    expect(others.length).toBe(7);
    expect([...(plain?.content.values() ?? [])].flat().length).toBeGreaterThan(1900);
    for (const { name, content } of others) expect([name, content]).toEqual([name, plain?.content]);
  });

  it('hold the rows that were given', () => {
    for (const { name, rows } of REFERENCE) {
      expect([name, read('utf-8').get(name)?.length]).toEqual([name, rows.length]);
    }
    expect(read('utf-8').get('words')).toContain(
      `"text"|${JSON.stringify('NUL\0inside')}|"integer"|3n`,
    );
    expect(read('utf-16be').get('words')).toContain('"text"|"\uFEFFbom"|"integer"|15n');
  });

  it('differ when one cell differs (negative control)', () => {
    const db = opened('utf-16le');
    db.exec(`UPDATE kinds SET note = 'Zu' || char(776) || 'rich' WHERE note = 'Zürich'`);
    const changed = contentOf(db);
    db.close();
    expect(changed).not.toEqual(read('utf-8'));
  });

  it('are stored as their names say', () => {
    expect(variants.map(({ name }) => pragma(name, 'encoding'))).toEqual([
      'UTF-8',
      'UTF-16le',
      'UTF-16be',
      'UTF-8',
      'UTF-8',
      'UTF-8',
      'UTF-8',
      'UTF-16be',
    ]);
    expect(variants.map(({ name }) => pragma(name, 'page_size'))).toEqual([
      4096, 4096, 4096, 512, 4096, 4096, 4096, 512,
    ]);
  });

  it('have their rows in another physical order', () => {
    const orders = ['utf-8', 'reversed', 'shuffled'].map((name) => {
      const db = opened(name);
      const rows = db.prepare('SELECT word FROM words ORDER BY rowid').pluck().all();
      db.close();
      return rows;
    });
    expect(orders[1]).toEqual(orders[0]?.toReversed());
    expect(orders[2]).not.toEqual(orders[0]);
  });

  it('have half of the rows in the log alone, and no shared memory', () => {
    for (const { name, file } of variants.filter((variant) => existsSync(`${variant.file}-wal`))) {
      expect(existsSync(`${file}-shm`)).toBe(false);
      const copy = join(mkdtempSync(join(folder, 'nolog-')), 'reference.db');
      cpSync(file, copy);
      const db = new Database(copy);
      const without = contentOf(db);
      db.close();
      const rows = [...without.values()].flat().length;
      const all = [...read('utf-8').values()].flat().length;
      expect([name, rows > all / 3 && rows < all * 0.7]).toEqual([name, true]);
    }
    expect(variants.filter(({ file }) => existsSync(`${file}-wal`)).length).toBe(2);
  });

  it('are written the same each time', () => {
    const again = makeVariants(join(folder, 'again'));
    for (const [index, { file, name }] of again.entries()) {
      if (name === 'wal' || name === 'all-at-once') continue; // the log has random salts
      const first = variants[index]?.file ?? '';
      expect([name, readFileSync(file).equals(readFileSync(first))]).toEqual([name, true]);
    }
  });
});

function read(name: string): Map<string, string[]> {
  const db = opened(name);
  const content = contentOf(db);
  db.close();
  return content;
}

function pragma(name: string, of: string): unknown {
  const db = opened(name);
  const value = db.pragma(of, { simple: true });
  db.close();
  return value;
}

/** The digest by which promote knows that a source holds what was read: what it covers, and what it leaves alone. */

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { csvAdapter } from '../../src/source/csv.ts';
import { jsonAdapter } from '../../src/source/json.ts';
import { ndjsonAdapter } from '../../src/source/ndjson.ts';
import type { PreparedSource, SourceAdapter } from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import { readerOf, waiting } from '../contract/opening.ts';
import { workFolder } from '../kit/project.ts';

const folder = workFolder('state');

function prepare(adapter: SourceAdapter, path: string): Promise<PreparedSource> {
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch, { recursive: true });
  return adapter.prepare({ scheme: adapter.scheme, path }, { scratch, ...waiting(0) });
}

/** The state of a source that is opened for it alone. */
async function stateAt(adapter: SourceAdapter, path: string): Promise<string | null> {
  const source = await prepare(adapter, path);
  const state = (await source.state?.()) ?? null;
  await source.close();
  return state;
}

function place(name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** A database of a few pages in this journal mode. */
function database(name: string, mode: 'DELETE' | 'WAL' = 'DELETE'): string {
  const file = join(place(name), 'shop.db');
  const db = new Database(file);
  db.pragma(`journal_mode = ${mode}`);
  db.exec(`CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO goods SELECT i, 'good ' || i FROM n;`);
  db.close();
  return file;
}

function poke(file: string, at: number, byte: number): void {
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.from([byte]), 0, 1, at);
  closeSync(opened);
}

const TEXTS = [
  [csvAdapter, '.csv', 'id,name\n1,Rex\n'],
  [ndjsonAdapter, '.ndjson', '{"id":1,"name":"Rex"}\n'],
  [jsonAdapter, '.json', '[{"id":1,"name":"Rex"}]'],
] as const;

describe.each(TEXTS)('the state of a source of files, %#', (adapter, extension, text) => {
  const write = (where: string, name: string, content: string): string => {
    writeFileSync(join(place(where), `${name}${extension}`), content);
    return join(folder, where);
  };

  it('is that of their names and bytes, wherever they lie', async () => {
    const state = await stateAt(adapter, write(`a${extension}`, 'dogs', text));
    expect(state).toMatch(/^[0-9a-f]{64}$/);
    expect(await stateAt(adapter, write(`b${extension}`, 'dogs', text))).toBe(state);
    const others = [
      write(`c${extension}`, 'dogs', text.replace('Rex', 'Max')),
      write(`d${extension}`, 'cats', text),
      write(`e${extension}`, 'dogs', text.endsWith('\n') ? text.slice(0, -1) : `${text}\n`),
    ];
    write(`f${extension}`, 'dogs', text);
    others.push(write(`f${extension}`, 'cats', text));
    for (const other of others) expect(await stateAt(adapter, other)).not.toBe(state);
  });
});

describe('the state of a database', () => {
  it('is that of its bytes, wherever it lies', async () => {
    const file = database('one');
    const state = await stateAt(sqliteAdapter, file);
    expect(state).toMatch(/^[0-9a-f]{64}$/);
    const copy = join(place('copy'), 'other.sqlite');
    cpSync(file, copy);
    expect(await stateAt(sqliteAdapter, copy)).toBe(state);
    const size = statSync(file).size;
    for (const at of [20, 60, 100, size - 1]) {
      const [before = 0] = readFileSync(copy).subarray(at);
      poke(copy, at, before ^ 1);
      const poked = await stateAt(sqliteAdapter, copy).catch(() => 'unreadable');
      expect(poked, `byte ${at}`).not.toBe(state);
      poke(copy, at, before);
    }
    expect(await stateAt(sqliteAdapter, copy)).toBe(state);
  });

  it.each(['DELETE', 'WAL'] as const)(
    'does not count what a freeze changes, in mode %s',
    async (mode) => {
      const file = database(`frozen-${mode}`, mode);
      const state = await stateAt(sqliteAdapter, file);
      poke(file, 18, 3);
      for (const at of [24, 25, 26, 27, 92, 93, 94, 95]) poke(file, at, 7);
      expect(await stateAt(sqliteAdapter, file)).toBe(state);
      const source = await prepare(sqliteAdapter, file);
      expect(await source.isFrozen?.()).toBe(true);
      await source.close();
      poke(file, 18, mode === 'WAL' ? 2 : 1);
      const thawed = await prepare(sqliteAdapter, file);
      expect([await thawed.state?.(), await thawed.isFrozen?.()]).toEqual([state, false]);
      await thawed.close();
    },
  );

  it('counts a log that is not in the database yet, held open or left behind', async () => {
    const file = database('log', 'WAL');
    const before = await stateAt(sqliteAdapter, file);
    const writer = new Database(file);
    writer.pragma('wal_autocheckpoint = 0');
    writer.exec("UPDATE goods SET name = 'other' WHERE id = 7");
    const live = await stateAt(sqliteAdapter, file);
    expect(live).not.toBe(before);
    expect(live).not.toBeNull();
    const left = join(place('left'), 'shop.db');
    for (const suffix of ['', '-wal']) cpSync(file + suffix, left + suffix);
    expect(await stateAt(sqliteAdapter, left)).toBe(live);
    writer.close();
  });

  it('is unknown if the database is written after the snapshot, or before it is read', async () => {
    const file = database('written', 'WAL');
    const writer = new Database(file);
    writer.exec('DELETE FROM goods WHERE id = 1');
    const source = await prepare(sqliteAdapter, file);
    const reader = await readerOf(sqliteAdapter, source);
    writer.exec('DELETE FROM goods WHERE id = 2');
    expect(await source.state?.()).toBeNull();
    await reader.close();
    await source.close();
    expect(await stateAt(sqliteAdapter, file)).not.toBeNull();
    writer.close();
  });

  it('is told while a database is read, and lets no other process write it', async () => {
    const file = database('locked');
    const source = await prepare(sqliteAdapter, file);
    const reader = await readerOf(sqliteAdapter, source);
    expect(await source.state?.()).not.toBeNull();
    expect(writeElsewhere(file)).toBe('SQLITE_BUSY');
    // What a look with a descriptor that is closed would do.
    closeSync(openSync(file, 'r'));
    expect(writeElsewhere(file)).toBe('written');
    await reader.close();
    await source.close();
  });
});

/** Writes the database in another process; returns how that ended. */
function writeElsewhere(file: string): string {
  const script = `
    const Database = require(${JSON.stringify(createRequire(import.meta.url).resolve('better-sqlite3'))});
    const db = new Database(process.argv[1], { timeout: 0 });
    try {
      db.exec("UPDATE goods SET name = 'x' WHERE id = 1");
      console.log('written');
    } catch (error) {
      console.log(error.code);
    }`;
  const ran = spawnSync(process.execPath, ['-e', script, file], { encoding: 'utf8' });
  return ran.stdout.trim();
}

/** The adapters that the contract is held against, and how the same tables get to where each reads them. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { SourceValue } from '../../src/record/value.ts';
import { csvAdapter } from '../../src/source/csv.ts';
import { jsonAdapter } from '../../src/source/json.ts';
import { memoryAdapter, type MemoryTable } from '../../src/source/memory.ts';
import { ndjsonAdapter } from '../../src/source/ndjson.ts';
import type { SourceAdapter, SourceLocation } from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import { NETWORK } from './network/subject.ts';
import { POSTGRES } from './postgres.ts';
import { fileWitness, type Witness } from './witness.ts';

export type Cells = (string | null)[];

export const COLUMNS = ['id', 'name', 'note'];

/** One adapter, and where its sources come from. */
export interface Subject {
  readonly name: string;
  readonly adapter: SourceAdapter;
  /** How another thread gets the adapter: a module, and an expression in which it is `m`. */
  readonly elsewhere: { readonly file: string; readonly adapter: string };
  /** Whether it can be tested on this machine; else its tests are skipped. */
  available(): Promise<boolean>;
  /**
   * A new source with table `people` and the empty table `Zoo`. `folder` is empty and private, for what
   * lies in files.
   */
  write(folder: string, rows: readonly Cells[]): Promise<SourceLocation>;
  /** Name of the table in SQL of the source; `people` if left out. */
  readonly inSql?: string;
  /** Texts that its sources cannot hold. */
  readonly cannotHold: readonly string[];
  /** A part of its locations that is never shown. */
  readonly secret?: string;
  /** Stops what `write` has started. */
  end?(): Promise<void>;
  readonly files?: FileCases;
  /** Sees what was run in the source that was written last; only of a source with a language. */
  witness?(): Witness;
}

/** What only sources in files have. */
export interface FileCases {
  /** Changes one cell behind the adapter's back, keeping the size. */
  change(folder: string): void;
  /** What a file that is not of this format gives. */
  readonly malformed: string;
}

const asObjects = (rows: readonly Cells[]): string[] =>
  rows.map((cells) => JSON.stringify(Object.fromEntries(COLUMNS.map((c, i) => [c, cells[i]]))));

const csvField = (cell: string | null | undefined): string =>
  cell === null || cell === undefined ? '' : `"${cell.replaceAll('"', '""')}"`;

/** A subject of `src/source/` whose sources are files. */
function inFiles(
  adapter: SourceAdapter,
  malformed: string,
  write: (folder: string, rows: readonly Cells[]) => { location: string; changed: string },
): Subject {
  const { scheme: name } = adapter;
  let changed = '';
  return {
    name,
    adapter,
    elsewhere: elsewhere(name, `m.${name}Adapter`),
    available: async () => true,
    cannotHold: [],
    async write(folder, rows) {
      const written = write(folder, rows);
      changed = written.changed;
      return adapter.parse(written.location, folder);
    },
    files: {
      malformed,
      change(folder) {
        const file = join(folder, changed);
        const bytes = readFileSync(file);
        const at = bytes.indexOf('note 5000');
        if (at <= 0) throw new Error('there is nothing to change');
        bytes.write('NOTE', at);
        writeFileSync(file, bytes);
      },
    },
  };
}

function elsewhere(file: string, adapter: string): Subject['elsewhere'] {
  return { file: new URL(`../../src/source/${file}.ts`, import.meta.url).href, adapter };
}

const MEMORY = new Map<string, readonly MemoryTable[]>();

function memoryTable(
  name: string,
  columns: readonly string[],
  rows: readonly (readonly SourceValue[])[],
): MemoryTable {
  const described = columns.map((column) => {
    return { name: column, declaredType: '', notNull: false, generated: false };
  });
  const keys = { primaryKey: [], unique: [], foreignKeys: [] };
  return { schema: { name, kind: 'table', columns: described, ...keys }, rows };
}

let database = '';

export const SUBJECTS: readonly Subject[] = [
  {
    ...inFiles(
      sqliteAdapter,
      'this is no database, whatever its name says'.repeat(20),
      (folder, rows) => {
        database = join(folder, 'legacy.db');
        const db = new Database(database);
        db.exec('CREATE TABLE people (id TEXT, name TEXT, note TEXT); CREATE TABLE Zoo (id)');
        const insert = db.prepare('INSERT INTO people VALUES (?, ?, ?)');
        db.transaction(() => {
          for (const cells of rows) insert.run(...cells);
        })();
        db.close();
        return { location: database, changed: 'legacy.db' };
      },
    ),
    witness: () => fileWitness(database),
  },
  inFiles(ndjsonAdapter, '{"a":1}\n{"a":}\n', (folder, rows) => {
    const lines = asObjects(rows).map((line) => `${line}\n`);
    writeFileSync(join(folder, 'people.ndjson'), lines.join(''));
    writeFileSync(join(folder, 'Zoo.ndjson'), '');
    return { location: folder, changed: 'people.ndjson' };
  }),
  inFiles(jsonAdapter, '[{"a":1} {"a":2}]', (folder, rows) => {
    writeFileSync(join(folder, 'people.json'), `[\n${asObjects(rows).join(',\n')}\n]\n`);
    writeFileSync(join(folder, 'Zoo.json'), '[]');
    return { location: folder, changed: 'people.json' };
  }),
  inFiles(csvAdapter, 'a,a\n1,2\n', (folder, rows) => {
    const lines = [COLUMNS, ...rows].map((cells) => `${cells.map(csvField).join(',')}\r\n`);
    writeFileSync(join(folder, 'people.csv'), lines.join(''));
    writeFileSync(join(folder, 'Zoo.csv'), 'id\n');
    return { location: folder, changed: 'people.csv' };
  }),
  {
    name: 'memory',
    adapter: memoryAdapter(MEMORY),
    elsewhere: elsewhere('memory', 'm.memoryAdapter(new Map())'),
    available: async () => true,
    cannotHold: [],
    async write(folder, rows) {
      MEMORY.set(folder, [memoryTable('people', COLUMNS, rows), memoryTable('Zoo', ['id'], [])]);
      return { scheme: 'memory', name: folder };
    },
  },
  NETWORK,
  ...POSTGRES,
];

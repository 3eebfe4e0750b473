/**
 * A cutover of a small shop, for tests that harm its runs: a setting, a backup, migrations that count how often
 * each was applied, a program that is not idempotent, a gate, and a way back for all that has one.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { parseJournal, type Journal } from '../../src/journal/line.ts';

const RUNBOOK = `runbook: shop
inputs: { db: { secret: SHOP_DB } }
roles: { operator: [ada, eve], approver: [bo, cy] }
steps:
  - { id: closed, use: config.set, file: settings.json, key: closed, set: true, undo: { set: false } }
  - { id: backup, use: sqlite.backup, rehearse: true }
  - id: migrate
    use: sql.migrate
    files: "do/*.sql"
    verify: { use: sql.count, query: "SELECT count(*) FROM done", expect: ">= 3" }
    undo: { use: exec, run: [./take-back], idempotent: true }
  - id: noted
    use: exec
    run: [./note]
    probe: { use: exec, run: [./noted], changes: false }
    verify: { use: exec, run: [./noted], changes: false }
    undo: { run: [./forget], idempotent: true }
  - { id: approve, use: gate.approval, role: approver, requires: [migrate] }
  - { id: open, use: config.set, file: settings.json, key: closed, set: false, undo: { set: true } }
`;

const FILES: Readonly<Record<string, string>> = {
  'do/01.sql': "INSERT INTO done (name) VALUES ('do 1');",
  'do/02.sql': "INSERT INTO done (name) VALUES ('do 2');\nINSERT INTO done (name) VALUES ('do 3');",
  'do/03.sql': "CREATE TABLE more (id INTEGER);\nINSERT INTO done (name) VALUES ('do 4');",
  'take-back.mjs': `import { DatabaseSync } from 'node:sqlite';
const database = new DatabaseSync('shop.db', { timeout: 5000 });
database.exec('BEGIN IMMEDIATE; DROP TABLE IF EXISTS more');
const insert = database.prepare('INSERT INTO done (name) SELECT ?1 WHERE ?1 NOT IN (SELECT name FROM done)');
for (const name of ['undo 1', 'undo 2']) insert.run(name);
database.exec('COMMIT');
`,
  'settings.json': '{ "closed": false }\n',
};
const PROGRAMS: Readonly<Record<string, string>> = {
  note: 'echo noted >> noted.log',
  noted: 'test -s noted.log',
  forget: 'rm -f noted.log',
  'take-back': `exec '${process.execPath}' --disable-warning=ExperimentalWarning take-back.mjs`,
};

export const SHOP_ENV: Readonly<Record<string, string>> = { SHOP_DB: 'sqlite:shop.db' };

export function writeProgram(folder: string, name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Makes a shop; `change` makes another runbook of it. */
export function makeShop(folder: string, change: (runbook: string) => string = (one) => one): void {
  mkdirSync(join(folder, 'do'), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  for (const [name, script] of Object.entries(PROGRAMS)) writeProgram(folder, name, script);
  writeFileSync(join(folder, 'shop.yaml'), change(RUNBOOK));
  const database = new Database(join(folder, 'shop.db'));
  database.exec('CREATE TABLE done (id INTEGER PRIMARY KEY, name TEXT NOT NULL)');
  database.close();
}

/** What a shop is like: its settings, the migrations in their order, and what the program has noted. */
export interface ShopState {
  readonly closed: boolean;
  readonly done: readonly string[];
  readonly noted: string;
}

export function stateOfShop(folder: string): ShopState {
  const database = new Database(join(folder, 'shop.db'), { readonly: true });
  const done = database.prepare('SELECT name FROM done ORDER BY id').pluck().all() as string[];
  database.close();
  const { closed } = JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'));
  return { closed, done, noted: textOf(join(folder, 'noted.log')) };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export const BEFORE: ShopState = { closed: false, done: [], noted: '' };
const DONE = ['do 1', 'do 2', 'do 3', 'do 4'];
export const AFTER: ShopState = { closed: false, done: DONE, noted: 'noted\n' };
export const BACK: ShopState = { closed: false, done: [...DONE, 'undo 1', 'undo 2'], noted: '' };

export function journalPath(folder: string, run = 'shop-1'): string {
  return join(folder, 'storage_cutovers', run, 'journal.ndjson');
}

/** How many whole lines the journal of a run has; 0 without one. */
export function linesOf(folder: string): number {
  return textOf(journalPath(folder)).split('\n').length - 1;
}

export function shopJournal(folder: string): Journal {
  const path = journalPath(folder);
  return parseJournal(readFileSync(path), path);
}

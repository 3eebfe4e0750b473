/** Equal data has one data root, whatever its tables and columns are called. */

import { copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { initialise, migrateHere, writeKennel } from '../fault/fixture.ts';
import { isLong } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { shared } from '../shared.ts';

const folder = workFolder('one-data-root');
const chinook = shared('data/sqlite/chinook.db');

/** How the second database spells a name. */
const respelled = (name: string): string => `x_${name.toLowerCase()} ö`;

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Gives every table and column of a database another name. */
function respell(file: string): void {
  const db = new Database(file);
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all() as string[];
  db.exec('BEGIN');
  for (const table of tables) {
    const columns = db.pragma(`table_info(${quoted(table)})`) as { name: string }[];
    for (const { name } of columns) {
      const to = quoted(respelled(name));
      db.exec(`ALTER TABLE ${quoted(table)} RENAME COLUMN ${quoted(name)} TO ${to}`);
    }
    db.exec(`ALTER TABLE ${quoted(table)} RENAME TO ${quoted(respelled(table))}`);
  }
  db.exec('COMMIT');
  db.close();
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A module's mapping of the database that is spelled differently: the same module. */
function respelledMapping(value: Json, within = ''): Json {
  const isColumn = within === 'column' || within === 'columns';
  if (typeof value === 'string') return isColumn || within === 'table' ? respelled(value) : value;
  if (Array.isArray(value)) return value.map((item) => respelledMapping(item, within));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) =>
      within === 'dropped' ? [respelled(name), member] : [name, respelledMapping(member, name)],
    ),
  );
}

/** Builds a candidate of the database, and one of its respelled copy through a mapping of its own. */
async function bothRoots(file: string, ids: 'keep' | 'uuid'): Promise<(string | undefined)[]> {
  const [plain, other] = ['plain', 'other'].map(
    (name) => `${folder}/${basename(file)}-${ids}-${name}`,
  );
  if (plain === undefined || other === undefined) throw new Error('two projects');
  cpSync(file, join(plain, 'legacy.db'), { recursive: true });
  await initialise(plain, ids);
  cpSync(plain, other, { recursive: true });
  copyFileSync(file, join(other, 'legacy.db'));
  respell(join(other, 'legacy.db'));
  const project = join(other, 'mapping/project.json');
  writeFileSync(project, readFileSync(project, 'utf8').replaceAll(plain, other));
  for (const name of readdirSync(join(other, 'mapping/modules'))) {
    const path = join(other, 'mapping/modules', name);
    const module = JSON.parse(readFileSync(path, 'utf8')) as Json;
    writeFileSync(path, JSON.stringify(respelledMapping(module), null, 2));
  }
  const built = [await migrateHere(plain), await migrateHere(other)];
  expect(new Set(built.map(({ sealId }) => sealId)).size).toBe(2);
  const records = built.map(({ modules }) => modules.reduce((sum, one) => sum + one.records, 0));
  expect(records[0]).toBeGreaterThan(0);
  return built.map(({ dataRoot }) => dataRoot);
}

describe.each(['keep', 'uuid'] as const)('two spellings of one database, ids %s', (ids) => {
  it('have one data root', async () => {
    const file = join(folder, `kennel-${ids}.db`);
    writeKennel(file, 40);
    const [one, two] = await bothRoots(file, ids);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(two).toBe(one);
  });

  it.skipIf(chinook === null || (ids === 'keep' && !isLong('Chinook with kept ids')))(
    'of Chinook have one data root',
    async () => {
      const [one, two] = await bothRoots(chinook ?? '', ids);
      expect(one).toMatch(/^[0-9a-f]{64}$/);
      expect(two).toBe(one);
      process.stdout.write(`chinook, ids ${ids}: one data root ${String(one)}\n`);
    },
  );
});

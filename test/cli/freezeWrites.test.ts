/** freeze-writes, unfreeze-writes and migrate --require-frozen, as an operator runs them. */

import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';

import { freezeWrites } from '../../src/flow/freezeWrites.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import { sqliteWrites } from '../../src/source/sqlite/writeFreeze.ts';
import type { WriteControl } from '../../src/source/writeControl.ts';
import { journal } from '../promote/fixture.ts';
import { startHalting } from '../fault/barrier.ts';
import { ENVIRONMENT, newProject } from '../fault/fixture.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { endWriters, MODES, startWriter, type Mode } from '../source/writers.ts';

const INSERT = "INSERT INTO owners VALUES (900, 'late', 'late')";

let project: string;

endWriters();

afterEach(() => {
  rmSync(project, { recursive: true });
});

async function prepare(mode: Mode = 'delete'): Promise<string> {
  project = await newProject(5);
  const db = new Database(file());
  db.pragma(`journal_mode = ${mode}`);
  db.close();
  return project;
}

const file = (): string => join(project, 'legacy.db');

const run = (...args: string[]): Promise<Ran> => sealift([...args, '--project', project]);

/** The last line of a command that fails. */
async function failing(...args: string[]): Promise<string> {
  const { code, stderr } = await run(...args);
  expect(code, stderr).toBe(1);
  return stderr.trimEnd().split('\n').at(-1) ?? '';
}

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** Tries to write as an application does; `ok`, or SQLite's error code. */
function write(): string {
  const db = new Database(file(), { timeout: 0 });
  try {
    db.exec(`BEGIN IMMEDIATE; ${INSERT}; ROLLBACK`);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    db.close();
  }
}

/** Runs freeze-writes with sources that are frozen in another way. */
function freezeWith(other: WriteControl): Promise<Outcome> {
  const adapters = new Map(ENVIRONMENT.adapters).set('sqlite', { ...sqliteAdapter, writes: other });
  const options = { project, cwd: project, sources: [], who: null };
  return freezeWrites(options, { ...ENVIRONMENT, adapters });
}

/** Changes bytes of the database by hand. */
function patch(change: (bytes: Buffer) => void, path: string = file()): void {
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
}

const events = (): string[] => journal(project).entries.map(({ event }) => event);
const writes = (): string[] => events().filter((event) => event.startsWith('writes-'));

describe.each(MODES)('freeze-writes of a database in mode %s', (mode) => {
  it('refuses writes until unfreeze-writes, and both say so when there is nothing to do', async () => {
    await prepare(mode);
    const header = readFileSync(file()).subarray(0, 100).toString('hex');
    expect(await done('migrate', '--json')).toContain('DONE');
    expect(await done('freeze-writes', '--who', 'ada')).toContain('are frozen; another process');
    expect(write()).toBe('SQLITE_READONLY');
    const [, intended] = journal(project).entries.filter(({ event }) => event !== 'begin');
    expect(intended).toMatchObject({ who: 'ada', source: 'main', before: header });
    expect(await done('freeze-writes')).toContain('were frozen already, by line 4 of the journal');
    expect(writes()).toEqual(['writes-freeze-intended', 'writes-freeze-done']);
    expect(await done('status')).toMatch(/writes {5}of main are frozen, since 2/);
    expect(await done('migrate', '--require-frozen')).toContain('migrate: DONE');
    // The bytes of the header are no drift: records are what counts.
    expect(await done('scan-drift')).toContain('scan-drift: PASS');
    expect(await done('unfreeze-writes')).toContain('are allowed again; another process');
    expect(write()).toBe('ok');
    expect(await done('unfreeze-writes')).toContain('are not frozen, nothing was changed');
    expect(writes().slice(2)).toEqual(['writes-unfreeze-intended', 'writes-unfreeze-done']);
    expect(await done('scan-drift')).toContain('scan-drift: PASS');
    expect(await done('status')).not.toContain('frozen');
  });
});

describe('freeze-writes', () => {
  it('asks a process of its own, as a command does that is one', async () => {
    await prepare();
    for (const [command, end] of [
      ['freeze-writes', 'are frozen; another process tried to write and was refused'],
      ['unfreeze-writes', 'are allowed again; another process tried to write and could'],
    ] as const) {
      const ran = await sealift([command, '--project', project], { process: true });
      expect([ran.code, ran.stdout], ran.stderr).toEqual([0, expect.stringContaining(end)]);
    }
  });

  it('fails while another process writes, and nothing is journaled or changed', async () => {
    await prepare();
    const writer = await startWriter(file());
    expect(await writer.run(`BEGIN IMMEDIATE; ${INSERT}`)).toBe('ok');
    const before = readFileSync(file());
    expect(await failing('freeze-writes')).toContain('another process is using the database');
    expect(readFileSync(file())).toEqual(before);
    expect(events()).toEqual([]);
    expect(await writer.run('ROLLBACK')).toBe('ok');
  });

  it('fails where a write gets in all the same, and does not say that it is done', async () => {
    await prepare();
    const said = await freezeWith({
      ...sqliteWrites,
      async freeze(_, __, note) {
        note('53');
        return {};
      },
    });
    expect(said).toMatchObject({ status: 'FAILED', failure: { code: 'SOURCE_WRITES' } });
    expect(said.failure?.what).toContain('a write to source "main" was tried and accepted');
    expect(writes()).toEqual(['writes-freeze-intended']);
  });

  it('names a database that was made writable by hand, and goes on when that is recorded', async () => {
    await prepare();
    await done('freeze-writes');
    patch((bytes) => (bytes[18] = 1));
    expect(await failing('freeze-writes')).toContain('was not touched, as the journal says');
    expect(await failing('migrate', '--require-frozen')).toContain('frozen, but it can be written');
    expect(await done('unfreeze-writes')).toContain('only the journal was changed');
    expect(await done('freeze-writes')).toContain('are frozen; another process');
    expect(await done('migrate', '--require-frozen')).toContain('DONE');
  });

  it('allows the writes of a frozen copy that was put back after an unfreeze', async () => {
    await prepare();
    await done('freeze-writes');
    const frozen = readFileSync(file());
    await done('unfreeze-writes');
    writeFileSync(file(), frozen);
    expect(await failing('freeze-writes')).toContain('run sealift unfreeze-writes first');
    expect(await done('unfreeze-writes')).toContain('are allowed again; another process');
    expect(await done('freeze-writes')).toContain('are frozen; another process');
  });

  it('touches no database that another project froze, or that was put in the place of its own', async () => {
    await prepare();
    await done('freeze-writes');
    const frozen = readFileSync(file());
    rmSync(join(project, 'storage_journal'), { recursive: true });
    for (const command of ['freeze-writes', 'unfreeze-writes']) {
      expect(await failing(command)).toContain('which this project did not do');
    }
    expect(await failing('migrate', '--require-frozen')).toContain('are not frozen');
    patch((bytes) => (bytes[18] = 1));
    await done('freeze-writes');
    patch((bytes) => bytes.writeUInt32BE(99, 24));
    const other = readFileSync(file());
    for (const command of ['freeze-writes', 'unfreeze-writes']) {
      expect(await failing(command)).toContain('its header is not the one that the journal notes');
    }
    expect(await failing('migrate', '--require-frozen')).toContain('its header is not the one');
    expect(readFileSync(file())).toEqual(other);
    expect(other).not.toEqual(frozen);
  });

  it('freezes what it can of several sources, and says what it cannot', async () => {
    await prepare();
    writeFileSync(join(project, 'more.csv'), 'id,name\n1,a\n');
    copyFileSync(file(), join(project, 'second.db'));
    const path = join(project, 'mapping/project.json');
    const mapping = JSON.parse(readFileSync(path, 'utf8')) as { sources: object };
    const more = { files: { url: 'csv:more.csv' }, second: { url: 'sqlite:second.db' } };
    writeFileSync(path, JSON.stringify({ ...mapping, sources: { ...mapping.sources, ...more } }));
    const { code, stdout, stderr } = await run('freeze-writes');
    expect(code).toBe(1);
    expect(stdout).toContain('main: writes of sqlite:legacy.db are frozen');
    expect(stdout).toContain('second: writes of sqlite:second.db are frozen');
    expect(stderr).toContain('source "files" is of kind csv, which cannot refuse writes by itself');
    expect(await done('freeze-writes', '--source', 'main', '--source', 'second')).toContain(
      'already',
    );
    expect(await failing('migrate', '--require-frozen')).toContain('is of kind csv');
    expect(await done('unfreeze-writes')).toContain('files: a csv source, which is never frozen');
    const named = (await run('freeze-writes', '--source', 'files', '--json')).stdout;
    expect(JSON.parse(named)).toMatchObject({ status: 'FAILED', failure: { code: 'UNSUPPORTED' } });
    expect(write()).toBe('ok');
  });

  it('shows of a source from the environment its place only', async () => {
    await prepare();
    const path = join(project, 'mapping/project.json');
    const mapping = readFileSync(path, 'utf8').replace('sqlite:legacy.db', 'env:LEGACY');
    writeFileSync(path, mapping);
    const env = { LEGACY: `sqlite:${file()}` };
    const ran = await sealift(['freeze-writes', '--project', project], { env });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toContain('main: writes of sqlite:legacy.db are frozen');
  });
});

/** Removes the last line of the journal, as if the command had been killed before it. */
function dropLastLine(): void {
  const path = join(project, 'storage_journal/journal.ndjson');
  const lines = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, `${lines.slice(0, -2).join('\n')}\n`);
}

describe('a command that was killed after its intent', () => {
  it.each([
    ['freeze', 'before', 'not-done'],
    ['freeze', 'half', 'done'],
    ['freeze', 'after', 'done'],
    ['unfreeze', 'before', 'not-done'],
    ['unfreeze', 'after', 'done'],
  ] as const)(
    '%s, %s its write, is recovered as %s by either command',
    async (change, when, step) => {
      for (const next of ['freeze-writes', 'unfreeze-writes']) {
        await prepare();
        if (change === 'unfreeze') await done('freeze-writes');
        const original = readFileSync(file());
        await done(`${change}-writes`);
        dropLastLine();
        if (when === 'before') writeFileSync(file(), original);
        if (when === 'half') patch((bytes) => original.copy(bytes, 19, 19, 100));
        expect(await failing('migrate', '--require-frozen')).toContain(
          'a change of them was not finished',
        );
        const status = await done('status');
        expect(status).toContain(`writes     of main: ${change} was begun at`);
        expect(status).toContain(`whether a source can be written: sealift ${change}-writes`);
        const said = await done(next);
        expect(said).toContain(`main: the ${change} of 2`);
        const recovered = journal(project).entries.filter((entry) => entry['recovered'] === true);
        expect(recovered.map(({ event }) => event)).toEqual([`writes-${change}-${step}`]);
        expect(write()).toBe(next === 'freeze-writes' ? 'SQLITE_READONLY' : 'ok');
        const required = await run('migrate', '--require-frozen');
        expect(required.code, required.stderr).toBe(next === 'freeze-writes' ? 0 : 1);
        rmSync(project, { recursive: true });
      }
      await prepare();
    },
  );
});

describe('migrate --require-frozen', () => {
  it('fails before it reads where nothing is frozen', async () => {
    await prepare();
    const line = await failing('migrate', '--require-frozen');
    expect(line).toContain('the writes of source "main" are not frozen');
    expect(line).toContain('run sealift freeze-writes first');
    expect(events()).toEqual([]);
  });

  it('fails with another file than the one that was frozen', async () => {
    await prepare();
    copyFileSync(file(), join(project, 'copy.db'));
    await done('freeze-writes');
    const copy = `sqlite:${join(project, 'copy.db')}`;
    expect(await failing('migrate', '--require-frozen', '--source', copy)).toContain(
      'but it can be written',
    );
  });

  it('publishes nothing where the freeze ended while it built', async () => {
    await prepare();
    await done('freeze-writes');
    const args = ['migrate', '--require-frozen', '--workers', '1', '--project', project];
    const halted = startHalting(args, /SHA256SUMS/);
    expect(await halted.reached).toBe(true);
    patch((bytes) => (bytes[18] = 1));
    halted.go();
    const { code, stderr } = await halted.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('frozen, but it can be written');
    expect(events()).not.toContain('sealed');
  });
});

/** What goes live is what the source is now: the proofs that promote accepts, and the cheats that it refuses. */

import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { loadMapping } from '../../src/mapping/loadMapping.ts';
import { projectPaths } from '../../src/project/paths.ts';
import { assertCurrent, type Currency, type Subject } from '../../src/promote/assertCurrent.ts';
import { ENVIRONMENT, SECRET, newProject, temporaryFolder } from '../fault/fixture.ts';
import { succeed, writeMapping } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';
import {
  append,
  build,
  journal,
  liveOf,
  pointByHand,
  rollbackHere,
  scanEntryOf,
  scanHere,
  storeOf,
} from './fixture.ts';

let template: string;
let project: string;
/** Two candidates of one content; the second is current. */
let names: readonly [string, string];

beforeAll(async () => {
  template = await newProject(5);
  const first = await build(template, 'one');
  await scanHere(template);
  names = [first, await build(template, 'two')];
  scanEntryOf(template, names[1], {});
});

afterAll(() => rmSync(template, { recursive: true }));

beforeEach(() => {
  project = temporaryFolder();
  cpSync(template, project, { recursive: true, verbatimSymlinks: true });
});

afterEach(() => rmSync(project, { recursive: true }));

const database = (): string => join(project, 'legacy.db');

function promote(...more: readonly string[]): Promise<Ran> {
  return sealift(['promote', '--project', project, '--memory', '128M', ...more]);
}

/** Promotes, and returns what the journal says of how it knew that the source is current. */
async function proofOf(...more: readonly string[]): Promise<unknown> {
  const ran = await promote(...more);
  expect(ran.code, ran.stderr).toBe(0);
  const intended = journal(project).entries.findLast(({ event }) => event === 'promote-intended');
  return intended?.['currency'];
}

/** The line of a promote that must change nothing but its report. */
async function refusal(code: number, ...more: readonly string[]): Promise<string> {
  const [live, lines] = [liveOf(project), journal(project).entries.length];
  const ran = await promote(...more);
  expect(ran.code, ran.stderr).toBe(code);
  expect([liveOf(project), journal(project).entries.length]).toEqual([live, lines]);
  expect(existsSync(join(storeOf(project), '.staging'))).toBe(false);
  expect(ran.stderr + ran.stdout).not.toContain(SECRET);
  return ran.stderr.split('\n').at(-2) ?? '';
}

function write(sql: string, file: string = database()): void {
  const db = new Database(file);
  db.exec(sql);
  db.close();
}

/** Sets the write version in the header: SQLite only reads a database of version 3. */
function setWriteVersion(version: 1 | 3): void {
  const file = openSync(database(), 'r+');
  writeSync(file, Buffer.from([version]), 0, 1, 18);
  closeSync(file);
}

/** Does what freeze-writes and unfreeze-writes do to the header, and journals it. */
function freeze(version: 1 | 3, change: 'freeze' | 'unfreeze'): void {
  setWriteVersion(version);
  const about = { source: 'main', label: 'legacy.db' };
  append(project, [
    { event: `writes-${change}-intended`, ...about },
    { event: `writes-${change}-done`, ...about },
  ]);
}

async function buildAndScan(): Promise<string> {
  const name = await build(project, 'again');
  scanEntryOf(project, name, {});
  return name;
}

/** Sets "gone" of the source in the mapping. */
function declareGone(gone: unknown): void {
  const path = join(project, 'mapping/project.json');
  const mapping = JSON.parse(readFileSync(path, 'utf8')) as {
    sources: { main: Record<string, unknown> };
  };
  mapping.sources.main['gone'] = gone;
  writeFileSync(path, JSON.stringify(mapping));
}

const CHANGED = /the source has changed since this candidate was built/;

describe('a source that has not changed', () => {
  it('has the same files as in the build', async () => {
    const { stdout } = await promote('--dry-run');
    expect(stdout).toContain('the files of the source are the same as in the build\n');
    expect(await proofOf()).toBe('same-files');
  });

  it('may lie elsewhere now', async () => {
    renameSync(database(), join(project, 'moved.db'));
    expect(await refusal(1)).toContain('tell where it is with --source');
    expect(await proofOf('--source', `sqlite:${join(project, 'moved.db')}`)).toBe('same-files');
  });

  it('is compared record by record where its files are others', async () => {
    write('VACUUM; CREATE INDEX more ON owners (name); DROP INDEX more');
    const { stdout } = await promote('--dry-run');
    expect(stdout).toContain('every record was compared with what the source holds now\n');
    expect(await proofOf()).toBe('compared');
  });

  it('is compared where the journal does not say what it was', async () => {
    const older = { event: 'sealed', candidate: names[1], sealId: names[1] };
    append(project, [older]);
    expect(await proofOf()).toBe('compared');
  });

  it('is compared where the candidate was built elsewhere', async () => {
    rmSync(join(project, 'storage_journal'), { recursive: true });
    await scanHere(project);
    scanEntryOf(project, names[1], { ...scanOf(template) });
    expect(await proofOf('--expect-seal', names[1])).toBe('compared');
    write("UPDATE owners SET name = 'x' WHERE id = 2");
    rmSync(join(project, 'storage_live'));
    rmSync(join(project, 'storage_journal'), { recursive: true });
    scanEntryOf(project, names[1], { ...scanOf(template) });
    expect(await refusal(1, '--expect-seal', names[1])).toMatch(CHANGED);
  });
});

/** What the last scan of a project was made with. */
function scanOf(of: string): object {
  const last = journal(of).entries.findLast(({ event }) => event === 'scan');
  return { checks: last?.['checks'] };
}

describe('a source that was written after the build', () => {
  it('keeps the candidate from going live, with the number of records', async () => {
    write("UPDATE owners SET name = 'x' WHERE id < 3; DELETE FROM visits WHERE rowid = 1");
    const line = await refusal(1);
    expect(line).toMatch(CHANGED);
    expect(line).toContain('3 records differ, 2 in owners, 1 in visits (seal id');
    expect(line).toContain('run sealift migrate and sealift scan-all, then promote again');
    expect(await refusal(1, '--dry-run')).toBe(line);
    const fresh = await buildAndScan();
    expect(await proofOf()).toBe('same-files');
    expect(liveOf(project)).toBe(fresh);
  });

  it('counts as unchanged once every byte is as it was', async () => {
    const before = readFileSync(database());
    write("UPDATE owners SET name = 'x' WHERE id = 2");
    expect(await refusal(1)).toMatch(CHANGED);
    writeFileSync(database(), before);
    expect(await proofOf()).toBe('same-files');
  });

  it('counts with what is in its log alone', async () => {
    write('PRAGMA journal_mode = WAL');
    await buildAndScan();
    const writer = new Database(database());
    writer.pragma('wal_autocheckpoint = 0');
    const before = readFileSync(database());
    writer.exec("UPDATE owners SET name = 'x' WHERE id = 2");
    expect(readFileSync(database()).equals(before)).toBe(true);
    // While its writer lives, and as a crash leaves it.
    expect(await refusal(1)).toContain('1 record differs, 1 in owners (seal id');
    for (const suffix of ['', '-wal']) cpSync(database() + suffix, `${database()}.copy${suffix}`);
    writer.close();
    const copy = `sqlite:${database()}.copy`;
    expect(await refusal(1, '--source', copy)).toContain('1 record differs, 1 in owners (seal id');
  });

  it('is found where only a table is new, or the mapping no longer fits', async () => {
    write('CREATE TABLE cats (id INTEGER PRIMARY KEY)');
    expect(await refusal(1)).toMatch(/changed since this candidate was built, table "cats"/);
    write('DROP TABLE cats; ALTER TABLE owners DROP COLUMN name');
    expect(await refusal(1)).toMatch(/"owners" no longer has column "name"/);
  });

  it('keeps an older candidate from going live, but not the way back', async () => {
    expect(await proofOf(names[0])).toBe('same-files');
    expect(await proofOf(names[1])).toBe('same-files');
    write('DELETE FROM visits');
    // What is live stays so, and is no question.
    const again = await promote();
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('was already live')]);
    expect(await refusal(1, names[0])).toMatch(CHANGED);
    rmSync(database());
    await rollbackHere(project);
    expect(liveOf(project)).toBe(names[0]);
  });
});

describe('a source whose writes are frozen', () => {
  it('since before the build is proof enough', async () => {
    freeze(3, 'freeze');
    await buildAndScan();
    const { stdout } = await promote('--dry-run');
    expect(stdout).toContain('the source was frozen before the build, and still is\n');
    expect(await proofOf()).toBe('frozen');
  });

  it('after the build has the same files, as what is frozen is no content', async () => {
    freeze(3, 'freeze');
    expect(await proofOf()).toBe('same-files');
  });

  it('is no proof for a candidate that was built from another file', async () => {
    cpSync(database(), join(project, 'older.db'));
    write('DELETE FROM visits WHERE rowid = 1');
    freeze(3, 'freeze');
    const older = `sqlite:${join(project, 'older.db')}`;
    await succeed(['migrate', '--project', project, '--source', older]);
    await succeed(['scan-all', '--project', project, '--source', older]);
    expect(await refusal(1)).toContain('1 record differs, 1 in visits (seal id');
    const { stdout } = await promote('--dry-run', '--source', older);
    expect(stdout).toContain('the files of the source at the place given by --source are the same');
  });

  it('is not frozen if it was written and frozen again by hand', async () => {
    freeze(3, 'freeze');
    await buildAndScan();
    setWriteVersion(1);
    write('DELETE FROM visits WHERE rowid = 1');
    setWriteVersion(3);
    expect(await refusal(1)).toContain('1 record differs, 1 in visits (seal id');
  });

  it('is not frozen since the build if it was written in between', async () => {
    freeze(3, 'freeze');
    await buildAndScan();
    freeze(1, 'unfreeze');
    write('DELETE FROM visits WHERE rowid = 1');
    freeze(3, 'freeze');
    expect(await refusal(1)).toContain('1 record differs, 1 in visits (seal id');
  });

  it('is not frozen if the file can be written, whatever the journal says', async () => {
    freeze(3, 'freeze');
    await buildAndScan();
    setWriteVersion(1);
    expect((await promote('--dry-run')).stdout).toContain('the files of the source are the same');
    write('DELETE FROM visits WHERE rowid = 1');
    expect(await refusal(1)).toContain('1 record differs, 1 in visits (seal id');
  });
});

describe('a source that is gone', () => {
  beforeEach(() => rmSync(database()));

  it('keeps the candidate from going live', async () => {
    const line = await refusal(1);
    expect(line).toContain('source "main" cannot be reached');
    expect(line).toContain('--source-gone --who NAME');
    expect(await refusal(1, '--dry-run')).toBe(line);
  });

  it('does not where the project declares it', async () => {
    declareGone(true);
    const { stdout } = await promote('--dry-run');
    expect(stdout).toContain('the source is gone, as mapping/project.json declares');
    expect(await proofOf()).toBe('gone');
  });

  it('is compared all the same where it is there, whatever the project declares', async () => {
    declareGone(true);
    cpSync(join(template, 'legacy.db'), database());
    write('DELETE FROM visits WHERE rowid = 1');
    expect(await refusal(1)).toMatch(CHANGED);
  });

  it('is not declared by anything but true', async () => {
    declareGone(false);
    expect(await refusal(64)).toContain('mapping/project.json');
  });

  it('does not where a person states it, by name', async () => {
    expect(await refusal(64, '--source-gone')).toContain('needs the name of the person');
    const { stdout } = await promote('--dry-run', '--source-gone', '--who', 'ada');
    expect(stdout).toContain('the source is gone, as ada states: nothing was compared with it\n');
    expect(await proofOf('--source-gone', '--who', 'ada')).toBe('gone');
    expect(journal(project).entries.at(-2)).toMatchObject({ currency: 'gone', who: 'ada' });
  });

  it('is not gone for a place of the command line at which nothing is', async () => {
    cpSync(join(template, 'legacy.db'), database());
    write('DELETE FROM visits WHERE rowid = 1');
    const nowhere = ['--source', 'sqlite:/nowhere.db', '--who', 'ada'];
    const line = /source "main" cannot be reached where --source says/;
    expect(await refusal(1, ...nowhere, '--source-gone')).toMatch(line);
    declareGone(true);
    expect(await refusal(1, ...nowhere)).toMatch(line);
  });

  it('is in the journal where the command line said to look for it', async () => {
    const copy = ['--source', `sqlite:${join(template, 'legacy.db')}`];
    expect(await proofOf(...copy)).toBe('same-files');
    expect(journal(project).entries.at(-2)).toMatchObject({ sourcesGiven: ['main'] });
  });

  it('is not covered by a freeze that cannot be looked at', async () => {
    cpSync(join(template, 'legacy.db'), database());
    freeze(3, 'freeze');
    await buildAndScan();
    rmSync(database());
    expect(await refusal(1)).toContain('cannot be reached');
  });
});

function scanLive(): Promise<Ran> {
  return sealift(['scan-all', '--project', project, '--candidate', 'live']);
}

describe('a scan of what is live', () => {
  it('warns of a source that cannot be reached, unless that is declared', async () => {
    await proofOf();
    expect(await scanLive()).toMatchObject({ code: 0 });
    const bytes = readFileSync(database());
    rmSync(database());
    const unreached = await scanLive();
    expect(unreached.code).toBe(1);
    expect(unreached.stdout).toMatch(/^WARNING drift: source "main" cannot be reached/m);
    // Before it is live, that is only a note.
    expect(await sealift(['scan-all', '--project', project])).toMatchObject({ code: 0 });
    declareGone(true);
    expect(await scanLive()).toMatchObject({ code: 0 });
    declareGone(undefined);
    writeFileSync(database(), bytes.subarray(0, bytes.length - 4096));
    const damaged = await scanLive();
    expect([damaged.code, damaged.stdout]).toEqual([1, expect.stringContaining('truncated')]);
  });

  it('tells that the link was moved by hand', async () => {
    await proofOf();
    pointByHand(project, names[0]);
    const moved = await scanLive();
    expect([moved.code, moved.stdout]).toEqual([2, expect.stringContaining('seal-unexpected')]);
  });
});

const dogs = (): string => join(project, 'dogs.csv');
const cats = (): string => join(project, 'cats.ndjson');

/** A module of a file with columns `id` and `name`. */
function moduleOf(name: string, table: string): object {
  return {
    source: { name, table },
    key: [{ column: 'id', type: 'string' }],
    id: { rule: 'keep' },
    fields: { id: { column: 'id', type: 'string' }, name: { column: 'name', type: 'string' } },
  };
}

describe('more sources than one', () => {
  beforeEach(async () => {
    rmSync(project, { recursive: true });
    project = temporaryFolder();
    writeFileSync(dogs(), 'id,name\n1,Rex\n2,Ada\n');
    writeFileSync(cats(), '{"id":"1","name":"Tom"}\n');
    writeMapping(project, {
      sources: { main: 'csv:dogs.csv', other: 'ndjson:cats.ndjson' },
      modules: { dogs: moduleOf('main', 'dogs'), cats: moduleOf('other', 'cats') },
    });
    await succeed(['migrate', '--project', project]);
    await succeed(['scan-all', '--project', project]);
  });

  it('have a proof each, of which the weakest counts', async () => {
    writeFileSync(dogs(), '"id","name"\n1,Rex\n2,Ada\n');
    const { stdout } = await promote('--dry-run');
    expect(stdout).toContain('every record was compared with what source "main" holds now\n');
    expect(stdout).toContain('the files of source "other" are the same as in the build\n');
    expect(await proofOf()).toBe('compared');
    writeFileSync(dogs(), 'id,name\n1,Rex\n2,Bella\n');
    rmSync(join(project, 'storage_live'));
    expect(await refusal(1)).toContain('1 record differs, 1 in dogs (seal id');
  });

  it('cannot be compared where one of them is gone', async () => {
    rmSync(cats());
    expect(await proofOf('--source-gone', '--who', 'ada')).toBe('gone');
    rmSync(join(project, 'storage_live'));
    writeFileSync(dogs(), 'id,name\n1,Rex\n2,Bella\n');
    const line = await refusal(1, '--source-gone', '--who', 'ada');
    expect(line).toContain('records cannot be compared without source "other", which is gone');
  });
});

/** Builds from a database that is frozen, and from a file whose bytes change afterwards. */
async function buildFromFrozen(): Promise<Subject> {
  rmSync(project, { recursive: true });
  project = temporaryFolder();
  writeFileSync(dogs(), 'id,name\n1,Rex\n');
  write("CREATE TABLE cats (id TEXT PRIMARY KEY, name TEXT); INSERT INTO cats VALUES ('1', 'Tom')");
  writeMapping(project, {
    sources: { main: 'sqlite:legacy.db', other: 'csv:dogs.csv' },
    modules: { cats: moduleOf('main', 'cats'), dogs: moduleOf('other', 'dogs') },
  });
  await succeed(['freeze-writes', '--source', 'main', '--project', project]);
  const name = await build(project, 'frozen');
  writeFileSync(dogs(), '"id","name"\n1,Rex\n');
  const sealed = await loadMapping(join(storeOf(project), 'sealed', name), { sealed: true });
  const current = await loadMapping(project);
  return { paths: projectPaths(project), name, sealed, current };
}

describe('a source that was frozen before the build', () => {
  const none = { sources: new Map(), sourceGone: false, who: null };

  it('is not current where its writes were allowed while others were compared', async () => {
    const subject = await buildFromFrozen();
    const equal = { records: new Map<string, number>(), others: [] };
    const options = { project, cwd: project, ...none };
    const prove = (meanwhile: () => Promise<unknown>): Promise<Currency> =>
      assertCurrent(subject, options, ENVIRONMENT, async () => {
        await meanwhile();
        return equal;
      });
    // It is, where nothing happened (negative control).
    expect(await prove(async () => {})).toMatchObject({ proof: 'compared' });
    const unfreeze = ['unfreeze-writes', '--source', 'main', '--project', project];
    await expect(prove(() => succeed(unfreeze))).rejects.toThrow(
      'the writes of source "main" were allowed again meanwhile',
    );
  });
});

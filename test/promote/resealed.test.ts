/**
 * A candidate that was changed and sealed anew where another one lies, and a live link that a hand has
 * moved: consistent in itself, so that only what is known outside of it tells.
 */

import {
  cpSync,
  existsSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { diff } from '../../src/flow/diff.ts';
import { scan } from '../../src/flow/scan.ts';
import { scanDrift } from '../../src/flow/scanDrift.ts';
import { verifyChecksums } from '../../src/flow/verifyChecksums.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';
import { ENVIRONMENT, newProject, temporaryFolder, treeOf } from '../fault/fixture.ts';
import {
  build,
  journal,
  liveOf,
  pointByHand,
  promoteHere,
  pruneHere,
  rollbackHere,
  scanEntryOf,
  scanHere,
  statusHere,
  storeOf,
} from './fixture.ts';

let template: string;
let project: string;
/** What was live before, and what is live and was built last. */
let before: string;
let live: string;
/** A candidate of the same mapping in which one value is another. */
let forged: string;

beforeAll(async () => {
  template = await newProject(5);
  forged = temporaryFolder();
  cpSync(template, forged, { recursive: true });
  const db = new Database(join(forged, 'legacy.db'));
  db.exec("UPDATE visits SET day = '2024-01-31' WHERE rowid = 1");
  db.close();
  await build(forged, 'two');
  before = await build(template, 'one');
  await scanHere(template);
  await promoteHere(template);
  live = await build(template, 'two');
  await scanHere(template);
  await promoteHere(template);
});

afterAll(() => {
  rmSync(template, { recursive: true });
  rmSync(forged, { recursive: true });
});

beforeEach(() => {
  project = temporaryFolder();
  cpSync(template, project, { recursive: true, verbatimSymlinks: true });
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

function sealed(name: string): string {
  return join(storeOf(project), 'sealed', name);
}

/** Puts the forged candidate in the place of another. */
function reseal(name: string): void {
  rmSync(sealed(name), { recursive: true });
  cpSync(join(storeOf(forged), 'v1/'), sealed(name), { recursive: true, dereference: true });
}

function verify(candidate: string | null, expectSeal: string | null = null): Promise<Outcome> {
  return verifyChecksums({ project, candidate, expectSeal, workers: 1 }, ENVIRONMENT);
}

async function scanned(candidate: string, expectSeal?: string): Promise<Outcome> {
  const found = openFindings(project);
  try {
    const options = { command: 'scan-all', project, candidate, modules: null } as const;
    const seal = expectSeal === undefined ? {} : { expectSeal };
    const all = { ...options, ...seal, recount: null, workers: 1, memory: 2 ** 26 };
    const outcome = await scan(all, ENVIRONMENT, found);
    return { ...outcome, findings: [...outcome.findings] };
  } finally {
    found.close();
  }
}

function rulesOf({ findings }: Outcome): string[] {
  return [...findings].map(({ rule }) => rule);
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({ name: 'Failure' });
  return (error as { line: () => string }).line();
}

describe('a candidate that was changed and sealed anew in the place of another', () => {
  it('would pass anywhere else', async () => {
    expect(await verify(join(storeOf(forged), 'v1'))).toMatchObject({ status: 'PASS' });
    const elsewhere = join(project, 'copy');
    reseal(live);
    renameSync(sealed(live), elsewhere);
    expect(await verify(elsewhere)).toMatchObject({ status: 'PASS' });
  });

  it.each(['v1', 'live', 'seal id', 'path'])('is found by verify-checksums of %s', async (how) => {
    reseal(live);
    const names = { v1: null, live: 'live', 'seal id': live.slice(0, 12), path: sealed(live) };
    const outcome = await verify(names[how as keyof typeof names]);
    expect(outcome.status).toBe('FAIL');
    expect(rulesOf(outcome)).toEqual(['seal-unexpected']);
  });

  it.each(['v1', 'live'])(
    'is found by scan-all of %s, which counts against its name',
    async (how) => {
      reseal(live);
      const outcome = await scanned(how);
      expect(outcome.status).toBe('FAIL');
      expect(rulesOf(outcome)).toEqual(['seal-unexpected']);
      const entry = journal(project).entries.at(-1);
      expect(entry).toMatchObject({ event: 'scan', sealId: live, verdict: 'FAIL', checks: null });
    },
  );

  it('is found by scan-drift and diff', async () => {
    reseal(live);
    const found = openFindings(project);
    const here = { project, cwd: project, sources: new Map<string, string>() };
    const drift = { ...here, workers: 1, memory: 2 ** 26, depth: 'mapping' } as const;
    expect(rulesOf(await scanDrift(drift, ENVIRONMENT, found))).toEqual(['seal-unexpected']);
    const sides = { project, cwd: project, a: before, b: 'live', showValues: null };
    expect(await failure(diff(sides, ENVIRONMENT, found))).toContain(
      "differs from the one in its folder's name",
    );
    found.close();
  });

  it.each(['live', 'before'] as const)(
    'is told by status where it is the one %s',
    async (which) => {
      const name = which === 'live' ? live : before;
      expect((await statusHere(project)).notes.join('\n')).not.toContain('changed');
      reseal(name);
      const { notes, facts = {} } = await statusHere(project);
      expect(notes.join('\n')).toContain(`${name}, changed: its seal id differs from its name`);
      const command = `sealift verify-checksums --candidate ${name}`;
      expect(facts['next']).toMatchObject({ command });
    },
  );

  it('does not go live, by promote or by rollback, and is no reason to remove another', async () => {
    reseal(before);
    const tree = treeOf(project, ['storage_candidate/.lock', 'storage_journal/.lock']);
    expect(await failure(rollbackHere(project))).toContain('rule seal-unexpected');
    expect(await failure(promoteHere(project, { candidate: before }))).toContain('seal-unexpected');
    expect(await failure(pruneHere(project))).toContain('differs from the name of its folder');
    expect(treeOf(project, ['storage_candidate/.lock', 'storage_journal/.lock'])).toEqual(tree);
    expect(liveOf(project)).toBe(live);
  });
});

/** Puts the forged candidate into the project as what was built last, by the name that its seal asks for. */
function bringForged(): string {
  const link = join(storeOf(forged), 'v1');
  const name = basename(readlinkSync(link));
  cpSync(realpathSync(link), sealed(name), { recursive: true });
  pointBuilt(name);
  return name;
}

function pointBuilt(name: string): void {
  rmSync(join(storeOf(project), 'v1'));
  symlinkSync(`sealed/${name}`, join(storeOf(project), 'v1'));
}

describe('a candidate that no migrate of the project has sealed, by its right name', () => {
  let name: string;

  beforeEach(() => {
    name = bringForged();
  });

  it.each(['v1', 'seal id', 'path'])('is found by verify-checksums of %s', async (how) => {
    const names = { v1: null, 'seal id': name.slice(0, 12), path: sealed(name) };
    const outcome = await verify(names[how as keyof typeof names]);
    expect([outcome.status, rulesOf(outcome)]).toEqual(['FAIL', ['seal-unexpected']]);
  });

  it('is found by scan-all, and does not go live, whatever was scanned', async () => {
    const outcome = await scanned('v1');
    expect([outcome.status, rulesOf(outcome)]).toEqual(['FAIL', ['seal-unexpected']]);
    scanEntryOf(project, name, {});
    const refused = await failure(promoteHere(project, { candidate: name }));
    expect(refused).toContain('this candidate was not sealed by a migrate of this project');
    expect(refused).toContain('--expect-seal');
    expect(liveOf(project)).toBe(live);
  });

  it('is told by status, which says to build it here', async () => {
    const { notes, facts = {} } = await statusHere(project);
    expect(notes.join('\n')).toContain(`${name}, not sealed by this project`);
    expect(facts['next']).toMatchObject({ command: 'sealift migrate' });
  });

  it('goes live where its seal id was brought by another way, and is held from then on', async () => {
    expect(await verify(null, name)).toMatchObject({ status: 'PASS' });
    expect(await scanned('v1', name)).toMatchObject({ status: 'PASS' });
    expect(await failure(promoteHere(project, { candidate: name }))).toContain('not sealed by');
    // Its records are not those of the source here, so it counts only where that is gone.
    const differs = await failure(promoteHere(project, { expectSeal: name }));
    expect(differs).toContain('the source has changed since this candidate was built, 2 records');
    rmSync(join(project, 'legacy.db'));
    await promoteHere(project, { expectSeal: name, sourceGone: true, who: 'ada' });
    expect(liveOf(project)).toBe(name);
    expect(await verify('live')).toMatchObject({ status: 'PASS' });
    expect((await statusHere(project)).notes.join('\n')).not.toMatch(/sealed by no|not sealed by/);
  });

  it('is not scanned as another', async () => {
    const outcome = await scanned('v1', live);
    expect([outcome.status, rulesOf(outcome)]).toEqual(['FAIL', ['seal-unexpected']]);
  });
});

describe('a link to what was built that a hand has moved', () => {
  beforeEach(() => {
    pointBuilt(before);
  });

  it('is told by scan-all, verify-checksums and status', async () => {
    const told = `${live} was sealed after it`;
    expect((await scanned('v1')).notes.join('\n')).toContain(told);
    expect((await verify(null)).notes.join('\n')).toContain(told);
    const { notes, facts = {} } = await statusHere(project);
    expect(notes.join('\n')).toContain(told);
    expect(facts['next']).toMatchObject({ command: 'sealift migrate' });
  });

  it('does not say what promote makes live: a name does', async () => {
    expect(await failure(promoteHere(project))).toContain(
      `v1 points to ${before}, but ${live} was sealed after it`,
    );
    expect(liveOf(project)).toBe(live);
    await promoteHere(project, { candidate: before });
    expect(liveOf(project)).toBe(before);
  });
});

describe('prune', () => {
  it('keeps what was sealed last, also where v1 was moved to an older or a foreign candidate', async () => {
    const last = await build(project, 'three');
    for (const name of [before, bringForged()]) {
      pointBuilt(name);
      await pruneHere(project);
      expect(existsSync(sealed(last))).toBe(true);
    }
  });
});

describe('a journal that has lost what was live', () => {
  it('stops promote, rollback and prune, which would take its place for good', async () => {
    rmSync(join(project, 'storage_journal'), { recursive: true });
    await build(project, 'three');
    await scanHere(project);
    for (const run of [promoteHere, rollbackHere, pruneHere]) {
      expect(await failure(run(project))).toContain('does not say that any was made live');
    }
    pointByHand(project, null);
    await promoteHere(project);
  });
});

describe('a mapping that was changed after the scan', () => {
  it('is told by promote, which makes live what was scanned', async () => {
    const next = await build(project, 'three');
    await scanHere(project);
    const path = join(project, 'mapping/modules/owners.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('{', '{ '));
    const { notes } = await promoteHere(project);
    expect(notes.join('\n')).toContain('the mapping has changed since this candidate was built');
    expect(liveOf(project)).toBe(next);
  });
});

describe('a live link that a hand has moved', () => {
  it.each(['live', 'path'])('is found by verify-checksums and scan-all of %s', async (how) => {
    const name = how === 'live' ? 'live' : join(project, 'storage_live');
    expect(await verify(name)).toMatchObject({ status: 'PASS' });
    pointByHand(project, before);
    const verified = await verify(name);
    expect(rulesOf(verified)).toEqual(['seal-unexpected']);
    expect([...verified.findings][0]?.reason).toBe(
      `storage_live points to ${before}, which no command has made live: the journal says ${live} is live`,
    );
    const outcome = await scanned(name);
    expect([outcome.status, rulesOf(outcome)]).toEqual(['FAIL', ['seal-unexpected']]);
  });

  it('is found after a command has written it down, until a candidate is promoted', async () => {
    pointByHand(project, before);
    await pruneHere(project);
    expect(rulesOf(await verify('live'))).toEqual(['seal-unexpected']);
    await promoteHere(project);
    expect(rulesOf(await verify('live'))).toEqual([]);
  });

  it('is told by diff', async () => {
    pointByHand(project, before);
    const found = openFindings(project);
    const sides = { project, cwd: project, a: 'live', b: live, showValues: null };
    const { notes } = await diff(sides, ENVIRONMENT, found);
    expect(notes.join('\n')).toContain('which no command has made live');
    found.close();
  });

  it('says nothing of the candidate by another name', async () => {
    pointByHand(project, before);
    expect(await verify(before)).toMatchObject({ status: 'PASS' });
    expect(await scanned(before)).toMatchObject({ status: 'PASS' });
  });

  it('is told where it is gone', async () => {
    pointByHand(project, null);
    expect(await failure(verify('live'))).toContain(`the journal says that ${live} is live`);
  });
});

describe('what verify-checksums says that it proves', () => {
  it('is less for a candidate outside of the project', async () => {
    const { notes } = await verify(null);
    expect(notes.join()).toContain('sealed by a migrate of this project, according to its journal');
    cpSync(sealed(live), join(project, 'copy'), { recursive: true });
    const copied = await verify(join(project, 'copy'));
    expect(copied.notes.join()).toContain('internally consistent only');
    expect((await verify(join(project, 'copy'), before)).status).toBe('FAIL');
  });
});

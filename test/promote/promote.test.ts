/** What may go live, what may not, and the ways back. */

import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { acquireLock, lockHolder } from '../../src/disk/lock.ts';
import { migrateHere, newProject, temporaryFolder, treeOf } from '../fault/fixture.ts';
import {
  append,
  build,
  eventsOf,
  journal,
  journalOf,
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
/** Three candidates of one content, built in this order, the first scanned; the last is current. */
let names: readonly [string, string, string];

beforeAll(async () => {
  template = await newProject(5);
  const first = await build(template, 'one');
  await scanHere(template);
  names = [first, await build(template, 'two'), await build(template, 'three')];
  for (const name of names.slice(1)) scanEntryOf(template, name, {});
});

afterAll(() => {
  rmSync(template, { recursive: true });
});

beforeEach(() => {
  project = temporaryFolder();
  cpSync(template, project, { recursive: true, verbatimSymlinks: true });
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

/** Everything but the lock; reports are not written by the flows. */
function tree(): Map<string, string> {
  return treeOf(project, ['storage_candidate/.lock', 'storage_journal/.lock']);
}

/** The failure of a command that has to change nothing. */
async function refused(run: () => Promise<unknown>): Promise<string> {
  const before = tree();
  const failure = await run().then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ name: 'Failure' });
  expect(tree()).toEqual(before);
  return (failure as { line: () => string }).line();
}

function candidate(name: string): string {
  return join(storeOf(project), 'sealed', name);
}

const PASSED = { verdict: 'PASS', counts: { BLOCKER: 0, WARNING: 0, INFO: 0 } };

function checksInForce(): unknown {
  return journal(project).entries.find(({ event }) => event === 'scan')?.['checks'];
}

function kept(): string[] {
  return readdirSync(join(storeOf(project), 'sealed')).toSorted();
}

/** The command that status suggests. */
async function next(): Promise<unknown> {
  const { facts = {} } = await statusHere(project);
  return (facts['next'] as { command: unknown }).command;
}

describe('promote', () => {
  it('makes what was built last live, and writes down what it intends and what it did', async () => {
    const before = eventsOf(project).length;
    const outcome = await promoteHere(project, { who: 'ada' });
    expect(outcome).toMatchObject({ status: 'DONE', sealId: names[2] });
    expect(liveOf(project)).toBe(names[2]);
    expect(journal(project).entries.slice(before + 1)).toMatchObject([
      { event: 'promote-intended', from: null, to: names[2], sealId: names[2], who: 'ada' },
      { event: 'promote-done', to: names[2], who: 'ada' },
    ]);
    expect(existsSync(join(project, 'storage_live/checksums/SHA256SUMS'))).toBe(true);
  });

  it('takes a seal id, or its first digits', async () => {
    await promoteHere(project, { candidate: names[0] });
    expect(liveOf(project)).toBe(names[0]);
    await promoteHere(project, { candidate: names[1].slice(0, 12) });
    expect(liveOf(project)).toBe(names[1]);
  });

  it('does nothing where the candidate is live already', async () => {
    await promoteHere(project);
    const before = tree();
    const { notes } = await promoteHere(project);
    expect(notes).toEqual(['it was already live, nothing was changed']);
    expect(tree()).toEqual(before);
  });

  it('changes nothing on a dry run, and says the same', async () => {
    const before = tree();
    const { sealId, notes } = await promoteHere(project, { dryRun: true });
    expect([sealId, notes.at(-1)]).toEqual([names[2], 'dry run: nothing was changed']);
    expect(tree()).toEqual(before);
  });

  it.each([
    ['was never scanned', null, 'never scanned'],
    ['failed its scan', { verdict: 'FAIL' }, 'failed'],
    ['did not verify when it was scanned', { verdict: 'FAIL', checks: null }, 'failed'],
    ['was scanned with other checks', { checks: '0'.repeat(64) }, 'checks or severities'],
    ['passed, with findings', { counts: { BLOCKER: 1, WARNING: 0, INFO: 0 } }, 'failed'],
    ['passed, with nothing counted', { counts: {} }, 'failed'],
    [
      'has warnings',
      { verdict: 'WARN', counts: { BLOCKER: 0, WARNING: 2, INFO: 0 } },
      'found warnings',
    ],
  ] as const)('refuses a candidate that %s', async (_, like, text) => {
    const fresh = await build(project, 'four');
    if (like !== null) {
      scanEntryOf(project, fresh, {});
      scanEntryOf(project, fresh, like);
    }
    expect(await refused(() => promoteHere(project))).toContain(text);
    scanEntryOf(project, fresh, like === null ? {} : { checks: checksInForce(), ...PASSED });
    await promoteHere(project);
    expect(liveOf(project)).toBe(fresh);
  });

  it('accepts warnings when told to', async () => {
    scanEntryOf(project, names[2], {
      verdict: 'WARN',
      counts: { BLOCKER: 0, WARNING: 2, INFO: 0 },
    });
    await promoteHere(project, { allowWarnings: true });
    expect(journal(project).entries.at(-2)).toMatchObject({ warningsAllowed: 2 });
  });

  it('counts no scan of some modules', async () => {
    const before = eventsOf(project);
    expect(await scanHere(project, ['dogs'])).toMatchObject({ status: 'PASS' });
    expect(eventsOf(project)).toEqual(before);
  });

  it('refuses what was scanned before the mapping asked for something else', async () => {
    const path = join(project, 'mapping/project.json');
    const text = readFileSync(path, 'utf8');
    const mapping = JSON.parse(text) as object;
    const severities = [{ rule: 'unique', severity: 'WARNING' }];
    writeFileSync(path, JSON.stringify({ ...mapping, severities }));
    expect(await refused(() => promoteHere(project))).toContain(
      'checks or severities in the mapping have changed',
    );
    writeFileSync(path, JSON.stringify(mapping, null, 3));
    await promoteHere(project);
  });

  it('refuses a candidate of which a byte was changed after its scan', async () => {
    appendFileSync(join(candidate(names[2]), 'dogs/schema.json'), ' ');
    expect(await refused(() => promoteHere(project))).toContain('does not verify, rule checksum');
  });

  it('refuses a candidate in the place of another', async () => {
    rmSync(candidate(names[2]), { recursive: true });
    renameSync(candidate(names[1]), candidate(names[2]));
    expect(await refused(() => promoteHere(project))).toContain('rule seal-unexpected');
  });

  it('refuses a link in the place of a candidate', async () => {
    renameSync(candidate(names[2]), join(project, 'elsewhere'));
    symlinkSync(join(project, 'elsewhere'), candidate(names[2]));
    expect(await refused(() => promoteHere(project))).toContain('there is no candidate');
    const byId = await refused(() => promoteHere(project, { candidate: names[2] }));
    expect(byId).toContain('no candidate with that seal id');
  });

  it('refuses a sample, however it was scanned', async () => {
    await migrateHere(project, { runId: 'sample', sample: 2 });
    const sample = basename(readlinkSync(join(storeOf(project), 'v1')));
    scanEntryOf(project, sample, {});
    expect(await next()).toBe('sealift migrate');
    expect(await refused(() => promoteHere(project))).toContain('a sample of the rows');
  });

  it('refuses another candidate than the expected one', async () => {
    const line = await refused(() => promoteHere(project, { expectSeal: names[0] }));
    expect(line).toContain('not the candidate that --expect-seal names');
    await promoteHere(project, { expectSeal: names[2] });
  });

  it.each(['file', 'folder', 'link elsewhere'])('leaves a %s in the live place', async (what) => {
    const link = join(project, 'storage_live');
    if (what === 'file') writeFileSync(link, 'x');
    if (what === 'folder') mkdirSync(link);
    if (what === 'link elsewhere') symlinkSync('mapping', link);
    expect(await refused(() => promoteHere(project))).toContain('nothing was changed');
    rmSync(link, { recursive: true });
    await promoteHere(project);
  });

  it('goes nowhere without a journal that holds', async () => {
    const path = join(journalOf(project), 'journal.ndjson');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"PASS"', '"WARN"'));
    for (const run of [promoteHere, rollbackHere, pruneHere, statusHere, scanHere]) {
      expect(await refused(() => run(project))).toMatch(/journal is broken/);
    }
  });
});

describe('rollback', () => {
  beforeEach(async () => {
    for (const name of names) await promoteHere(project, { candidate: name });
  });

  it('goes back one by one, and no further than the first', async () => {
    await rollbackHere(project);
    expect(liveOf(project)).toBe(names[1]);
    await rollbackHere(project);
    expect(liveOf(project)).toBe(names[0]);
    expect(await refused(() => rollbackHere(project))).toContain('no candidate was live before');
  });

  it('goes to the one that is named, and forgets what was live in between', async () => {
    await rollbackHere(project, { to: names[0] });
    expect(liveOf(project)).toBe(names[0]);
    expect(await refused(() => rollbackHere(project))).toContain('no candidate was live before');
    await promoteHere(project, { candidate: names[2] });
    await rollbackHere(project);
    expect(liveOf(project)).toBe(names[0]);
  });

  it('does not go to what is live, was never live, or is not there', async () => {
    const never = await build(project, 'four');
    expect(await refused(() => rollbackHere(project, { to: names[2] }))).toContain('live already');
    expect(await refused(() => rollbackHere(project, { to: never }))).toContain('was not live');
    expect(await refused(() => rollbackHere(project, { to: '0'.repeat(64) }))).toContain('no cand');
    rmSync(candidate(names[1]), { recursive: true });
    expect(await refused(() => rollbackHere(project))).toContain('no longer exists');
  });

  it('does not take a candidate that was built again for the one that was live, and says so', async () => {
    const again = await build(project, 'one');
    rmSync(candidate(names[0]), { recursive: true });
    const message = await refused(() => rollbackHere(project, { to: names[0] }));
    expect(message).toContain('an equal one was built since');
    expect(message).toContain(`sealift promote ${again.slice(0, 8)}`);
    await promoteHere(project, { candidate: again.slice(0, 64) });
    expect(liveOf(project)).toBe(again);
  });

  it('does not go to a candidate that does not verify', async () => {
    appendFileSync(join(candidate(names[1]), 'dogs/data.ndjson'), '{}\n');
    expect(await refused(() => rollbackHere(project))).toContain('does not verify');
    await rollbackHere(project, { to: names[0] });
  });

  it('changes nothing on a dry run', async () => {
    const before = tree();
    expect((await rollbackHere(project, { dryRun: true })).sealId).toBe(names[1]);
    expect(tree()).toEqual(before);
  });
});

describe('a live link that was changed by hand', () => {
  beforeEach(async () => {
    await promoteHere(project, { candidate: names[0] });
    await promoteHere(project, { candidate: names[1] });
  });

  it('is told by status, and by the next command, which writes it down', async () => {
    pointByHand(project, names[2]);
    const note = `storage_live was changed by hand: it points to ${names[2]}, but pointed to ${names[1]} according to the journal`;
    expect((await statusHere(project)).notes).toContain(note);
    expect((await promoteHere(project, { candidate: names[0] })).notes).toContain(note);
    expect(eventsOf(project).slice(-3)).toEqual([
      'pointer-found',
      'promote-intended',
      'promote-done',
    ]);
    expect((await statusHere(project)).notes).not.toContain(note);
    // What got there by hand is no place to go back to.
    await rollbackHere(project);
    expect(liveOf(project)).toBe(names[1]);
  });

  it('leaves it to the operator where to go back', async () => {
    pointByHand(project, names[2]);
    expect(await refused(() => rollbackHere(project))).toContain(`go back with --to ${names[1]}`);
    await rollbackHere(project, { to: names[1] });
    expect(liveOf(project)).toBe(names[1]);
    await rollbackHere(project);
    expect(liveOf(project)).toBe(names[0]);
  });

  it('is not gone back to where a promote has mended it: rollback and prune pass it over', async () => {
    // names[0] is what a command made live before names[1], which is live.
    pointByHand(project, names[2]);
    await promoteHere(project, { candidate: names[1] });
    await pruneHere(project);
    await rollbackHere(project);
    expect(liveOf(project)).toBe(names[0]);
  });

  it('may be gone', async () => {
    pointByHand(project, null);
    expect((await statusHere(project)).facts).toMatchObject({ live: null });
    await promoteHere(project, { candidate: names[2] });
    await rollbackHere(project);
    expect(liveOf(project)).toBe(names[1]);
  });
});

describe('a move that was killed', () => {
  it.each([
    ['before the link was switched', false, 'promote-not-done', 'before it took effect'],
    ['after it', true, 'promote-done', 'after it had taken effect'],
  ])('%s is noted by the next command', async (_, switched, event, text) => {
    await promoteHere(project, { candidate: names[0] });
    append(project, [{ event: 'promote-intended', to: names[1], from: names[0] }]);
    if (switched) pointByHand(project, names[1]);
    else symlinkSync('half', join(project, '.storage_live.new'));
    expect((await statusHere(project)).notes.join('\n')).toContain(text);
    const { notes } = await promoteHere(project, { candidate: names[2] });
    expect(notes[0]).toContain(text);
    const last = journal(project).entries.slice(-3);
    expect(last[0]).toMatchObject({ event, to: names[1], recovered: true });
    expect(readdirSync(project)).not.toContain('.storage_live.new');
    await rollbackHere(project);
    expect(liveOf(project)).toBe(names[switched ? 1 : 0]);
  });

  it('may have left the link of another hand', async () => {
    await promoteHere(project, { candidate: names[0] });
    append(project, [{ event: 'promote-intended', to: names[1], from: names[0] }]);
    pointByHand(project, names[2]);
    await promoteHere(project, { candidate: names[1] });
    expect(eventsOf(project).slice(-4)).toEqual([
      'promote-not-done',
      'pointer-found',
      'promote-intended',
      'promote-done',
    ]);
  });
});

describe('prune', () => {
  it('keeps what is live, what was before, what was built last and what is named', async () => {
    const fourth = await build(project, 'four');
    scanEntryOf(project, fourth, {});
    const fifth = await build(project, 'five');
    for (const name of [names[0], names[1], names[2]]) {
      await promoteHere(project, { candidate: name });
    }
    const { notes } = await pruneHere(project, { keep: [names[0].slice(0, 10)] });
    expect(kept()).toEqual([...names, fifth].toSorted());
    expect(notes[0]).toBe(`removed: ${fourth}`);
    expect(notes[1]).toMatch(/^1 candidate removed, 4 kept, \d+\.\d kB freed$/);
    expect(journal(project).entries.at(-1)).toMatchObject({ event: 'prune', candidates: [fourth] });
    await pruneHere(project);
    expect(kept()).toEqual([names[1], names[2], fifth].toSorted());
    expect(readdirSync(storeOf(project))).not.toContain('.trash');
  });

  it('changes nothing on a dry run', async () => {
    const before = tree();
    const { notes } = await pruneHere(project, { dryRun: true });
    expect(notes.filter((note) => note.startsWith('would be removed'))).toHaveLength(2);
    expect(tree()).toEqual(before);
  });

  it('does not remove everything for want of a link', async () => {
    unlinkSync(join(storeOf(project), 'v1'));
    expect(await refused(() => pruneHere(project))).toContain('no candidate would be left');
    await pruneHere(project, { keep: [names[1]] });
    // The one that was sealed last stays, too, whatever v1 says.
    expect(kept()).toEqual([names[1], names[2]].toSorted());
  });

  it('removes nothing when a name to keep is wrong', async () => {
    const line = await refused(() => pruneHere(project, { keep: ['00000000'] }));
    expect(line).toContain('no candidate with that seal id');
  });

  it('empties what a killed one has left, and follows no link', async () => {
    const precious = join(project, 'precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'file'), 'x');
    const trash = join(storeOf(project), '.trash');
    mkdirSync(join(trash, names[0]), { recursive: true });
    symlinkSync(precious, join(trash, names[0], 'link'));
    symlinkSync(precious, candidate('f'.repeat(64)));
    await pruneHere(project);
    expect(existsSync(trash)).toBe(false);
    expect(readFileSync(join(precious, 'file'), 'utf8')).toBe('x');
    expect(kept()).toEqual([names[2], 'f'.repeat(64)].toSorted());
  });

  it('refuses a link in the place of the trash', async () => {
    symlinkSync(project, join(storeOf(project), '.trash'));
    expect(await refused(() => pruneHere(project))).toContain('folder for removed candidates');
  });
});

describe('status', () => {
  it('names the step that comes next, all the way', async () => {
    expect(await next()).toBe('sealift promote');
    await promoteHere(project);
    expect(await next()).toBe('sealift prune --dry-run');
    await pruneHere(project);
    expect(await next()).toBeNull();
    const fresh = await build(project, 'four');
    expect(await next()).toBe('sealift scan-all');
    scanEntryOf(project, fresh, {
      verdict: 'WARN',
      counts: { BLOCKER: 0, WARNING: 1, INFO: 0 },
    });
    expect(await next()).toBe('sealift promote --allow-warnings');
    await promoteHere(project, { allowWarnings: true });
    await rollbackHere(project);
    expect(await next()).toBe('sealift dry-run');
    rmSync(storeOf(project), { recursive: true });
    pointByHand(project, null);
    expect(await next()).toBe('sealift migrate');
    rmSync(join(project, 'mapping'), { recursive: true });
    expect(await next()).toMatch(/^sealift init/);
  });

  it('changes nothing', async () => {
    pointByHand(project, names[0]);
    const before = tree();
    await statusHere(project);
    expect(tree()).toEqual(before);
  });

  it('says who is at work since when, and forgets one that was killed', async () => {
    const holder = { command: 'migrate', pid: 4711, since: '2025-01-31T10:00:00.000Z' };
    const lock = acquireLock(storeOf(project), holder);
    expect((await statusHere(project)).facts).toMatchObject({ lock: holder });
    expect(await refused(() => promoteHere(project))).toContain(
      'sealift migrate (process 4711, since 2025-01-31T10:00:00.000Z) is at work',
    );
    lock.release();
    writeFileSync(join(storeOf(project), '.lock.json'), JSON.stringify(holder));
    expect(lockHolder(storeOf(project))).toBeNull();
    expect((await statusHere(project)).facts).toMatchObject({ lock: null });
  });
});

describe('the way back', () => {
  const WAY = 'to go back: sealift rollback';
  const told = async (candidate: string): Promise<boolean> => {
    return (await promoteHere(project, { candidate })).notes.includes(WAY);
  };

  it('is named where a rollback works, and only there', async () => {
    expect(await told(names[0])).toBe(false);
    await expect(rollbackHere(project)).rejects.toThrow(/no candidate was live before/);
    expect(await told(names[1])).toBe(true);
    rmSync(join(storeOf(project), 'sealed', names[1], 'checksums'), { recursive: true });
    const { notes } = await promoteHere(project, { candidate: names[2], dryRun: true });
    expect(notes).toContain(
      `no way back: ${names[1]} was changed or emptied; see sealift snapshot restore`,
    );
    rmSync(join(storeOf(project), 'sealed', names[1]), { recursive: true });
    expect(await told(names[2])).toBe(false);
    await expect(rollbackHere(project)).rejects.toThrow(/no longer exists/);
  });
});

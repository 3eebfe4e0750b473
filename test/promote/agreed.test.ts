/** What a project has agreed upon: a freeze, named operators, a time. Each is refused otherwise. */

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { promote } from '../../src/flow/promote.ts';
import { ENVIRONMENT, newProject, temporaryFolder, treeOf } from '../fault/fixture.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { journal } from './fixture.ts';

/** A project that requires a freeze and names, is frozen, and has a candidate that was scanned. */
let template: string;
let project: string;

const NAMED = { env: { MIGRATE_OPERATOR: 'ada' } };

const run = (...args: string[]): Promise<Ran> => sealift([...args, '--project', project], NAMED);
const unnamed = (...args: string[]): Promise<Ran> => sealift([...args, '--project', project]);
const isLive = (): boolean => existsSync(join(project, 'storage_live'));
const pathOf = (name: string): string => join(project, 'mapping', name);

function edit(name: string, change: (text: string) => string): void {
  writeFileSync(pathOf(name), change(readFileSync(pathOf(name), 'utf8')));
}

/** Adds members to mapping/project.json. */
function agree(members: object): void {
  edit('project.json', (text) => JSON.stringify({ ...(JSON.parse(text) as object), ...members }));
}

async function succeed(...steps: (readonly string[])[]): Promise<void> {
  for (const step of steps) {
    const { code, stderr } = await run(...step);
    expect([step[0], code, stderr.split('\n').at(-2) ?? '']).toEqual([
      step[0],
      0,
      expect.anything(),
    ]);
  }
}

const FREEZE = ['freeze', '--who', 'ada', '--why', 'CHG-1'];
const BUILD = [['migrate'], ['scan-all']];

beforeAll(async () => {
  template = await newProject();
  project = template;
  agree({ frozen: 'required', operator: 'required' });
  await succeed(FREEZE, ...BUILD);
});

beforeEach(() => {
  project = temporaryFolder();
  cpSync(template, project, { recursive: true, verbatimSymlinks: true });
});

afterAll(() => {
  rmSync(template, { recursive: true });
});

const tree = (): unknown => treeOf(project, ['storage_reports', 'storage_candidate/.lock']);

/** Refuses the commands with one line of this, and changes nothing but reports. */
async function expectRefused(
  what: RegExp,
  commands: (readonly string[])[],
  by = run,
): Promise<void> {
  for (const command of commands) {
    const before = tree();
    const { code, stderr } = await by(...command);
    const lines = stderr.split('\n').filter((line) => line.startsWith('sealift'));
    expect([command[0], code === 0, lines.length]).toEqual([command[0], false, 1]);
    expect(lines[0]).toMatch(what);
    expect(tree()).toEqual(before);
  }
}

function requireNoMore(): void {
  edit('project.json', (text) => text.replace(/,"frozen":"required"/, ''));
}

describe('a project that requires a freeze', () => {
  it('goes live as it was frozen, which is in the journal (negative control)', async () => {
    await succeed(['promote']);
    expect(isLive()).toBe(true);
    const frozen = journal(project).entries.filter(({ event }) => event === 'mapping-frozen');
    const { digest } = JSON.parse(readFileSync(pathOf('freeze.json'), 'utf8')) as Record<
      string,
      string
    >;
    expect(frozen).toMatchObject([{ digest, who: 'ada' }]);
  });

  it('does not when freeze.json is removed', async () => {
    rmSync(pathOf('freeze.json'));
    await expectRefused(/the mapping is not frozen, as its project requires/, [
      ['migrate'],
      ['promote'],
    ]);
    for (const command of ['dry-run', 'scan-all']) {
      const { stdout } = await run(command);
      expect(stdout).toContain('the journal records a freeze, but mapping/freeze.json is missing');
    }
    await succeed(FREEZE, ['promote']);
  });

  it('does not when freeze.json names another person', async () => {
    edit('freeze.json', (text) => text.replace('"ada"', '"bob"'));
    await expectRefused(/freeze\.json is not the one that the journal records/, [
      ['migrate'],
      ['promote'],
    ]);
    expect((await run('dry-run')).stdout).toContain('not the one that the journal records');
    const checked = await run('freeze', '--check');
    expect([checked.code, checked.stdout]).toEqual([
      2,
      expect.stringContaining('BLOCKER freeze mapping/freeze.json: freeze.json is not the one'),
    ]);
    await succeed(FREEZE, ['promote']);
  });

  it('does not when freeze.json was made anew for another mapping', async () => {
    const before = readFileSync(pathOf('freeze.json'));
    edit('modules/dogs.json', (text) => `${text} `);
    await succeed(FREEZE, ...BUILD);
    // An older freeze with the mapping that it was made for.
    cpSync(join(template, 'mapping'), join(project, 'mapping'), { recursive: true });
    expect(readFileSync(pathOf('freeze.json'))).toEqual(before);
    await expectRefused(/freeze\.json is not the one that the journal records/, [
      ['migrate'],
      ['promote'],
    ]);
  });

  it('says in a scan that the candidate was built before the freeze of today', async () => {
    edit('modules/dogs.json', (text) => `${text} `);
    expect((await run('dry-run')).stdout).toContain('the mapping that was read is not the frozen');
    await succeed(FREEZE);
    expect((await run('dry-run')).stdout).not.toContain('frozen');
    expect((await run('scan-all')).stdout).toContain('the mapping that was read is not the frozen');
  });

  it('does not when the requirement is edited away with the freeze', async () => {
    rmSync(pathOf('freeze.json'));
    requireNoMore();
    const required = /the mapping is not frozen, as its project requires/;
    await expectRefused(required, [['migrate'], ['promote']]);
    // The candidate has the requirement, too, whatever became of the journal's lines.
    edit('project.json', (text) => `${text} `);
    await succeed(FREEZE);
    rmSync(pathOf('freeze.json'));
    await expectRefused(required, [['promote']]);
  });

  it('says so where a freeze was removed that is no longer required', async () => {
    requireNoMore();
    await succeed(FREEZE);
    rmSync(pathOf('freeze.json'));
    for (const command of ['migrate', 'scan-all', 'promote']) {
      const { code, stdout } = await run(command);
      expect([code, stdout]).toEqual([
        0,
        expect.stringContaining('the journal records a freeze, but mapping/freeze.json is missing'),
      ]);
    }
  });

  it('is rehearsed without its freeze', async () => {
    rmSync(pathOf('freeze.json'));
    const args = ['determinism', '--sample', '2', '--project', project];
    const { code, stdout, stderr } = await sealift(args, { process: true });
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining('determinism: PASS')]);
  });
});

describe('a project that requires names', () => {
  it('refuses an operator without a name, in one line', async () => {
    const needed = /requires the name of the operator.*--who.*MIGRATE_OPERATOR/;
    await expectRefused(needed, [['migrate'], ['promote'], ['rollback']], unnamed);
    expect(isLive()).toBe(false);
  });

  it('refuses one although the requirement was edited away after the build', async () => {
    edit('project.json', (text) => text.replace(/,"operator":"required"/, ''));
    await succeed(FREEZE);
    await expectRefused(/requires the name of the operator/, [['promote']], unnamed);
  });

  it('takes a name from the command line, also for migrate', async () => {
    const who = ['--who', 'bea'];
    for (const [command = '', ...args] of [['migrate'], ['scan-all'], ['promote']]) {
      const named = command === 'scan-all' ? args : who;
      const { code, stderr } = await unnamed(command, ...named);
      expect([command, code, stderr]).toEqual([command, 0, expect.anything()]);
    }
    const { entries } = journal(project);
    expect(entries.filter((entry) => entry.who === 'bea').map(({ event }) => event)).toEqual([
      'sealed',
      'promote-intended',
      'promote-done',
    ]);
  });

  it('goes back although the mapping is broken', async () => {
    await succeed(['promote'], ['migrate'], ['scan-all'], ['promote']);
    edit('project.json', (text) => text.slice(1));
    expect((await unnamed('rollback')).code).toBe(0);
  });
});

describe('a window', () => {
  const DAYS = 'Mon,Tue,Wed,Thu,Fri,Sat,Sun';

  it('lets a promote through, and refuses it at other times', async () => {
    const past = '2001-01-01 02:00-06:00 Europe/Vienna';
    await expectRefused(
      /not the time that was agreed \(it is .* there, and the window is "2001-01-01/,
      [['promote', '--window', past]],
    );
    const { code, stdout } = await run('promote', '--dry-run', '--window', past);
    expect([code, stdout]).toEqual([0, expect.stringContaining('so a promote is refused now')]);
    expect(isLive()).toBe(false);
    await succeed(['promote', '--window', `${DAYS} 00:00-24:00 Europe/Vienna`]);
    expect(isLive()).toBe(true);
  });

  it('refuses a zone that is none', async () => {
    await expectRefused(/the zone of the window is unknown \(--window\)/, [
      ['promote', '--window', `${DAYS} 00:00-24:00 Mars/Olympus`],
    ]);
  });

  it('of the project is not widened by that of the command line', async () => {
    agree({ window: '2001-01-01 02:00-06:00 Europe/Vienna' });
    await succeed(FREEZE, ...BUILD);
    const always = ['promote', '--window', `${DAYS} 00:00-24:00 UTC`];
    await expectRefused(/not the time that was agreed/, [['promote'], always]);
  });

  it('is told by the clock of its zone, before and after the candidate is verified', async () => {
    const options = { project, candidate: null, expectSeal: null, allowWarnings: false };
    const window = 'Sun 02:00-06:00 Europe/Vienna';
    const at = (...times: string[]): Promise<unknown> => {
      const now = (): Date => new Date(times.length > 1 ? (times.shift() ?? '') : (times[0] ?? ''));
      const source = { cwd: '/', sources: new Map(), sourceGone: false, memory: 2 ** 28 };
      const all = { ...options, ...source, workers: 1, dryRun: false, who: 'ada', window };
      return promote(all, { ...ENVIRONMENT, now });
    };
    const [inside, wrong, after] = ['2026-12-06T04:59Z', '2026-12-06T05:59Z', '2026-12-06T05:00Z'];
    // What would be in the window of UTC.
    await expect(at(wrong ?? '')).rejects.toThrow(/not the time that was agreed/);
    await expect(at(inside ?? '', inside ?? '', inside ?? '', after ?? '')).rejects.toThrow(
      /not the time that was agreed/,
    );
    expect(isLive()).toBe(false);
    await at(inside ?? '');
    expect(isLive()).toBe(true);
  });

  it('does not keep anyone from going back', async () => {
    await succeed(['promote'], ['migrate'], ['scan-all'], ['promote']);
    agree({ window: '2001-01-01 02:00-06:00 Europe/Vienna' });
    await succeed(['rollback']);
  });
});

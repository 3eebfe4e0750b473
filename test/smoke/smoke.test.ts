/** smoke: what is live is read as an application reads it, and compared with what is expected. */

import { appendFileSync, chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startHalting } from '../fault/barrier.ts';
import { newProject, SECRET, temporaryFolder } from '../fault/fixture.ts';
import { sealift, type Ran } from '../kit/run.ts';
import {
  build,
  eventsOf,
  journal,
  pointByHand,
  rollbackHere,
  statusHere,
} from '../promote/fixture.ts';

/** A project with ids of the source and one with ids made anew, each with a live candidate. */
const templates = new Map<'keep' | 'uuid', string>();
let project: string;

const run = (...args: string[]): Promise<Ran> => sealift([...args, '--project', project]);
const smoke = (...args: string[]): Promise<Ran> => run('smoke', ...args);

async function succeed(...steps: (readonly string[])[]): Promise<void> {
  for (const step of steps) {
    const { code, stderr } = await run(...step);
    expect([step[0], code, stderr]).toEqual([step[0], 0, expect.anything()]);
  }
}

const GO_LIVE = [['migrate'], ['scan-all'], ['promote']];
const FREEZE = ['freeze', '--who', 'ada', '--why', 'CHG-1'];

beforeAll(async () => {
  for (const ids of ['keep', 'uuid'] as const) {
    project = await newProject();
    templates.set(ids, project);
    rmSync(join(project, 'mapping'), { recursive: true });
    await succeed(['init', '--source', `sqlite:${project}/legacy.db`, '--ids', ids], ...GO_LIVE);
  }
});

afterAll(() => {
  for (const folder of templates.values()) rmSync(folder, { recursive: true });
});

function use(ids: 'keep' | 'uuid'): void {
  project = temporaryFolder();
  cpSync(templates.get(ids) ?? '', project, { recursive: true, verbatimSymlinks: true });
}

beforeEach(() => {
  use('keep');
});

function expecting(modules: object, logs: readonly object[] = []): void {
  const text = JSON.stringify({ format: 1, modules, logs });
  writeFileSync(join(project, 'mapping/smoke.json'), text);
}

const ALL = {
  owners: {
    count: { exactly: 20, atLeast: 1, atMost: 20 },
    records: [{ key: [1], fields: { name: { matches: `${SECRET} \\d+` }, id: { equals: 1 } } }],
    first: { fields: { id: { equals: 1 }, mail: { null: false } } },
    last: { fields: { id: { oneOf: [19, 20] } } },
  },
  dogs: {
    first: { follow: { owner: { fields: { mail: { matches: '.*@example\\.org' } } } } },
  },
};

/** Fails with these reasons and places, and shows no value. */
async function expectDifferent(modules: object, ...lines: RegExp[]): Promise<void> {
  expecting(modules);
  const { code, stdout, stderr } = await smoke();
  expect([code, stderr]).toEqual([2, '']);
  for (const line of lines) expect(stdout).toMatch(line);
  expect(stdout).toMatch(new RegExp(`^${lines.length} BLOCKER$`, 'm'));
  expect(stdout).not.toContain(SECRET);
  const report = join(project, 'storage_reports/latest-smoke');
  for (const file of ['summary.json', 'findings.ndjson', 'report.html']) {
    expect(readFileSync(join(report, file), 'utf8')).not.toContain(SECRET);
  }
}

describe('what is live', () => {
  it.each(['keep', 'uuid'] as const)('is as expected, with ids of %s', async (ids) => {
    use(ids);
    const { id: _, ...first } = ALL.owners.first.fields;
    const byKey = { key: [1], fields: { name: { matches: `${SECRET} \\d+` } } };
    const made = { owners: { count: { exactly: 20 }, records: [byKey], first: { fields: first } } };
    expecting(ids === 'keep' ? ALL : { ...ALL, ...made });
    const { code, stdout } = await smoke();
    expect([code, stdout]).toEqual([0, expect.stringContaining('smoke: PASS')]);
    expect(stdout).toMatch(/seal id {4}[0-9a-f]{64}\ncandidate/);
    const references = /checked \d+ records and 1 reference: queries/;
    expect(stdout).toMatch(references);
    expect(journal(project).entries.at(-1)).toMatchObject({ event: 'smoke', verdict: 'PASS' });
  });

  it('is found by an id of the candidate', async () => {
    use('uuid');
    const [line = ''] = readFileSync(
      join(project, 'storage_live/visits/data.ndjson'),
      'utf8',
    ).split('\n');
    const { id } = JSON.parse(line) as { id: string };
    const found = { records: [{ id, fields: { day: { matches: '2024-.*' } } }] };
    expecting({ visits: found });
    expect((await smoke()).code).toBe(0);
    const gone = { records: [{ id: id.replace(/.$/, 'x') }] };
    await expectDifferent(
      { visits: { ...gone, count: { atLeast: 1 } } },
      /smoke visits · mapping\/smoke\.json:1:\d+: there is no record with this id/,
    );
  });

  it('differs, and the place of the expectation is named', async () => {
    await expectDifferent(
      {
        owners: {
          count: { exactly: 19, atLeast: 21, atMost: 3 },
          records: [
            { key: [1], fields: { name: { equals: `${SECRET} other` } } },
            { key: ['1'] },
            { key: [2], fields: { mail: { null: true }, name: { oneOf: [SECRET, 7, null] } } },
          ],
          first: { fields: { id: { equals: '1' }, nmae: { null: true } } },
          last: { fields: { name: { matches: 'x' }, id: { matches: '20' } } },
        },
        dgos: { first: {} },
        dogs: { first: { follow: { owner: { fields: { id: { equals: 0 } } }, photo: {} } } },
      },
      /owners · mapping\/smoke\.json:1:\d+: the module holds 20 records, but exactly 19 are exp/,
      /the module holds 20 records, but at least 21 are expected/,
      /the module holds 20 records, but at most 3 are expected/,
      /owners · name · mapping\/smoke\.json:1:\d+: the value differs from the expected one/,
      /there is no record with this key/,
      /the field is expected to be null/,
      /the value is none of those that are expected/,
      /the module has no field of this name/,
      /the text does not match the expected pattern/,
      /the value is no text/,
      /dgos · .*the candidate has no module of this name/,
      /dogs · photo .*the module has no reference of this name/,
      /owners · id/,
      /owners · id/,
    );
    expect(journal(project).entries.at(-1)).toMatchObject({ event: 'smoke', verdict: 'FAIL' });
  });

  it('proves nothing where no query has read a record', async () => {
    await expectDifferent({}, /no query has read a record, so nothing was proven/);
    await expectDifferent(
      { owners: { records: [{ key: [999] }] } },
      /there is no record with this key/,
      /no query has read a record, so nothing was proven/,
    );
  });

  it('is not what was built last, unless that is rehearsed', async () => {
    await build(project, 'second');
    const built = /seal id {4}([0-9a-f]{64})/;
    expecting(ALL);
    const before = eventsOf(project);
    const rehearsed = await smoke('--candidate', 'v1');
    expect(rehearsed.stdout).toContain('a rehearsal: this test is not in the journal');
    expect(eventsOf(project)).toEqual(before);
    const real = await smoke();
    expect([rehearsed.code, real.code]).toEqual([0, 0]);
    expect(built.exec(real.stdout)?.[1]).not.toBe(built.exec(rehearsed.stdout)?.[1]);
    expect(eventsOf(project)).toEqual([...before, 'smoke']);
  });

  it('is not a candidate to which the link was moved by hand', async () => {
    const other = await build(project, 'second');
    pointByHand(project, other);
    await expectDifferent(ALL, /seal-unexpected: storage_live points to \w+, which no command/);
  });

  it('is not a candidate that another took the place of meanwhile', async () => {
    await build(project, 'second');
    await succeed(['scan-all'], ['promote']);
    expecting(ALL);
    const testing = startHalting(['smoke', '--project', project], /data\.ndjson/);
    expect(await testing.reached).toBe(true);
    await rollbackHere(project);
    testing.go();
    const { code, stdout } = await testing.ended;
    const moved = 'BLOCKER smoke: another candidate went live during the test';
    expect([code, stdout]).toEqual([2, expect.stringContaining(moved)]);
    expect((await smoke()).code).toBe(0);
  });

  it('is not a candidate that was changed and sealed again', async () => {
    expecting(ALL);
    const sums = join(project, 'storage_live/checksums/SHA256SUMS');
    chmodSync(sums, 0o600);
    appendFileSync(sums, '\n');
    const { code, stdout } = await smoke();
    expect([code, stdout]).toEqual([2, expect.stringContaining('differs from the name of its')]);
  });

  it('cannot be read where lines are broken or files are gone', async () => {
    expecting({ owners: { first: {} }, dogs: { first: {} }, visits: { count: { atLeast: 1 } } });
    const [dogs, owners] = ['dogs', 'owners'].map((name) => {
      return join(project, 'storage_live', name, 'data.ndjson');
    });
    chmodSync(owners ?? '', 0o600);
    writeFileSync(owners ?? '', readFileSync(owners ?? '').subarray(1));
    rmSync(dogs ?? '');
    const { code, stdout } = await smoke();
    expect([code, stdout]).toEqual([2, expect.stringContaining('1 line of the module are no')]);
    expect(stdout).toContain('the records of the module cannot be read');
  });
});

const digestOf = ({ stdout }: Ran): string => /mapping digest (\w+)/.exec(stdout)?.[1] ?? '';
const sealOf = ({ stdout }: Ran): string => /seal id +(\w+)/.exec(stdout)?.[1] ?? '';

describe('smoke queries', () => {
  it('are frozen with the mapping, without a part in its digest or in a seal', async () => {
    const [frozen, built] = [await run(...FREEZE), await run('migrate')];
    expecting(ALL);
    expect((await run('migrate')).stderr).toContain('mapping/smoke.json added');
    const again = await run(...FREEZE);
    expect(again.stdout).toContain('added smoke.json');
    expect(digestOf(again)).toBe(digestOf(frozen));
    expect(sealOf(await run('migrate'))).toBe(sealOf(built));
    expect((await run('scan-all')).code).toBe(0);
    expect((await smoke()).code).toBe(0);
  });

  it('do not count if they were changed after the freeze', async () => {
    expecting({ owners: { count: { exactly: 19 } } });
    await succeed(FREEZE);
    expect((await smoke()).code).toBe(2);
    expecting({ owners: { count: { exactly: 20 } } });
    const eased = await smoke();
    expect([eased.code, eased.stderr]).toEqual([
      64,
      expect.stringContaining('the file is not the one that was frozen'),
    ]);
    rmSync(join(project, 'mapping/freeze.json'));
    expect((await smoke()).stderr).toContain('the mapping is not frozen');
  });

  it('are checked before they are frozen', async () => {
    expecting({ owners: { last: { fields: { name: { matches: '(' } } } } });
    const { code, stderr } = await run(...FREEZE);
    expect([code, stderr]).toEqual([64, expect.stringContaining('not valid RE2 syntax')]);
  });
});

describe('the next step', () => {
  it('is a smoke test after promote and after rollback', async () => {
    const next = async (): Promise<string> => (await statusHere(project)).notes.at(-1) ?? '';
    expect(await next()).not.toContain('smoke');
    expecting(ALL);
    expect(await next()).toContain('what is live was not tested: sealift smoke');
    await smoke();
    expect(await next()).not.toContain('smoke');
    await build(project, 'second');
    await succeed(['scan-all'], ['promote']);
    expect(await next()).toContain('sealift smoke');
    expecting({ owners: { count: { exactly: 0 } } });
    await smoke();
    expect(await next()).toContain('the test of what is live failed: sealift rollback');
    await succeed(['rollback']);
    expect(await next()).toContain('sealift smoke');
  });
});

/** So many minutes from now, to the second. */
const at = (minutes: number): string =>
  new Date(Math.floor(Date.now() / 1000) * 1000 + minutes * 60_000).toISOString();

describe('logs', () => {
  it('hold nothing that is forbidden since the promote', async () => {
    const log = join(project, 'app.log');
    const before = `${at(-60)} ERROR ${SECRET} before\n  at stack ERROR\n`;
    writeFileSync(log, `${before}${at(1)} INFO started\n${at(2)} INFO fine\n`);
    expecting(ALL, [{ file: 'app.log', forbid: ['ERROR', ' 5\\d\\d '] }]);
    const passed = await smoke();
    expect([passed.code, passed.stdout]).toEqual([
      0,
      expect.stringContaining('app.log: 2 of 4 lines searched, those since it went live'),
    ]);
    appendFileSync(log, `${at(3)} ERROR ${SECRET} after\n  at ERROR\n${at(3)} GET 503 \n`);
    const { code, stdout } = await smoke();
    expect([code, stdout]).toEqual([2, expect.stringContaining('app.log')]);
    expect(stdout).toContain('pattern 1 occurs in 2 lines: 5, 6');
    expect(stdout).toContain('pattern 2 occurs in 1 line: 7');
    expect(stdout).not.toContain(SECRET);
  });

  it('that begin later are told, as what was before may be in another file', async () => {
    const log = join(project, 'app.log');
    expecting(ALL, [{ file: 'app.log', forbid: ['ERROR'] }]);
    writeFileSync(log, `${at(1)} INFO of a new file\n`);
    expect((await smoke()).stdout).toContain('it begins after that, so what an earlier log says');
    writeFileSync(log, `${at(-60)} INFO before\n${at(1)} INFO fine\n`);
    expect((await smoke()).stdout).not.toContain('earlier log');
  });

  it('may be given on the command line, from another time on', async () => {
    const log = join(project, 'app.log');
    writeFileSync(log, `${at(1)} ERROR known\n${at(5)} INFO fine\n`);
    expecting(ALL);
    const args = ['--log', log, '--forbid', 'ERROR', 'FATAL'];
    expect((await smoke(...args)).code).toBe(2);
    expect((await smoke(...args, '--since', at(4))).code).toBe(0);
    expect(await smoke(...args, '--since', 'yesterday')).toMatchObject({ code: 64 });
    expect(await smoke('--log', log)).toMatchObject({ code: 64 });
    expect(await smoke(...args, '(')).toMatchObject({ code: 64 });
  });

  it('are read as a whole where no line has a time, and it is said', async () => {
    writeFileSync(join(project, 'app.log'), 'started\n2020-01-01 10:00:00 ERROR local time\n');
    expecting(ALL, [{ file: 'app.log', forbid: ['ERROR'] }]);
    const { code, stdout } = await smoke();
    expect([code, stdout]).toEqual([2, expect.stringContaining('pattern 1 occurs in 1 line: 2')]);
    expect(stdout).toContain(
      'app.log: no line has a time with a zone, so all 2 lines were searched',
    );
    expecting(ALL, [{ file: 'app.log', forbid: ['ERROR'], zone: 'Europe/Vienna' }]);
    expect((await smoke()).code).toBe(0);
  });

  it('prove nothing without a line since then, and fail where they are missing', async () => {
    writeFileSync(join(project, 'app.log'), `${at(-60)} INFO before\n`);
    expecting(ALL, [{ file: 'app.log', forbid: ['ERROR'] }]);
    const idle = await smoke();
    expect([idle.code, idle.stdout]).toEqual([1, expect.stringContaining('proves nothing')]);
    rmSync(join(project, 'app.log'));
    const missing = await smoke();
    expect([missing.code, missing.stdout]).toEqual([
      2,
      expect.stringContaining('BLOCKER smoke app.log: the log cannot be read'),
    ]);
  });

  it('have no line that is too long to be searched', async () => {
    const long = 'x'.repeat(2 ** 20 + 1);
    writeFileSync(join(project, 'app.log'), `${at(1)} INFO\n${long}\n${at(1)} ok`);
    expecting(ALL, [{ file: 'app.log', forbid: ['ERROR'] }]);
    const { code, stdout } = await smoke();
    expect([code, stdout]).toEqual([2, expect.stringContaining('1 line too long to be searched')]);
  });
});

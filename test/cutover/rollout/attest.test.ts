/** A rollout by its commands: a person gives the number of a metric, and each message names the next command. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { sealift, type Ran } from '../../kit/run.ts';
import { workFolder } from '../../kit/project.ts';

const work = workFolder('rollout-attest');
const RUNBOOK = `runbook: told
roles: { operator: [ada], support: [dee] }
rollout:
  set: { key: percent, file: flags.json }
  observe: { log: route.log, test: sample-ratio, minSamples: 100 }
  stages:
    - { percent: 10, soak: 24h, every: 6h }
metrics:
  - { id: calm, log: service.log, pattern: ERROR, pass: "==0" }
  - { id: complaints, attest: support, pass: "==0" }
  - { id: returns, attest: support, pass: "==0" }
onRollback: { percent: 0, within: 1s, restartAt: 10 }
triggers:
  - { when: "complaints > 3", severity: S1, action: rollback }
`;

const START = Date.parse('2026-11-30T09:00:00Z');

/** Runs a command minutes after the beginning. */
function at(minutes: number, args: readonly string[]): Promise<Ran> {
  const now = (): Date => new Date(START + minutes * 60_000);
  return sealift([...args, '--project', '.'], { cwd: work, now });
}

/** A router sends many users to the old version, a second before. */
function decide(minutes: number): void {
  const time = new Date(START + minutes * 60_000 - 1000).toISOString();
  const lines = Array.from({ length: 200 }, (_, user) =>
    JSON.stringify({ time, user: `u${user}`, version: 'v1' }),
  );
  writeFileSync(join(work, 'route.log'), `${lines.join('\n')}\n`);
}

function attest(minutes: number, number: string, who: string): Promise<Ran> {
  return at(minutes, ['rollout', 'attest', 'told.yaml', '--number', number, '--who', who]);
}

describe('a rollout, by its commands', () => {
  beforeAll(async () => {
    writeFileSync(join(work, 'told.yaml'), RUNBOOK);
    writeFileSync(join(work, 'flags.json'), '{ "percent": 0 }\n');
    writeFileSync(join(work, 'service.log'), '2026-11-30T08:59:59Z started\n');
    decide(0);
    const begun = await at(0, ['cutover', 'run', 'told.yaml', '--who', 'ada', '--no-wait']);
    expect(begun.stderr).toMatch(/go on with sealift rollout tick told\.yaml$/m);
    expect(begun.code).toBe(3);
  });

  it('takes a number only of the role, and only of a metric that a person gives', async () => {
    expect((await attest(1, 'complaints=2', 'ada')).stderr).toMatch(/ada does not have the role/);
    expect((await attest(1, 'complaint=2', 'dee')).stderr).toMatch(/did you mean "complaints"/);
    expect((await attest(1, 'calm=2', 'dee')).stderr).toMatch(/name a metric .* that has "attest"/);
  });

  it('says whether a trigger judges it', async () => {
    const [judged, kept] = [
      await attest(2, 'complaints=2', 'dee'),
      await attest(2, 'returns=9', 'dee'),
    ];
    expect(judged.stdout).toMatch(/complaints is 2, said by dee; triggers judge it at the next/);
    expect(kept.stdout).toMatch(/returns is 9, said by dee; it is recorded, and no trigger/);
  });

  it('is held, and says why and how to go on', async () => {
    const held = ['rollout', 'hold', 'told.yaml', '--who', 'ada', '--why', 'lunch'];
    expect((await at(3, held)).code).toBe(0);
    const { stderr, code } = await at(4, ['rollout', 'tick', 'told.yaml']);
    expect(stderr).toMatch(
      /the run is held: lunch .*go on with sealift rollout advance told\.yaml/,
    );
    expect(code).toBe(1);
    expect((await at(5, ['rollout', 'advance', 'told.yaml', '--who', 'ada'])).code).toBe(3);
  });

  it('goes back at the next tick after a number that a trigger does not stand', async () => {
    await attest(6, 'complaints=4', 'dee');
    decide(7);
    const { stderr } = await at(7, ['rollout', 'tick', 'told.yaml']);
    expect(stderr).toMatch(/^rollback: complaints > 3/m);
    const report = ['rollout', 'status', 'told.yaml', '--report', 'told.html'];
    expect((await at(8, report)).code).toBe(0);
  });
});

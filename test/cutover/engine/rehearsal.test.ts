import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { Rehearsal } from '../../../src/cutover/engine/liveRun.ts';
import { workFolder } from '../../kit/project.ts';
import { goOn, openPlayed, stage, type PlayedRun, type Stage } from './play.ts';

const RUNBOOK = `runbook: played
roles: { operator: [ada], approver: [bo] }
steps:
  - { id: freeze, use: exec, run: [freeze], idempotent: true, undo: { run: [undo freeze] } }
  - { id: soak, use: exec, run: [soak], changes: false, until: { for: 7d, every: 1d } }
  - { id: approve, use: gate.approval, role: approver, requires: [soak] }
  - { id: open, use: exec, run: [open], idempotent: true, undo: { run: [undo open] }, pointOfNoReturn: true }
monitor:
  - { id: http5xx, use: exec, run: [http5xx], changes: false, every: 1m, for: 10m, onFail: page }
triggers:
  - { when: "http5xx > 0.01", for: 5m, severity: S1, action: rollback }
`;

const work = workFolder('engine-rehearsal');
let count = 0;

async function rehearsed(play: Stage, rehearsal: Partial<Rehearsal> = {}): Promise<PlayedRun> {
  play.acts['http5xx'] = () => ({ verdict: 'PASS', says: '', results: { count: 0 } });
  const folder = join(work, String((count += 1)));
  const all = { goesBack: true, breaches: new Map<string, number>(), ...rehearsal };
  const run = openPlayed(folder, RUNBOOK, play, all);
  await goOn(run);
  return run;
}

describe('a rehearsal', () => {
  it('only tries what it has no other of, also on its way back', async () => {
    const play = stage();
    const text = RUNBOOK.replace(
      'roles:',
      'rehearsal: { inputs: { app: "http://b" }, does: [open] }\nroles:',
    );
    play.acts['http5xx'] = () => ({ verdict: 'PASS', says: '', results: { count: 0 } });
    const all = { goesBack: true, breaches: new Map<string, number>() };
    const run = openPlayed(join(work, String((count += 1))), text, play, all);
    await goOn(run);
    expect(run.held.record.state.status).toBe('ROLLED_BACK');
    expect(run.held.record.steps.get('freeze')?.says).toMatch(/^tried only/);
    expect(play.effects).toEqual(['open', 'undo open']);
  });

  it('does all steps, waits for nothing, and goes back', async () => {
    const play = stage();
    const begun = play.clock;
    const run = await rehearsed(play);
    expect(run.held.record).toMatchObject({ isRehearsed: true, state: { status: 'ROLLED_BACK' } });
    expect(play.effects).toEqual(['freeze', 'open', 'undo open', 'undo freeze']);
    expect(play.clock - begun).toBeLessThan(60_000);
  });

  it('stays where it is, if it is told to', async () => {
    const play = stage();
    const run = await rehearsed(play, { goesBack: false });
    expect(run.held.record.state.status).toBe('COMPLETED');
    expect(play.effects).toEqual(['freeze', 'open']);
  });

  it('shows what a trigger does about a number, without waiting for the breach to last', async () => {
    const play = stage();
    const run = await rehearsed(play, { breaches: new Map([['http5xx', 0.2]]) });
    expect(run.held.record).toMatchObject({
      isRehearsed: false,
      why: 'http5xx > 0.01 for 5m (S1)',
      state: { status: 'ROLLED_BACK' },
    });
    expect(play.effects).toEqual(['freeze', 'open', 'undo open', 'undo freeze']);
  });

  it('is held by a step that fails, as the real run is', async () => {
    const play = stage();
    play.acts['soak'] = () => ({ verdict: 'INCONCLUSIVE', says: 'no data' });
    const text = RUNBOOK.replace('for: 7d, every: 1d }', 'for: 1m, every: 10s, within: 2m }');
    const folder = join(work, String((count += 1)));
    const run = openPlayed(folder, text, play, { goesBack: true, breaches: new Map() });
    play.acts['http5xx'] = () => ({ verdict: 'PASS', says: '', results: { count: 0 } });
    await goOn(run);
    expect(run.held.record.state.status).toBe('PAUSED');
  });
});

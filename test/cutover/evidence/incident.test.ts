/** The incident record of a run: what fired and failed, what was undone in which order, and what is left to people. */

import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { incidentMarkdown } from '../../../src/cutover/evidence/incident.ts';
import { runDocuments } from '../../../src/cutover/evidence/runDocuments.ts';
import { runEvidence } from '../../../src/cutover/evidence/runEvidence.ts';
import { readRun } from '../../../src/cutover/engine/heldRun.ts';
import type { StepResult } from '../../../src/cutover/steps/stepType.ts';
import { workFolder } from '../../kit/project.ts';
import { shared } from '../../shared.ts';
import { openPlayed, goOn, stage, type PlayedRun, type Stage } from '../engine/play.ts';
import {
  makeRelease,
  outputsOf,
  startHealth,
  TOKEN,
  type Health,
  type Release,
} from './release.ts';

const work = workFolder('incident');
let health: Health;
let back: Release;
let aborted: Release;

beforeAll(async () => {
  health = await startHealth();
  back = makeRelease(join(work, 'back'), health.origin);
  back.breaks('login');
  expect((await back.run()).code).toBe(4);
  aborted = makeRelease(join(work, 'aborted'), health.origin);
  aborted.breaks('worker');
  expect((await aborted.run()).code).toBe(1);
  const why = ['--who', 'eve', '--why', 'there is no worker'];
  expect((await aborted.command('abort', ...why)).code).toBe(0);
}, 240_000);
afterAll(() => health.close());

function incident(release: Release): string {
  return incidentMarkdown(runEvidence(release.sources())) ?? '';
}

/** The lines of a part of a record. */
function part(text: string, title: string): readonly string[] {
  const rest = text.split(`\n## ${title}\n\n`)[1] ?? '';
  return rest.split('\n\n')[0]?.trimEnd().split('\n') ?? [];
}

const TIME = '20[\\d-]+T[\\d:.]+Z';

describe('the incident record of a release that went back', () => {
  it('has the trigger with its value, the severity, and the times', () => {
    const text = incident(back);
    expect(part(text, 'What happened')).toEqual([
      '- Ended as: **ROLLED_BACK**',
      '- Why: login.failed > 0 (S1)',
      '- Severity: S1',
      '- Rollback begun by: a trigger or monitor of the runbook',
      expect.stringMatching(
        `^- Fired at ${TIME}: \`login.failed > 0\` \\(S1\\), with the value 1, action rollback$`,
      ),
      '- Point of no return: the runbook has none',
      '- Later writes: no loss was accepted',
    ]);
    const times = part(text, 'Times (UTC)');
    for (const [at, name] of ['Run begun', 'Detected', 'Way back begun', 'Ended'].entries()) {
      expect(times[at]).toMatch(new RegExp(`^- ${name}: ${TIME}(?:, login was FAIL)?$`));
    }
    expect(times[4]).toMatch(/^- Duration, since it was detected: \d+s$/);
    const told = times.slice(0, 4).map((line) => new RegExp(TIME).exec(line)?.[0] ?? '');
    expect(told.toSorted((one, other) => (one < other ? -1 : 1))).toEqual(told);
  });

  it('has what had been done, what failed, and what was undone in which order', () => {
    const text = incident(back);
    const done = part(text, 'What had been done');
    expect(done).toHaveLength(16);
    expect(done[3]).toMatch(
      new RegExp(`^- migrate \\(exec\\): \\*\\*PASS\\*\\* at ${TIME} by ada, exit code 0$`),
    );
    expect(done.find((line) => line.includes('rotated'))).toMatch(
      new RegExp(`^- rotated \\(attest\\): \\*\\*PASS\\*\\*, approved by dee at ${TIME}$`),
    );
    expect(done[15]).toMatch(/^- login \(exec\): \*\*FAIL\*\* at .+ by ada, exit code 1$/);
    expect(part(text, 'What failed')).toEqual([
      expect.stringMatching(
        `^- login \\(exec\\): \\*\\*FAIL\\*\\* at ${TIME} by ada, exit code 1$`,
      ),
    ]);
    expect(part(text, 'What was undone, in this order')).toEqual([
      expect.stringMatching(
        `^- attachments: \\*\\*UNDONE\\*\\* at ${TIME} by a trigger .+, exit code 0$`,
      ),
      expect.stringMatching(
        `^- migrate: \\*\\*UNDONE\\*\\* at ${TIME} by a trigger .+, exit code 0$`,
      ),
    ]);
    expect(part(text, 'What was not undone')).toEqual(['- nothing']);
  });

  it('has who operated and approved, whom to call, and the outputs, those of the way back too', () => {
    const text = incident(back);
    expect(part(text, 'People')).toEqual([
      '- Operated by: ada',
      ...['rotated', 'updated', 'delivered'].map((step) =>
        expect.stringMatching(`^- Approved ${step}: dee at ${TIME}, no key signed it$`),
      ),
      '- Contact support: extension 7',
      '- See break-glass: docs/break-glass.md',
    ]);
    const kept = part(text, 'What is kept').join('\n');
    for (const name of outputsOf(back)) expect(kept).toContain(`\`${name}\``);
    expect(outputsOf(back)).toContain('migrate.stdout.2');
    expect(text).not.toContain(TOKEN);
  });

  it('leaves open what people have to do, with the role of each', () => {
    expect(part(incident(back), 'To do')).toEqual([
      '- [x] Make the incident record: this file',
      '- [ ] Notify stakeholders (support (dee))',
      '- [ ] Capture logs, metrics and security events (operator (ada))',
      '- [ ] Schedule the postmortem (approver (bo))',
    ]);
  });

  it('is among the documents of the run, and of no run that has come to its end', () => {
    const made = runDocuments(runEvidence(back.sources())).find(
      ({ path }) => path === 'incident.md',
    );
    expect(Buffer.from(made?.content ?? []).toString()).toBe(incident(back));
    const summary = JSON.parse(
      Buffer.from(
        runDocuments(runEvidence(back.sources())).find(({ path }) =>
          path.endsWith('cutover_summary.json'),
        )?.content ?? [],
      ).toString(),
    );
    expect(summary.documents['incident.md']).toBe(hash('sha256', incident(back), 'hex'));
    const steps = new Map(
      summary.steps.map((one: { readonly id: string }) => [one.id, one] as const),
    );
    expect(steps.get('migrate')).toMatchObject({
      status: 'UNDONE',
      who: ['ada'],
      undone: { succeeded: true, who: 'a trigger or monitor of the runbook' },
    });
    expect(steps.get('login')).toMatchObject({ says: 'exit code 1', undone: null });
    expect(runDocuments(runEvidence(back.sources())).map(({ path }) => path)).not.toContain(
      'last-known-good.json',
    );
  });
});

describe('the incident record of a release that was aborted', () => {
  it('says who ended it and why, and what is still there', () => {
    const text = incident(aborted);
    expect(part(text, 'What happened')).toEqual([
      '- Ended as: **ABORTED**',
      '- Why: there is no worker',
      '- Severity: `__________`',
      '- Aborted by: eve',
      '- Point of no return: the runbook has none',
      '- Later writes: no loss was accepted',
    ]);
    expect(part(text, 'Times (UTC)')).toContain('- Way back begun: it was not taken back');
    expect(part(text, 'What was undone, in this order')).toEqual(['- nothing']);
    expect(part(text, 'What was not undone')).toEqual([
      '- migrate (exec): PASS',
      '- attachments (exec): PASS',
      '- enforce (config.set): PASS',
    ]);
  });

  it('is written by the command, and refused of a run that goes on (negative control)', async () => {
    const ran = await aborted.command('status', '--incident', 'made.md');
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(readFileSync(join(aborted.folder, 'made.md'), 'utf8')).toBe(incident(aborted));
    const held = makeRelease(join(work, 'held'), health.origin);
    held.breaks('ci');
    expect((await held.run()).code).toBe(1);
    const both = ['--checklist', 'form.md', '--incident', 'made.md'];
    const refused = await held.command('status', ...both);
    expect([refused.code, refused.stderr]).toEqual([
      64,
      'sealift cutover status: release-1 is PAUSED, and incident records exist only for runs that were rolled back or aborted (release-1): write the go/no-go form with --checklist FILE\n',
    ]);
    // Nothing was written, neither the one nor the other; of a run that has both, both are.
    expect(existsSync(join(held.folder, 'form.md'))).toBe(false);
    expect(existsSync(join(held.folder, 'made.md'))).toBe(false);
    const written = await aborted.command('status', '--checklist', 'a.md', '--incident', 'b.md');
    expect(written.code).toBe(0);
    expect(existsSync(join(aborted.folder, 'a.md'))).toBe(true);
  });
});

const WATCHED = `runbook: watched
roles: { operator: [ada] }
owners: { database: operator }
steps:
  - { id: open, use: exec, run: [open], idempotent: true, undo: { run: [shut], idempotent: true }, pointOfNoReturn: true }
monitor:
  - { id: errors, use: log.watch, file: a.log, pattern: x, expect: "<= 0.01", every: 10s, for: 10m, onFail: rollback }
triggers:
  - { when: "errors > 0.01", for: 30s, severity: S0, action: rollback }
`;

const noFile = (): null => null;

function recordOf({ held, loaded }: PlayedRun, run: string): string {
  held.close();
  const { runbook, planHash } = loaded;
  const lines = readRun(held.places).entries;
  const sources = { run, runbook, planHash, lines, where: 'journal' };
  return incidentMarkdown(runEvidence({ ...sources, outputs: noFile, approvals: noFile })) ?? '';
}

async function watched(name: string, play: Stage): Promise<PlayedRun> {
  const run = openPlayed(join(work, name), WATCHED, play);
  await goOn(run);
  return run;
}

describe('the incident record of a run that was watched', () => {
  it('has the number against its condition, since when it was so, and who gave up later writes', async () => {
    const play = stage();
    const began = play.clock;
    play.acts['errors'] = () => {
      const count = play.clock < began + 60_000 ? 0 : 0.5;
      return { verdict: 'PASS', says: '', results: { count } };
    };
    const run = await watched('loses', play);
    // It does not go back by itself, as later writes would be lost: a person gives them up.
    expect(run.held.record.state.status).toBe('PAUSED');
    const again = openPlayed(join(work, 'loses'), WATCHED, play);
    const by = { who: 'ada', operator: 'ada', why: 'errors' };
    again.held.commit({ event: 'rollback-begun', lossAccepted: true }, by);
    await goOn(again);
    const text = recordOf(again, 'watched-1');
    expect(part(text, 'What happened')).toEqual([
      '- Ended as: **ROLLED_BACK**',
      '- Why: errors',
      '- Severity: S0',
      '- Rollback begun by: ada',
      expect.stringMatching(
        `^- Fired at ${TIME}: \`errors > 0.01\` \\(S0\\), with the value 0.5, action held$`,
      ),
      expect.stringMatching(`^- Point of no return: passed at ${TIME}, by open$`),
      '- Later writes: loss accepted by ada (--accept-data-loss watched-1)',
    ]);
    expect(part(text, 'To do').at(-1)).toBe('- [ ] Schedule the postmortem (operator (ada))');
  });
});

const WAIVED = `runbook: waived
roles: { operator: [ada], approver: [dee] }
steps:
  - { id: sum, use: exec, changes: false, run: [sum] }
  - { id: moved, use: exec, run: [move], idempotent: true, undo: { run: [move-back], idempotent: true } }
  - { id: seen, use: exec, changes: false, run: [see] }
  - { id: open, use: exec, run: [open], idempotent: true, undo: { run: [shut], idempotent: true }, pointOfNoReturn: true }
`;

const says = (text: string): StepResult => ({ verdict: 'FAIL', says: text });
const at = (minute: number): string => `2026-12-06T02:0${minute}:00.000Z`;

/** Fails at a check, which is waived, at another one twice, goes back, and fails at that once. */
async function goesBack(name: string, isWaived: boolean): Promise<string> {
  const play = stage();
  let seen = 0;
  let sums = 0;
  play.acts['sum'] = () => {
    sums += 1;
    const isRight = !isWaived && sums > 1;
    return isRight ? { verdict: 'PASS', says: '' } : says('the number is 425, not == 999');
  };
  play.acts['see'] = () => says(`${(seen += 1)} of 3 are there`);
  let backs = 0;
  play.acts['move-back'] = () => {
    backs += 1;
    return backs === 1 ? says('the disk is full') : { verdict: 'PASS', says: 'moved back' };
  };
  const open = (): PlayedRun => openPlayed(join(work, name), WAIVED, play);
  const minute = (): void => void (play.clock += 60_000);
  await goOn(open());
  if (isWaived) {
    minute();
    const waiving = open();
    const why = { who: 'ada', why: 'the sum of last year is meant' };
    waiving.held.commit({ event: 'step-waived', step: 'sum' }, why);
    waiving.held.commit({ event: 'resumed' }, { who: 'ada' });
    await goOn(waiving);
  }
  minute();
  const again = open();
  again.held.commit({ event: 'resumed' }, { who: 'ada' });
  await goOn(again);
  for (const why of ['it does not work', 'once more']) {
    minute();
    const back = open();
    back.held.commit({ event: 'rollback-begun', lossAccepted: false }, { who: 'dee', why });
    await goOn(back);
  }
  return recordOf(open(), 'waived-1');
}

describe('the incident record of a run in which much had failed', () => {
  it('has each failure of each attempt, with who waived it and why, and each way back', async () => {
    const text = await goesBack('much', true);
    expect(part(text, 'What failed')).toEqual([
      `- sum (exec): **FAIL** at ${at(0)} by ada, the number is 425, not == 999`,
      `- sum (exec): **WAIVED** at ${at(1)} by ada: the sum of last year is meant`,
      `- seen (exec): **FAIL** at ${at(1)} by ada, 1 of 3 are there`,
      `- seen (exec): **FAIL** at ${at(2)} by ada, 2 of 3 are there`,
      `- moved: **UNDO_FAILED** at ${at(3)} by dee, the disk is full`,
    ]);
    expect(part(text, 'What had been done')).toEqual([
      `- sum (exec): **WAIVED** at ${at(1)} by ada: the sum of last year is meant`,
      `- moved (exec): **PASS** at ${at(1)} by ada`,
      `- seen (exec): **FAIL** at ${at(2)} by ada, 2 of 3 are there`,
    ]);
    expect(part(text, 'What was undone, in this order')).toEqual([
      `- moved: **UNDO_FAILED** at ${at(3)} by dee, the disk is full`,
      `- moved: **UNDONE** at ${at(4)} by dee, moved back`,
    ]);
    expect(part(text, 'What happened')).toEqual([
      '- Ended as: **ROLLED_BACK**',
      '- Why: it does not work',
      '- Severity: `__________`',
      '- Rollback begun by: dee',
      `- Rollback begun by, after that at ${at(4)}: dee, once more`,
      '- Point of no return: not passed, as open was not begun',
      '- Later writes: no loss was accepted',
    ]);
    expect(part(text, 'Times (UTC)')).toContain(`- Detected: ${at(0)}, sum was FAIL`);
    expect(part(text, 'Times (UTC)').at(-1)).toBe('- Duration, since it was detected: 4m');
  });

  it('has what was made good as a failure, but not as when it was detected (control)', async () => {
    const text = await goesBack('less', false);
    expect(text).not.toContain('WAIVED');
    expect(part(text, 'What failed')).toEqual([
      `- sum (exec): **FAIL** at ${at(0)} by ada, the number is 425, not == 999`,
      `- seen (exec): **FAIL** at ${at(1)} by ada, 1 of 3 are there`,
      `- moved: **UNDO_FAILED** at ${at(2)} by dee, the disk is full`,
    ]);
    expect(part(text, 'Times (UTC)')).toContain(`- Detected: ${at(1)}, seen was FAIL`);
  });
});

describe('the incident record of a run that was held at its point of no return', () => {
  it('says that it may have been passed, and who aborted it', async () => {
    const play = stage();
    play.acts['open'] = () => says('no answer');
    await goOn(openPlayed(join(work, 'perhaps'), WAIVED, play));
    const aborting = openPlayed(join(work, 'perhaps'), WAIVED, play);
    aborting.held.commit({ event: 'aborted' }, { who: 'dee', why: 'enough' });
    const text = recordOf(aborting, 'waived-1');
    expect(part(text, 'What happened').slice(3)).toEqual([
      '- Aborted by: dee',
      `- Point of no return: perhaps passed, as open was begun at ${at(0)} and has not passed`,
      '- Later writes: no loss was accepted',
    ]);
    expect(part(text, 'What was not undone')).toEqual([
      '- moved (exec): PASS',
      '- open (exec): FAIL',
    ]);
  });
});

describe('the incident record of a release whose program has failed', () => {
  it('has the end of what that has said, standard error first, in a block that nothing ends', () => {
    const text = incident(back);
    const block = text.split('\n## What failed\n')[1]?.split('\n## ')[0] ?? '';
    expect(block).toMatch(
      /^What it said at last:\n\n`login\.stderr`, \d+ B, SHA-256 \w{64}:\n\n`{4}\n```\nno session\n`{4}\n\n`login\.stdout`/m,
    );
    expect(block).not.toContain('worker.stdout');
  });
});

const PILOT = shared('seeds/003-wien-pilot.md');

describe.skipIf(PILOT === null)('the boxes that a runbook had after a rollback', () => {
  it('are in the record, and only the record itself is done', () => {
    const text = PILOT === null ? '' : readFileSync(PILOT, 'utf8');
    const section = text.split('### 9.3 Post-Rollback')[1]?.split('\n---')[0] ?? '';
    const theirs = section.match(/^- \[ \] .*$/gm) ?? [];
    const ours = part(incident(back), 'To do');
    const words = ['incident record', 'logs, metrics', 'takeholders', 'postmortem'];
    expect(theirs).toHaveLength(words.length);
    for (const [at, word] of words.entries()) {
      expect(theirs[at]).toContain(word);
      expect(ours.filter((line) => line.includes(word))).toHaveLength(1);
    }
  });
});

/** The incident record of a run: what fired and failed, what was undone in which order, and what is left to people. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { incidentMarkdown } from '../../../src/cutover/evidence/incident.ts';
import { runDocuments } from '../../../src/cutover/evidence/runDocuments.ts';
import { runEvidence } from '../../../src/cutover/evidence/runEvidence.ts';
import { readRun } from '../../../src/cutover/engine/heldRun.ts';
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
      '- Begun by: a trigger or monitor of the runbook',
      expect.stringMatching(
        `^- Fired at ${TIME}: \`login.failed > 0\` \\(S1\\), with the value 1, action rollback$`,
      ),
      '- Later writes: none were given up by a person',
    ]);
    const times = part(text, 'Times (UTC)');
    for (const [at, name] of ['Run begun', 'Detected', 'Way back begun', 'Ended'].entries()) {
      expect(times[at]).toMatch(new RegExp(`^- ${name}: ${TIME}$`));
    }
    expect(times[4]).toMatch(/^- Duration, since it was detected: \d+s$/);
    const sorted = times.slice(0, 4).map((line) => line.slice(-24));
    expect(sorted.toSorted()).toEqual(sorted);
  });

  it('has what had been done, what failed, and what was undone in which order', () => {
    const text = incident(back);
    const done = part(text, 'What had been done');
    expect(done).toHaveLength(15);
    expect(done[3]).toMatch(new RegExp(`^- migrate \\(exec\\): \\*\\*PASS\\*\\* at ${TIME}$`));
    expect(part(text, 'What failed')).toEqual([
      expect.stringMatching(`^- login \\(exec\\): \\*\\*FAIL\\*\\* at ${TIME}, exit code 1$`),
    ]);
    expect(part(text, 'What was undone, in this order')).toEqual([
      expect.stringMatching(`^- attachments: \\*\\*UNDONE\\*\\* at ${TIME}, exit code 0$`),
      expect.stringMatching(`^- migrate: \\*\\*UNDONE\\*\\* at ${TIME}, exit code 0$`),
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
    const made = runDocuments(back.sources()).find(({ path }) => path === 'incident.md');
    expect(Buffer.from(made?.content ?? []).toString()).toBe(incident(back));
    expect(runDocuments(back.sources()).map(({ path }) => path)).not.toContain(
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
      '- Begun by: eve',
      '- Later writes: none were given up by a person',
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

function recordOf({ held, loaded }: PlayedRun): string {
  const { runbook, planHash } = loaded;
  const lines = readRun(held.places).entries;
  const sources = { run: 'watched-1', runbook, planHash, lines, where: 'journal' };
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
    const text = recordOf(again);
    expect(part(text, 'What happened')).toEqual([
      '- Ended as: **ROLLED_BACK**',
      '- Why: errors',
      '- Severity: S0',
      '- Begun by: ada',
      expect.stringMatching(
        `^- Fired at ${TIME}: \`errors > 0.01\` \\(S0\\), with the value 0.5, action held$`,
      ),
      '- Later writes: given up by ada, by the name of the run',
    ]);
    expect(part(text, 'To do').at(-1)).toBe('- [ ] Schedule the postmortem (operator (ada))');
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

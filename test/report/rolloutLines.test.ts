/** A rollout as lines of a terminal. */

import { describe, expect, it } from 'vitest';

import type { StoryRollout } from '../../src/outcome/rolloutStory.ts';
import { rolloutLines } from '../../src/report/rolloutLines.ts';
import { momentText } from '../../src/report/rolloutWords.ts';
import { rolloutRun, type Story } from '../cutover/engine/rolloutJournal.ts';

function rolloutOf(story: Story): StoryRollout {
  const { rollout } = rolloutRun(story);
  if (rollout === undefined) throw new Error('there is no rollout');
  return rollout;
}

const BACK = rolloutOf({
  truth: (stage, hour) => (stage === '50' && hour > 8 ? { success: 92.5 } : {}),
});

describe('the lines of a rollout', () => {
  it('have a line for each stage, one for each metric of the current one, and what is missing', () => {
    const story = rolloutOf({ endsAt: (stage, hour) => stage === '50' && hour > 9 });
    expect(rolloutLines(story)).toMatchInlineSnapshot(`
      [
        "10 %       passed       24h of 24h, 27 looks",
        "50 %       under way    9h of 48h, 9 looks",
        "  the split             passes       48.8 % of 3,600 users (44.8 to 52.9 %); passes within 10 points of 50 %",
        "  success               passes       96.4 % of 3,600 (94.7 to 97.8 %); passes at 95 % or more, with a margin of 1; rolls back below 95 %",
        "  success against 10 %  not decided  0.97 times as often bad as at 10 % (0.35 to 2.8); passes at 2.5 times or less",
        "  stuck                 passes       0; passes at 0; rolls back above 10",
        "  p99                   passes       P99 between 25 and 40, of 3,600; passes at 60 or less",
        "  p99 against 10 %      passes       P99 0.50 to 1.6 times that at 10 %; passes at 1.8 times or less",
        "  errors                passes       errors of a new kind are 0 % of 3,600 (0 to 0.34 %); passes at 0.1 % or less, with a margin of 0.5; rolls back above 0.1 %",
        "100 %      not reached  7d to soak",
        "end of v1  not reached  14d to soak",
        "missing for 100 %: 39h of the soak",
        "missing for 100 %: success against 10 %, not decided (0.97 times as often bad as at 10 % (0.35 to 2.8))",
        "missing for 100 %: 1 statement by the role support at complaints-50",
        "missing for 100 %: 1 approval by the role lead at approve-100",
      ]
    `);
  });

  it('say of a rollout that went back what each metric was, and of nothing that it is missing', () => {
    const lines = rolloutLines(BACK);
    expect(lines[0]).toBe('10 %       passed       24h of 24h, 27 looks');
    expect(lines[1]).toBe('50 %       rolled back  26h of 48h, 26 looks');
    expect(lines.find((line) => line.includes('rolls back '))).toMatchInlineSnapshot(
      `"  success               rolls back   93.8 % of 10,400 (92.6 to 94.9 %); passes at 95 % or more, with a margin of 1; rolls back below 95 %"`,
    );
    expect(lines.slice(-2)).toEqual([
      '100 %      not reached  7d to soak',
      'end of v1  not reached  14d to soak',
    ]);
  });

  it('say how often a soak began anew, and how many checkpoints were missed', () => {
    const story = rolloutOf({
      truth: (stage, hour) => (stage === '50' && hour > 20 && hour < 25 ? { stuck: 4 } : {}),
      isAway: (stage, hour) => stage === '50' && hour > 30 && hour < 43,
      endsAt: (stage, hour) => stage === '50' && hour > 70,
    });
    expect(rolloutLines(story)[1]).toBe(
      '50 %       under way    33h of 48h, 60 looks, begun anew once, 1 checkpoint missed',
    );
  });

  it('say what is not known, and who has to act where a stage has passed', () => {
    const unread = rolloutOf({
      truth: () => ({ stuck: null }),
      endsAt: (stage, hour) => stage === '10' && hour > 3,
    });
    expect(rolloutLines(unread)).toContain(
      '  stuck               not known    no number; passes at 0; rolls back above 10',
    );
    const waits = rolloutOf({ stopsAt: (step) => step === 'approve-50' });
    expect(rolloutLines(waits).filter((line) => line.startsWith('missing'))).toEqual([
      'missing for 50 %: 1 approval by the role lead at approve-50',
    ]);
    const early = rolloutOf({ stopsAt: () => true });
    expect(rolloutLines(early)).toEqual([
      '10 %       not reached  24h to soak',
      '50 %       not reached  48h to soak',
      '100 %      not reached  7d to soak',
      'end of v1  not reached  14d to soak',
    ]);
  });

  it('let no name move the cursor or break a line', () => {
    const evil = '\u001B[2J\nv2';
    const stages = BACK.stages.map((stage) => ({ ...stage, deprecates: evil }));
    const lanes = BACK.lanes.map((lane) => ({ ...lane, metric: evil }));
    const text = rolloutLines({ ...BACK, stages, lanes }).join('');
    expect(text).not.toContain('\u001B');
    expect(text).not.toContain('\n');
    expect(text).toContain(String.raw`\u{1b}[2J\u{a}v2`);
  });
});

describe('a moment of decision', () => {
  it('is a sentence', () => {
    expect(BACK.moments.map((moment) => momentText(BACK, moment))).toMatchInlineSnapshot(`
      [
        "The rollout began: 10 % of the users had v2.",
        "dee stated at 10 %: complaints = 0 at 10 % of the users.",
        "bo approved 50 %.",
        "Promoted to 50 %, as 10 % had passed: 50 % of the users had v2.",
        "Rolled back at 50 %, as success was 93.8 % of 10,400 (92.6 to 94.9 %), all of it below 95 %.",
        "The way back was over: 0 % of the users had v2.",
      ]
    `);
    const [moment] = BACK.moments;
    if (moment === undefined) throw new Error('there is none');
    const said = (kind: typeof moment.kind, who: string | null, says: string): string =>
      momentText(BACK, { ...moment, kind, who, says, stage: 1 });
    expect(said('held', 'cy', 'lunch')).toBe('cy held it at 50 %: lunch.');
    expect(said('held', null, 'no number')).toBe('Held at 50 %: no number.');
    expect(said('resumed', 'ada', '')).toBe('ada went on at 50 %.');
    expect(said('back', 'ada', 'complaints')).toBe('ada rolled back at 50 %: complaints.');
    expect(said('back failed', null, 'status 503')).toBe(
      'The way back failed at 50 %: status 503.',
    );
    expect(said('ended', 'ada', '')).toBe('ada ended the rollout at 50 %, where it was.');
    expect(said('anew', null, 'it had been held')).toBe(
      'The soak of 50 % began anew: it had been held.',
    );
    expect(momentText(BACK, { ...moment, kind: 'promoted', stage: 3 })).toBe(
      '100 % had passed: the end of v1 began.',
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { doneLine, progressLine, type Step } from '../../src/cli/progressLine.ts';

const KUNDEN: Step = {
  label: 'kunden',
  unit: 'row',
  done: 600,
  before: 0,
  bytes: null,
  failed: 0,
  total: 2400,
  seconds: 2,
};

describe('the line that shows how far a step is', () => {
  it('has the name, a bar, the count, the rate and the time that is left', () => {
    expect(progressLine(KUNDEN, 80)).toBe(
      'kunden                     [##       ]  25%      600/2.4k    300/s ETA 0:06',
    );
    expect(progressLine({ ...KUNDEN, done: 3_600_000, total: 36e9, seconds: 10 }, 80)).toBe(
      'kunden                     [         ]   0%    3.6M/36.0G   360k/s ETA 27:46:30',
    );
  });

  it('says nothing of a rate when it is too early, or of an end that is not known', () => {
    expect(progressLine({ ...KUNDEN, seconds: 0.01 }, 80)).toMatch(/2\.4k {10}ETA --:--$/);
    expect(progressLine({ ...KUNDEN, total: 0 }, 80)).toMatch(
      /^kunden {48}600 {4}300\/s ETA --:--$/,
    );
  });

  it('has the bytes, where they are known, and the rate of this run alone', () => {
    const loaded = { ...KUNDEN, done: 1600, before: 1000, bytes: 12_345_678 };
    expect(progressLine(loaded, 80)).toBe(
      'kunden            [######   ]  66%     1.6k/2.4k  12.3 MB    300/s ETA 0:03',
    );
    expect(doneLine(loaded)).toBe('kunden                     1600 rows, 12.3 MB in 2.0 s, 300/s');
  });

  it('tells what has failed, before the bar', () => {
    const failing = { ...KUNDEN, label: 'attachments', bytes: 12_345_678, failed: 3 };
    expect(progressLine(failing, 80)).toBe(
      'attachments        25%      600/2.4k  12.3 MB    300/s 3 failed ETA 0:06',
    );
    expect(progressLine(failing, 100)).toBe(
      'attachments       [#####               ]  25%      600/2.4k  12.3 MB    300/s 3 failed ETA 0:06',
    );
    expect(doneLine(failing)).toMatch(/ 600 rows, 12\.3 MB in 2\.0 s, 300\/s, 3 failed$/);
    expect(doneLine({ ...failing, failed: 1234 })).toMatch(/, 1,234 failed$/);
    for (const line of [progressLine(KUNDEN, 80), doneLine(KUNDEN)]) {
      expect(line).not.toContain('failed');
    }
  });

  it('becomes a plain one at the end', () => {
    expect(doneLine({ ...KUNDEN, done: 2400 })).toBe(
      'kunden                     2400 rows in 2.0 s, 1.2k/s',
    );
    expect(doneLine({ ...KUNDEN, done: 1, seconds: 0.01 })).toMatch(/ 1 row in 0\.0 s$/);
  });

  it('fits whatever the terminal, and draws nothing that a name might hold', () => {
    const steps = fc.record({
      label: fc.string({ unit: 'binary', maxLength: 80 }),
      unit: fc.constant('row'),
      done: fc.nat(),
      before: fc.nat(),
      bytes: fc.option(fc.nat()),
      failed: fc.nat(),
      total: fc.nat(),
      seconds: fc.float({ min: 0, max: 1e6, noNaN: true }),
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 2, max: 300 }), (step, columns) => {
        const line = progressLine(step, columns);
        expect(line.length).toBeLessThan(columns);
        expect(line).not.toMatch(/\p{Cc}/u);
        expect(doneLine(step)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

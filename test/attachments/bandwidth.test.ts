/** Bytes a second, by a clock that may be set. */

import { describe, expect, it } from 'vitest';

import { bandwidth, type Bandwidth } from '../../src/attachments/byteBudget.ts';

/** A bandwidth of 1,000 bytes a second whose clock a test sets, and the pauses that it has made. */
function clocked(): { lane: Bandwidth; pauses: number[]; set: (ms: number) => void } {
  let time = 10_000_000;
  const pauses: number[] = [];
  const sleep = async (ms: number): Promise<void> => {
    pauses.push(ms);
    time += ms;
  };
  const set = (ms: number): void => {
    time = ms;
  };
  return { lane: bandwidth(1000, () => time, sleep), pauses, set };
}

describe('a bandwidth', () => {
  it('lets the second one wait until the first has passed', async () => {
    const { lane, pauses } = clocked();
    for (let count = 0; count < 3; count += 1) await lane.pass(500);
    expect(pauses).toEqual([500, 500]);
  });

  it('has no one wait for a clock that was set back', async () => {
    const { lane, pauses, set } = clocked();
    await lane.pass(500);
    set(1_000_000);
    await lane.pass(500);
    expect(pauses).toEqual([500]);
  });
});

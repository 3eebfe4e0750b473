/** `rollout.split` on a log: by how many users of which time it tells a percentage from the one before. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { rolloutSplit } from '../../../src/cutover/steps/rolloutSplit.ts';
import type { Members } from '../../../src/cutover/steps/stepType.ts';
import { localWorld } from '../world/localWorld.ts';
import { line, workOf } from './localStep.ts';

const NOW = new Date('2026-12-06T02:00:00Z');
const { world, folder, remove } = localWorld({ now: () => NOW });
afterAll(remove);

/** Users of a version that were routed so many seconds ago. */
type Routed = readonly [users: number, version: 'v1' | 'v2', ago: number];

function split(members: Members, ...routed: readonly Routed[]): Promise<string> {
  const lines = routed.flatMap(([users, version, ago], group) =>
    Array.from({ length: users }, (_, user) =>
      JSON.stringify({
        time: new Date(NOW.getTime() - ago * 1000).toISOString(),
        user: `${group}-${user}`,
        version,
      }),
    ),
  );
  writeFileSync(join(folder, 'route.log'), `${lines.join('\n')}\n`);
  const all = { log: 'route.log', old: 'v1', new: 'v2', ...members };
  return line(rolloutSplit.apply(workOf(rolloutSplit, all, world)));
}

describe('the split after a way back', () => {
  const back = { percent: 0, from: 10, recent: '4m' };

  it('is told by the last seconds where many users come, whatever was before', async () => {
    const said = await split(back, [500, 'v1', 5], [50, 'v2', 20], [450, 'v1', 20]);
    expect(said).toMatch(/^PASS 0 % of 500 users/);
  });

  it('is told by a longer time where few come', async () => {
    const said = await split(back, [5, 'v1', 5], [95, 'v1', 100]);
    expect(said).toMatch(/^PASS 0 % of 100 users/);
    expect(await split(back, [5, 'v1', 5], [95, 'v1', 300])).toMatch(/^INCONCLUSIVE .* too few/);
  });

  it('is not reached while a user of the last seconds has the new version, or one of a time that is needed', async () => {
    expect(await split(back, [500, 'v1', 5], [1, 'v2', 5])).toMatch(/^FAIL/);
    expect(await split(back, [5, 'v1', 5], [95, 'v1', 100], [10, 'v2', 100])).toMatch(/^FAIL/);
  });

  it('is that of all of the time where nothing says what it was before', async () => {
    const said = await split({ percent: 0, recent: '4m' }, [500, 'v1', 5], [1, 'v2', 100]);
    expect(said).toMatch(/^FAIL/);
  });
});

/** A run for as long as a process lives: what it waits for is inspected again, until it ends or is held. */

import { advance, type Pause } from './advance.ts';
import { BEAT_MS } from './attend.ts';
import type { LiveRun } from './liveRun.ts';

/** Goes on until the run is over or held; `told` is called whenever it begins to wait for something else. */
export async function drive(run: LiveRun, told: (pause: Pause) => void): Promise<Pause> {
  let before = '';
  for (;;) {
    const pause = await advance(run);
    if (pause.kind !== 'waits') return pause;
    const now = `${pause.step} ${pause.reason} ${pause.reason === 'soak' ? '' : pause.says}`;
    if (now !== before) told(pause);
    before = now;
    const left = (pause.until ?? Infinity) - run.world.now().getTime();
    try {
      await run.world.pause(Math.max(1, Math.min(BEAT_MS, left)), run.stopping);
    } catch (error) {
      if (!run.stopping.aborted) throw error;
    }
  }
}

/** The parts of a run, written down as their progress is shown: the report draws them. */

import type { Progress } from '../run/environment.ts';
import type { Phase } from '../report/timing.ts';

/** More are not written down: memory is bounded, and nobody reads them. */
const MAX_PHASES = 1000;

/** Shows progress as `shown` does, and adds to `phases`; `clock` gives milliseconds of the run. */
export function recordPhases(shown: Progress, phases: Phase[], clock: () => number): Progress {
  let open: { readonly label: string; readonly begun: number } | null = null;
  let rows = 0;
  return {
    begin(label, total, about) {
      [open, rows] = [{ label, begun: clock() }, 0];
      shown.begin(label, total, about);
    },
    update(done) {
      rows = done;
      shown.update(done);
    },
    end() {
      if (open !== null && phases.length < MAX_PHASES) {
        phases.push({ ...open, ended: clock(), done: rows });
      }
      open = null;
      shown.end();
    },
  };
}

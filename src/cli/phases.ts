/** Records the phases of a run from its progress, for the report. */

import type { Progress } from '../run/environment.ts';
import type { Phase } from '../report/timing.ts';

/** Maximum number of recorded phases, to bound memory. */
const MAX_PHASES = 1000;

/** Returns a progress that also adds to `phases`; `clock` returns milliseconds since the start. */
export function recordPhases(shown: Progress, phases: Phase[], clock: () => number): Progress {
  let open: { readonly label: string; readonly begun: number } | null = null;
  let rows = 0;
  return {
    begin(label, total, about) {
      [open, rows] = [{ label, begun: clock() }, 0];
      shown.begin(label, total, about);
    },
    update(done, bytes, failed) {
      rows = done;
      shown.update(done, bytes, failed);
    },
    end() {
      if (open !== null && phases.length < MAX_PHASES) {
        phases.push({ ...open, ended: clock(), done: rows });
      }
      open = null;
      shown.end();
    },
    say(line) {
      shown.say(line);
    },
  };
}

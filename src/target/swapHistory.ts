/** What was live before, from the moves that took place: a promote pushes, a rollback pops. Pure. */

import type { Placed, SwapEntry } from './swap.ts';

/** Returns what a rollback of `live` would return to, the last one last. */
export function placesBefore(moves: readonly SwapEntry[], live: string): readonly Placed[] {
  const before: Placed[] = [];
  for (const { live: name, move, from, to } of moves) {
    if (name !== live) continue;
    if (move === 'promote') {
      if (from !== null) before.push(from);
    } else {
      const at = before.findLastIndex((placed) => placed.name === to.name);
      before.splice(at === -1 ? 0 : at);
    }
  }
  return before;
}

/** The steps that seal values again: which states each of them wants. Pure. */

import type { KeyOf, OpenColumn } from '../project/openKeys.ts';
import { indexOf } from './rowPlace.ts';
import type { Step } from './resealRows.ts';
import { indexMaker } from './sealer.ts';

/** Seals what is in a form from before. */
export const MIGRATE: Step = {
  name: 'migrated',
  mayBeShallow: true,
  wants: (state) => (state.kind === 'legacy' ? state.text : null),
};

/** Seals what is under a key that retires. */
export function rotateFrom(kid: string): Step {
  return {
    name: 'rotated',
    mayBeShallow: true,
    wants: (state) => (state.kind === 'retiring' && state.kid === kid ? state.text : null),
  };
}

/** Seals what is bound to former names, and makes a blind index again that does not fit. */
export function rebind(column: OpenColumn, keyOf: KeyOf): Step {
  const index = indexMaker(column.declared, keyOf);
  return {
    name: 'rebound',
    mayBeShallow: false,
    wants(state, row) {
      if (state.kind === 'former') return state.text;
      if (state.kind !== 'current' || index === null) return null;
      return index(state.text) === indexOf(column, row) ? null : state.text;
    },
  };
}

/** Handlers of all calls that a worker thread with a mapping answers. */

import type { MapperContext } from '../mapping/compile/identity.ts';
import { migrationAnswers } from '../migrate/worker/migrationAnswers.ts';
import { openedSources } from '../project/worker/openedSources.ts';
import { reconcileAnswers } from '../reconcile/worker/reconcileAnswers.ts';
import { proofAnswers } from '../scan/worker/scanAnswers.ts';
import type { Adapters } from '../source/source.ts';
import type { Answer } from '../threads/call.ts';
import { CANDIDATE_ANSWERS } from './candidateAnswers.ts';

export interface SourceAnswers {
  readonly answers: readonly Answer[];
  /** Closes the sources that calls have opened. */
  readonly close: () => Promise<void>;
}

/** Makes the handlers of one thread, which opens its sources by these adapters. */
export function sourceAnswers(context: MapperContext, adapters: Adapters): SourceAnswers {
  const sources = openedSources(context, adapters);
  return {
    answers: [
      ...sources.answers,
      ...migrationAnswers(sources),
      ...reconcileAnswers(sources),
      ...proofAnswers(sources),
      ...CANDIDATE_ANSWERS,
    ],
    close: () => sources.close(),
  };
}

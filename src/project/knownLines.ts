/** The journal of a run, held to what the journal of the project says of it. */

import { headsAt } from '../journal/longJournal.ts';
import { Failure } from '../outcome/failure.ts';

/**
 * Asserts that the journal of a run has each of these lines, given as number and SHA-256. What was appended
 * since is not known there.
 * @throws Failure JOURNAL
 */
export function assertHasLines(where: string, known: readonly (readonly [number, string])[]): void {
  const heads = headsAt(where, new Set(known.map(([line]) => line)));
  for (const [line, head] of known) {
    if (line === 0 || heads.get(line) === head) continue;
    const what = heads.has(line)
      ? 'the journal of the run is not the one that the journal of the project knows of'
      : 'the journal of the run has lost lines that the journal of the project knows of';
    throw new Failure('JOURNAL', {
      what,
      where,
      hint: 'restore the copy that you keep elsewhere, or begin another run',
    });
  }
}

/** The agreed times of promote. Going back needs no agreement: rollback is possible at any time. */

import type { ProjectMapping } from '../mapping/model.ts';
import { isWithin, parseWindow, shownAt, WINDOW_FORM } from '../mapping/window.ts';
import { Failure } from '../outcome/failure.ts';
import { isRehearsal } from '../project/paths.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { Environment } from '../run/environment.ts';

export interface WindowOptions {
  /** Window of the command line, in addition to the project's. */
  readonly window?: string;
  readonly dryRun: boolean;
}

/**
 * Asserts that the clock is in the window of the project and in that of the command line, which can
 * narrow the project's and not widen it. Returns a note instead on a dry run, which may come earlier.
 * @throws Failure USAGE for a text that is no window, CANDIDATE outside of a window
 */
export function assertWindow(
  project: ProjectMapping,
  { window, dryRun }: WindowOptions,
  root: string,
  env: Pick<Environment, 'now'>,
): string[] {
  const now = env.now();
  const windows = [isRehearsal(root) ? undefined : project.window, window];
  const closed = windows.flatMap((text) => outside(text ?? null, now));
  const [first] = closed;
  if (first === undefined) return [];
  if (dryRun) return [`${first.what} (${first.where}), so a promote is refused now`];
  throw new Failure('CANDIDATE', first);
}

interface Closed {
  readonly what: string;
  readonly where: string;
  readonly hint: string;
}

function outside(text: string | null, now: Date): Closed[] {
  if (text === null) return [];
  const window = parseWindow(text);
  if (typeof window === 'string') {
    throw new Failure('USAGE', { what: window, where: '--window', hint: WINDOW_FORM });
  }
  if (isWithin(window, now)) return [];
  return [
    {
      what: 'this is not the time that was agreed',
      where: `it is ${shownAt(now, window.zone)} there, and the window is ${quoteName(text)}`,
      hint: 'wait for it, or agree on another one; sealift rollback is possible at any time',
    },
  ];
}

/** What health reports, and waiting until it reports something. */

import { Failure } from '../../../outcome/failure.ts';
import { formatDuration } from '../../../record/duration.ts';
import { getOf, jsonOf, tryRequest } from '../http/requests.ts';
import type { Presence, StepResult, StepWork } from '../stepType.ts';

/** JSON that health reports, or why it could not be read, as a clause. */
export type Health = { readonly json: unknown } | { readonly unread: string };

/** Reads one page of health. @throws Failure for an address that may not be contacted */
export async function readHealth(work: StepWork, url: string): Promise<Health> {
  const answer = await tryRequest(work, getOf(work, url));
  if ('unanswered' in answer) return { unread: answer.unanswered };
  const { status } = answer;
  if (status < 200 || status > 299) return { unread: `health has status ${status}` };
  const json = jsonOf(answer);
  return json === undefined ? { unread: 'health is not JSON' } : { json };
}

/** What was seen of an effect. */
export interface Sight {
  readonly presence: Presence;
  /** What was seen, as a clause. */
  readonly says: string;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5000;

/** Looks again and again until the effect is there, and returns what it saw last. */
export async function waitFor<Seen extends Sight>(
  { world, signal }: StepWork,
  withinMs: number,
  look: () => Promise<Seen>,
): Promise<Seen> {
  const end = world.now().getTime() + withinMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const sight = await look();
    if (sight.presence === 'there' || world.now().getTime() + pause > end) return sight;
    await world.pause(pause, signal);
  }
}

/** Turns what was seen last after a change into its result. @throws Failure TARGET if the effect is not there */
export function changed({ presence, says }: Sight, withinMs: number): StepResult {
  if (presence === 'there') return { verdict: 'PASS', says, results: { applied: 1 } };
  throw new Failure('TARGET', {
    what: `${says}, ${formatDuration(withinMs)} after the change was made`,
    hint: 'find out whether it is still under way',
  });
}

/** The result of reading an effect back. */
export function verified({ presence, says }: Sight): StepResult {
  const isThere = presence === 'there';
  return { verdict: isThere ? 'PASS' : 'FAIL', says, results: { failed: isThere ? 0 : 1 } };
}

/** What a dry run says of what it saw: only what can be read can be verified later. */
export function rehearsed({ presence, says }: Sight): StepResult {
  const verdict = presence === 'unclear' ? 'INCONCLUSIVE' : 'PASS';
  return { verdict, says: presence === 'there' ? `${says} already` : says };
}

/** unfreeze-writes: allows the writes of sources again, and proves it by a write of another process. */

import type { Outcome } from '../outcome/outcome.ts';
import {
  assertWrites,
  changeWrites,
  notTouched,
  recoverWrites,
  type SourceWrites,
  type WritesOptions,
} from '../project/sourceWrites.ts';
import type { Environment } from '../run/environment.ts';

/** Restores each source that freeze-writes has frozen; changes no other. */
export async function unfreezeWrites(options: WritesOptions, env: Environment): Promise<Outcome> {
  return changeWrites('unfreeze-writes', options, env, async (source) => {
    const recovered = await recoverWrites(source, 'unfreeze');
    return [...recovered, await unfreezeOne(source)];
  });
}

async function unfreezeOne(source: SourceWrites): Promise<string> {
  const { name, label, control, location } = source;
  const { state, before } = source.journaled();
  const found = await source.found();
  if (found.kind === 'other') throw notTouched(source, found.why);
  // A file as freeze-writes left it may come back after an unfreeze, out of a copy.
  if (before === null || (state !== 'frozen' && found.kind === 'writable')) {
    return `${name}: writes of ${label} are not frozen, nothing was changed`;
  }
  source.append('unfreeze', 'intended', { before });
  // A file that can be written was replaced, or changed by hand: the journal learns it, no more.
  if (found.kind !== 'writable') await control.unfreeze(location, before, source.options);
  const since = found.kind === 'reopened' ? `; before that, ${found.why}` : '';
  await assertWrites(source, 'unfreeze');
  source.append('unfreeze', 'done');
  return found.kind === 'writable'
    ? `${name}: ${label} could be written although it was frozen: it was replaced, or changed by hand; only the journal was changed`
    : `${name}: writes of ${label} are allowed again; ${control.proof.accepted}${since}`;
}

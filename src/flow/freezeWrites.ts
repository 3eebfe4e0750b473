/** freeze-writes: stops the writes of sources, and proves it by a write of another process. */

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

/** Freezes each source that can be frozen. One that is frozen already stays as it is. */
export async function freezeWrites(options: WritesOptions, env: Environment): Promise<Outcome> {
  return changeWrites('freeze-writes', options, env, async (source) => {
    const recovered = await recoverWrites(source, 'freeze');
    return [...recovered, await freezeOne(source), ...(await otherWriters(source))];
  });
}

async function freezeOne(source: SourceWrites): Promise<string> {
  const { name, label, control, location } = source;
  const { state, last } = source.journaled();
  const found = await source.found();
  if (state === 'frozen') {
    if (found.kind === 'writable') throw notTouched(source, GONE, AGAIN);
    if (found.kind === 'reopened') throw notTouched(source, found.why, found.hint);
    if (found.kind !== 'frozen') throw notTouched(source, found.why);
    await assertWrites(source, 'freeze');
    return `${name}: writes of ${label} were frozen already, by line ${last?.seq} of the journal`;
  }
  if (found.kind === 'frozen') throw notTouched(source, THAWED, FIRST);
  if (found.kind === 'other') throw notTouched(source, found.why);
  const intend = (before: string): void => {
    source.append('freeze', 'intended', { before });
  };
  const frozen = await control.freeze(location, null, intend, source.options);
  await assertWrites(source, 'freeze');
  source.append('freeze', 'done', frozen);
  return `${name}: writes of ${label} are frozen; ${control.proof.refused}`;
}

/** Says who could write in spite of the freeze, each by name. */
async function otherWriters({ name, control, location, options }: SourceWrites): Promise<string[]> {
  const others = (await control.others?.(location, options)) ?? [];
  return others.map((line) => `${name}: could still write: ${line}`);
}

const GONE = 'the journal says that its writes are frozen, but it can be written';
const AGAIN =
  'find out what made it writable; sealift unfreeze-writes records that, and then it can be frozen again';
const FIRST = 'run sealift unfreeze-writes first';
const THAWED = 'it refuses writes, but the journal says that they were allowed again';

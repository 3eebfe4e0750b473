/** rollback: verifies the candidate that was live before, and makes it live again. */

import { Failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { previousOf } from '../journal/pointerHistory.ts';
import { sealedNamed, sealedNames, sealIdOf } from '../seal/sealedFolders.ts';
import { assertOperatorIfKnown } from '../project/operatorNeeded.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import {
  movePointer,
  verifyWhole,
  withLivePointer,
  type LivePointer,
  type PointerOptions,
} from '../promote/pointerSession.ts';
import { pointerOutcome } from '../promote/pointerOutcome.ts';
import type { Workers } from '../run/workers.ts';

export interface RollbackOptions extends PointerOptions {
  /** Seal id, or its first digits, of a candidate that was live before; null for the last one. */
  readonly to: string | null;
  readonly workers: Workers;
}

/** Makes an earlier candidate live. A failure changes nothing. */
export async function rollback(options: RollbackOptions, env: Environment): Promise<Outcome> {
  return withLivePointer('rollback', options, env, async (pointer) => {
    const { paths, history } = pointer;
    await assertOperatorIfKnown(paths.root, operatorOf(options.who, env));
    const name = options.to === null ? lastBefore(pointer) : earlier(pointer, options.to);
    if (!sealedNames(paths.candidates).includes(name)) throw pruned(name);
    const verified = await verifyWhole(paths.candidates, name, options.workers, env);
    const about = { from: history.live, dataRoot: verified.dataRoot };
    const now = [
      ...movePointer(pointer, 'rollback', name, about),
      `live before: ${history.live ?? 'nothing'}`,
    ];
    return pointerOutcome('rollback', pointer, name, verified, now);
  });
}

function lastBefore({ history, paths }: LivePointer): string {
  const last = previousOf(history);
  if (!history.byCommand) {
    throw new Failure('CANDIDATE', {
      what: 'storage_live was changed by hand, so it is not clear which candidate was live before',
      where: paths.live,
      hint:
        last === null
          ? 'no command has made a candidate live before, so use sealift promote'
          : `go back with --to ${last}`,
    });
  }
  if (last !== null) return last;
  throw new Failure('CANDIDATE', {
    what: 'no candidate was live before this one',
    where: paths.live,
    hint: 'make another one live with sealift promote',
  });
}

/** Returns the folder name under which the candidate was last live. */
function earlier({ history, paths }: LivePointer, requested: string): string {
  const names = sealedNamed(paths.candidates, requested, '--to');
  const name = history.before.findLast((candidate) => {
    return names.includes(candidate) && !(history.byCommand && candidate === history.live);
  });
  if (name !== undefined) return name;
  const same = new Set(names.map(sealIdOf));
  const gone = history.before.findLast((candidate) => same.has(sealIdOf(candidate)));
  if (gone !== undefined && gone !== history.live) throw rebuilt(gone, names.at(-1) ?? gone);
  const live = history.live !== null && names.includes(history.live);
  throw new Failure('CANDIDATE', {
    what: live ? 'this candidate is live already' : 'this candidate was not live before',
    where: `--to ${requested}`,
    hint: live ? 'there is nothing to go back to' : 'make it live with sealift promote',
  });
}

/** The rebuilt candidate has equal bytes, but was never live: promote can make it live. */
function rebuilt(gone: string, there: string): Failure {
  return new Failure('CANDIDATE', {
    what: 'the candidate that was live before no longer exists; an equal one was built since',
    where: gone,
    hint: `make the new one live with sealift promote ${sealIdOf(there).slice(0, 8)}`,
  });
}

function pruned(name: string): Failure {
  return new Failure('CANDIDATE', {
    what: 'the candidate that was live before no longer exists',
    where: name,
    hint: 'run sealift status, then name another one with --to, or promote one',
  });
}

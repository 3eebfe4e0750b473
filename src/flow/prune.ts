/** prune: removes candidates that are no longer needed, and tells how much space that frees. */

import { entriesOf } from '../disk/noLinks.ts';
import { byteCount } from '../outcome/byteCount.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { previousOf } from '../journal/pointerHistory.ts';
import { sealedLast } from '../journal/sealedEntry.ts';
import { readJournal } from '../journal/journal.ts';
import { sealsInTargets } from '../journal/targetMoves.ts';
import { assertTrash, bytesIn, emptyTrash, moveToTrash } from '../seal/trash.ts';
import {
  computedSealId,
  currentName,
  isMisnamed,
  sealedNamed,
  sealedNames,
  sealedPath,
  sealIdOf,
} from '../seal/sealedFolders.ts';
import type { Environment } from '../run/environment.ts';
import {
  withLivePointer,
  type LivePointer,
  type PointerOptions,
} from '../promote/pointerSession.ts';

export interface PruneOptions extends PointerOptions {
  /** Seal ids, or their first digits, of further candidates to keep. */
  readonly keep: readonly string[];
  /** Whether folders with the name of a candidate go, too, that do not hold it. */
  readonly damaged: boolean;
}

/**
 * Keeps what is live, was live before, is live in a target or was before its last move, `v1` points to, was sealed last, and is in `keep`; and folders
 * that only have the name of a candidate.
 */
export async function prune(options: PruneOptions, env: Environment): Promise<Outcome> {
  return withLivePointer('prune', options, env, async (pointer) => {
    const store = pointer.paths.candidates;
    assertTrash(store);
    const kept = keptOf(pointer, options.keep);
    const names = sealedNames(store);
    for (const name of names.filter((candidate) => kept.has(candidate))) assertNamed(store, name);
    if (names.length > 0 && !names.some((name) => kept.has(name))) throw nothingLeft(store);
    // v1 may have been changed by hand, and then points to another than the one that was sealed last.
    const last = sealedLast(readJournal(pointer.paths.journal), names);
    const unneeded = names.filter((name) => !kept.has(name) && name !== last);
    const unfit = unneeded.filter((name) => isMisnamed(sealedPath(store, name)));
    const left = options.damaged ? [] : unfit;
    const removed = unneeded.filter((name) => !left.includes(name));
    const bytes = removed.reduce((sum, name) => sum + bytesIn(sealedPath(store, name)), 0);
    let leftovers = 0;
    if (!options.dryRun) {
      // Leftovers of a prune that was killed; its entry is in the journal.
      leftovers = emptyTrash(store);
      pointer.commit(removed.length === 0 ? [] : [{ event: 'prune', candidates: removed }]);
      moveToTrash(store, removed);
      emptyTrash(store);
    }
    const notes = left.map((name) => `not removed: ${name}, ${contentOf(sealedPath(store, name))}`);
    if (left.length > 0) notes.push('find out what changed them; --damaged removes them');
    const stay = names.length - removed.length;
    const all = { ...pointer, notes: [...pointer.notes, ...notes] };
    return outcome(all, removed, stay, bytes + leftovers);
  });
}

function keptOf({ paths, history }: LivePointer, named: readonly string[]): Set<string> {
  const store = paths.candidates;
  const kept = [history.live, previousOf(history), currentName(store)];
  const inTargets = sealsInTargets(readJournal(paths.journal));
  return new Set([
    ...sealedNames(store).filter((name) => inTargets.has(sealIdOf(name))),
    ...kept.filter((name) => name !== null),
    ...named.flatMap((id) => sealedNamed(store, id, `--keep ${id}`)),
  ]);
}

/**
 * Fails if a candidate to keep was changed: one that would be removed might be the only valid one.
 */
function assertNamed(store: string, name: string): void {
  const folder = sealedPath(store, name);
  if (!isMisnamed(folder)) return;
  throw new Failure('CANDIDATE', {
    what: 'the seal id of a candidate to keep differs from the name of its folder, nothing was removed',
    where: folder,
    hint: 'run sealift verify-checksums --candidate DIR, and find out what changed it',
  });
}

/** Describes a folder that has the name of a candidate, but does not hold it. */
function contentOf(folder: string): string {
  if (entriesOf(folder).length === 0) return 'which was emptied';
  return computedSealId(folder) === null
    ? 'which has no list of checksums, so it is no candidate'
    : 'which holds a candidate of another seal id';
}

/** Without a link, all candidates would be removed. */
function nothingLeft(store: string): Failure {
  return new Failure('CANDIDATE', {
    what: 'nothing is live and nothing is built, so no candidate would be left',
    where: store,
    hint: 'name the candidates to keep with --keep',
  });
}

function outcome(
  { notes, dryRun }: LivePointer,
  removed: readonly string[],
  kept: number,
  bytes: number,
): Outcome {
  const done = dryRun ? 'would be removed' : 'removed';
  const freed = dryRun ? 'would be freed' : 'freed';
  return actionOutcome({
    command: 'prune',
    notes: [
      ...notes,
      ...removed.map((name) => `${done}: ${name}`),
      `${counted(removed.length, 'candidate')} ${done}, ${kept} kept, ${byteCount(bytes)} ${freed}`,
      ...(dryRun ? ['dry run: nothing was changed'] : []),
    ],
  });
}

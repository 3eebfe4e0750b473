/**
 * Going live in SQLite; see target/swap.ts for what it promises. Applications open a link, which is moved
 * from one file to another (swapFiles.ts). The link is the label of its moves, and its last name what
 * applications read; a place is a file, by its path. There is no ledger but the journal: whether a move took
 * place is told by the file that the link points to.
 */

import { basename, dirname, resolve } from 'node:path';

import { acquireLock, type Lock } from '../../disk/lock.ts';
import { Failure } from '../../outcome/failure.ts';
import { assertPlaceUnchanged } from '../placeUnchanged.ts';
import type { OpenTarget, Placed, Swap, SwapOptions } from '../swap.ts';
import type { Outside } from '../target.ts';
import { bringBack, digestOf, writeStateOf } from './aside.ts';
import { readFileLink } from './fileLink.ts';
import { findFiles, type FilePlaces } from './filePlaces.ts';
import { parityOf, paritySql } from './parity.ts';
import { fileChanges, swapFiles } from './swapFiles.ts';

/** Opens a link for a move, with its lock unless it only reads. @throws Failure */
export async function openSwap(file: string, options: SwapOptions): Promise<OpenTarget> {
  const { sealId, outside, dryRun, journaled } = options;
  const link = linkOf(options);
  // Says what is wrong with it before a lock is made beside it.
  readFileLink(link);
  const lock = dryRun ? null : lockOf(link, options);
  const undoing: Undoing = { undo: null };
  const liveNow = (): string | null =>
    dryRun ? readFileLink(link) : putRight(link, outside.connectMs);
  const opened: OpenTarget = {
    label: link,
    async isDone(intent) {
      const { open } = journaled(link);
      return open !== null && open.to.name === liveNow() && open.intent === intent;
    },
    async find() {
      const move = { link, file, sealId, lockMs: outside.connectMs };
      return swapOf(opened, findFiles(move, journaled(link)), undoing, outside);
    },
    async close() {
      undoing.undo?.();
      undoing.undo = null;
      lock?.release();
    },
  };
  try {
    liveNow();
    return opened;
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** How to undo what a swap has done so far, for an interrupt; null for nothing. */
interface Undoing {
  undo: (() => void) | null;
}

/** @throws Failure USAGE without a link, or with what a file has no use for */
function linkOf({ live, schema, base }: SwapOptions): string {
  if (schema !== null) {
    throw new Failure('USAGE', {
      what: 'an SQLite target is a file of its own, without schemas',
      where: '--schema',
      hint: 'leave this option out',
    });
  }
  if (live !== null) return resolve(base, live);
  throw new Failure('USAGE', {
    what: 'an SQLite target goes live by a link that applications open, and none is named',
    where: '--live',
    hint: 'name its path, such as --live /srv/app/current.db; promote makes it',
  });
}

function lockOf(link: string, { sealId, outside }: SwapOptions): Lock {
  const command = sealId === null ? 'rollback' : 'promote';
  const holder = { command, pid: outside.pid, since: outside.now().toISOString() };
  return acquireLock(dirname(link), holder, `.${basename(link)}.sealift-lock`);
}

/** What is live can be written: a command may have been killed while it was not. */
function putRight(link: string, lockMs: number): string | null {
  const live = readFileLink(link);
  if (live !== null) bringBack(live, lockMs);
  return live;
}

function swapOf(
  opened: OpenTarget,
  { now, next }: FilePlaces,
  undoing: Undoing,
  outside: Outside,
): Swap {
  const { label: link } = opened;
  return {
    label: link,
    live: basename(link),
    confirmation: basename(link),
    now,
    next,
    // What was live before refuses writes since.
    nextSeen: null,
    plan: next === null ? [] : steps(link, next, now),
    isDone: (intent) => opened.isDone(intent),
    async isOf({ name }, { target, seen }) {
      if (target === name) return true;
      // Read through the link, it may have been another file.
      return target === link && (await digestOf(name, outside.signal)) === seen;
    },
    optionsOf: ({ name }) => ({ target: `sqlite:${name}`, schema: null }),
    async changes({ name }, seen) {
      const begun = outside.now().getTime();
      const found = await fileChanges(name, seen, outside);
      return { ...found, tookMs: outside.now().getTime() - begun };
    },
    async parity() {
      // What is of no load has tables and names of its own.
      const isCompared = now !== null && now.sealId !== null && next !== null;
      if (!isCompared) return { kinds: [], missing: [], tookMs: 0 };
      return { ...parityOf(now.name, next.name, outside.connectMs), tookMs: 0 };
    },
    paritySql: (missing) => paritySql(missing, next?.name ?? link),
    async swap(order) {
      await swapFiles(
        {
          link,
          assertUnchanged: (which, changes) => assertPlaceUnchanged(which, changes, link),
          undoBy: (how) => {
            undoing.undo = how;
          },
        },
        order,
        outside,
      );
    },
  };
}

function steps(link: string, next: Placed, now: Placed | null): string[] {
  const isAside = writeStateOf(next.name) === 'aside';
  return [
    ...(now === null ? [] : [`refuse all writes to ${now.name}`]),
    `point ${link} to ${next.name}`,
    ...(isAside ? [`allow writes to ${next.name}`] : []),
  ];
}

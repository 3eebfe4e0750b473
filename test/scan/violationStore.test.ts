/** Logs of what checks find: in order, each for itself, and gone when they are read. */

import { readdirSync } from 'node:fs';

import { describe, expect, it, onTestFinished } from 'vitest';

import { openViolationStore, type ViolationStore } from '../../src/scan/violationStore.ts';
import { scratchFolder } from './candidate.ts';

function opened(folder: string = scratchFolder()): ViolationStore {
  const store = openViolationStore(folder);
  onTestFinished(() => {
    store.close();
  });
  return store;
}

describe('a log of violations', () => {
  it('gives each record and kind once, by record and kind, and is empty then', () => {
    const log = opened().openViolations();
    for (const [ordinal, kind] of [
      [7, 1],
      [3, 0],
      [7, 0],
      [7, 1],
    ] as const)
      log.add(ordinal, kind);
    log.add(1, 2, 'f1');
    expect(log.kinds()).toEqual([0, 1, 2]);
    expect([...log.take()]).toEqual([
      { ordinal: 1, kind: 2, because: 'f1' },
      { ordinal: 3, kind: 0, because: null },
      { ordinal: 7, kind: 0, because: null },
      { ordinal: 7, kind: 1, because: null },
    ]);
    expect([...log.take()]).toEqual([]);
    expect(log.kinds()).toEqual([]);
    log.add(2, 0);
    expect([...log.take()]).toHaveLength(1);
  });

  it('makes a violation one of another kind', () => {
    const log = opened().openViolations();
    for (const ordinal of [1, 2, 3]) log.add(ordinal, 0);
    expect(log.ordinals(0, 2, 4)).toEqual([2, 3]);
    log.move(2, 0, 5);
    expect(log.ordinals(0, 0, 9)).toEqual([1, 3]);
    expect(log.ordinals(5, 0, 9)).toEqual([2]);
  });

  it('does not know what another one holds (negative control: the same one does)', () => {
    const store = opened();
    const [one, other] = [store.openViolations(), store.openViolations()];
    one.add(1, 0);
    expect(other.kinds()).toEqual([]);
    expect([...other.take()]).toEqual([]);
    other.add(1, 4);
    expect([...other.take()].map(({ kind }) => kind)).toEqual([4]);
    expect([...one.take()].map(({ kind }) => kind)).toEqual([0]);
  });
});

describe('a log of groups', () => {
  it('gives those of at least two owners, by set and first member', () => {
    const log = opened().openGroups();
    const add = (set: number, group: string, owner: string, ordinal: number): void => {
      log.add({ set, group, owner, ordinal });
    };
    add(1, 'x', 'a', 0);
    add(1, 'x', 'b', 1);
    add(0, 'y', 'a', 9);
    add(0, 'y', 'b', 4);
    add(0, 'z', 'a', 2);
    add(0, 'z', 'b', 8);
    // One owner twice is no group.
    add(0, 'w', 'a', 5);
    add(0, 'w', 'a', 6);
    const groups = [...log.take()].map(({ set, ordinals }) => [set, ordinals]);
    expect(groups).toEqual([
      [0, [2, 8]],
      [0, [4, 9]],
      [1, [0, 1]],
    ]);
    expect([...log.take()]).toEqual([]);
  });
});

describe('a store', () => {
  it('makes no file as long as nothing is found', () => {
    const folder = scratchFolder();
    const store = opened(folder);
    const log = store.openViolations();
    expect([...log.take(), ...store.openGroups().take()]).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    log.add(0, 0);
    expect(readdirSync(folder)).toContain('violations.db');
  });
});

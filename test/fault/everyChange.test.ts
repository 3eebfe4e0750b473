/**
 * A reader who looks before every change of a name and every sync that migrate, promote and rollback
 * make, and sees a whole candidate each time: no instant between two changes is left out, and nothing
 * depends on luck.
 */

import { mkdirSync, readlinkSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { build, promoteHere, rollbackHere, scanEntryOf, scanHere } from '../promote/fixture.ts';
import { newProject } from './fixture.ts';
import { readOnce } from './reader.ts';

/** The reader, who is asked before each change, but not by what it does itself. */
const { watch, before } = vi.hoisted(() => {
  const state = { look: (): void => {}, looking: false, looks: 0 };
  const ask = (): void => {
    if (state.looking) return;
    state.looking = true;
    try {
      state.look();
      state.looks += 1;
    } finally {
      state.looking = false;
    }
  };
  const asked = <A extends unknown[], R>(call: (...args: A) => R): ((...args: A) => R) => {
    return (...args) => {
      ask();
      return call(...args);
    };
  };
  return { watch: state, before: asked };
});

vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>();
  const changed = {
    fsyncSync: before(fs.fsyncSync),
    mkdirSync: before(fs.mkdirSync),
    renameSync: before(fs.renameSync),
    rmSync: before(fs.rmSync),
    rmdirSync: before(fs.rmdirSync),
    symlinkSync: before(fs.symlinkSync),
    unlinkSync: before(fs.unlinkSync),
  };
  return { ...fs, ...changed, default: { ...fs, ...changed } };
});

let project = '';

beforeAll(async () => {
  project = await newProject(20);
  await build(project, 'one');
  await scanHere(project);
  await promoteHere(project);
});

afterAll(() => rmSync(project, { recursive: true }));

const links = (): readonly string[] => [
  join(project, 'storage_live'),
  join(project, 'storage_candidate/v1'),
];

/** Runs `work` with the reader; returns how often it has looked. */
async function watched(work: () => Promise<unknown>): Promise<number> {
  watch.looks = 0;
  watch.look = () => links().forEach(readOnce);
  try {
    await work();
  } finally {
    watch.look = () => {};
  }
  links().forEach(readOnce);
  return watch.looks;
}

describe('before every change of a name a reader sees a whole candidate', () => {
  it('while migrate replaces it, promote makes it live, and rollback goes back', async () => {
    const first = readlinkSync(links()[0] ?? '');
    let name = '';
    expect(await watched(async () => (name = await build(project, 'two')))).toBeGreaterThan(20);
    scanEntryOf(project, name, {});
    expect(await watched(() => promoteHere(project))).toBeGreaterThan(5);
    expect(readlinkSync(links()[0] ?? '')).toContain(name);
    expect(await watched(() => rollbackHere(project))).toBeGreaterThan(5);
    expect(readlinkSync(links()[0] ?? '')).toBe(first);
  });

  it('and notices a link that is replaced in two steps, and a candidate that is emptied', async () => {
    const [link = ''] = links();
    const target = readlinkSync(link);
    const inTwoSteps = async (): Promise<void> => {
      rmSync(link);
      symlinkSync(target, link);
    };
    await expect(watched(inTwoSteps)).rejects.toThrow('ENOENT');
    symlinkSync(target, link);
    const [from, away] = [join(realpathSync(link), 'dogs/schema.json'), join(project, 'away')];
    const emptied = async (): Promise<void> => {
      renameSync(from, away);
      mkdirSync(join(project, 'later'));
    };
    await expect(watched(emptied)).rejects.toThrow('ENOENT');
    renameSync(away, from);
  });
});

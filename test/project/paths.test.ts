/** A project of a rehearsal is known by its place, and by the command at work there. */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { acquireLock } from '../../src/disk/lock.ts';
import { isRehearsal } from '../../src/project/paths.ts';
import { temporaryFolder } from '../fault/fixture.ts';

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => rmSync(folder, { recursive: true }));

it.each([
  ['school/storage_candidate/.shadow-a1', 'first', true],
  ['school/storage_candidate/.shadow-a1', 'small-disk/project', true],
  ['school/storage_candidate', 'sealed', false],
  ['.shadow-a1', 'school', false],
  ['school/storage_candidate/shadow-a1', 'first', false],
])('%s/%s: %s', (root, project, expected) => {
  const [shadow, path] = [join(folder, root), join(folder, root, project)];
  mkdirSync(path, { recursive: true });
  // A project that was moved to such a place is none.
  expect(isRehearsal(path)).toBe(false);
  const lock = acquireLock(shadow, { command: 'drill', pid: process.pid, since: '-' });
  expect(isRehearsal(path)).toBe(expected);
  lock.release();
});

/**
 * Whatever mask the shell has: what a run makes, for a moment or to stay, only its owner can enter or read;
 * and what is sealed, its owner cannot change by accident, either.
 * Somebody looks at all of it, over and over, while the commands are at work.
 */

import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { succeed } from '../kit/project.ts';
import { start } from '../kit/run.ts';
import { newProject } from './fixture.ts';

const OPEN_MASK: readonly string[] = ['sh', '-c', 'umask 000; exec "$@"', 'sh'];
const LOOSE_MODES: string = fileURLToPath(
  new URL('../torture/sabotage/looseModes.ts', import.meta.url),
);

let project: string;
let temporary: string;

beforeEach(async () => {
  project = await newProject(60);
  // A log beside it has the source copied, and the copy holds records, too.
  writeFileSync(join(project, 'legacy.db-wal'), '');
  temporary = join(project, 'temporary');
  mkdirSync(temporary);
});
afterEach(() => {
  rmSync(project, { recursive: true });
});

interface Seen {
  /** Kinds of files and folders that were there at one time or another. */
  readonly names: Set<string>;
  /** Those that others could enter or read, with their modes. */
  readonly open: Set<string>;
}

/** Looks at everything that the project's commands have made, once. */
function look(seen: Seen): void {
  const visit = (folder: string): void => {
    for (const name of entriesOf(folder)) {
      const path = join(folder, name);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || stat.isSymbolicLink()) continue;
      const shown = path.slice(project.length + 1);
      seen.names.add(name.replace(/-.*|\d+$/, ''));
      const wanted = stat.isDirectory() ? 0o700 : 0o600;
      // What is published is made read-only, its files one by one.
      const sealed = shown.startsWith('storage_candidate/sealed/') ? wanted & 0o577 : wanted;
      const mode = stat.mode & 0o777;
      if (mode !== wanted && mode !== sealed) seen.open.add(`${shown} ${mode.toString(8)}`);
      if (stat.isDirectory()) visit(path);
    }
  };
  for (const name of readdirSync(project)) {
    if (name.startsWith('storage_')) visit(join(project, name));
  }
  visit(temporary);
}

/** What is in a folder; nothing where it has gone meanwhile. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Runs commands, one after the other, under somebody's eyes. */
async function watched(
  commands: readonly (readonly string[])[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const seen: Seen = { names: new Set(), open: new Set() };
  const env = { TMPDIR: temporary, ...environment };
  for (const command of commands) {
    const args = [...command, '--project', project, '--workers', '1'];
    const { child, ended } = start(args, { wrap: OPEN_MASK, env });
    while (child.exitCode === null && child.signalCode === null) {
      look(seen);
      await wait(1);
    }
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(0);
  }
  look(seen);
  return seen;
}

it('with a mask of 000, a run makes folders of 0700 and files of 0600, and nothing else', async () => {
  const commands = [['migrate', '--sample', '30'], ['dry-run'], ['scan-all']];
  // Staging, spills, key sets, the copy of the source, scratch and its tables.
  const passing = ['.staging', 'read', 'frontier', 'source.db', 'sealift', 'scan'];
  const names = new Set<string>();
  // On a busy machine a look may come too late.
  for (let turn = 1; turn <= 5 && passing.some((name) => !names.has(name)); turn += 1) {
    const seen = await watched(commands);
    expect([...seen.open]).toEqual([]);
    for (const name of seen.names) names.add(name);
  }
  expect([...names]).toEqual(expect.arrayContaining(passing));
});

it('makes every sealed file 0400 and every sealed folder 0500, also one that is restored', async () => {
  const sealed = (): string[] => {
    const folder = join(project, 'storage_candidate/sealed');
    const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(paths.length).toBeGreaterThan(10);
    return paths.flatMap((path) => {
      const stat = lstatSync(join(folder, path));
      const wanted = stat.isDirectory() ? 0o500 : 0o400;
      return (stat.mode & 0o777) === wanted ? [] : [path];
    });
  };
  await succeed(['migrate', '--project', project]);
  expect(sealed()).toEqual([]);
  const file = join(temporary, 'kept.tar');
  await succeed(['snapshot', '--out', file, '--project', project]);
  rmSync(join(project, 'storage_candidate'), { recursive: true });
  await succeed(['snapshot', 'restore', file, '--project', project]);
  expect(sealed()).toEqual([]);
  await succeed(['verify-checksums', '--project', project]);
  // A candidate of an earlier version has other modes, and verifies as well.
  chmodSync(join(realpathSync(join(project, 'storage_candidate/v1')), 'owners'), 0o700);
  await succeed(['verify-checksums', '--project', project]);
});

it('is looked at by somebody who sees what is open: a run that asks for no modes is found out', async () => {
  const { open } = await watched([['migrate']], { NODE_OPTIONS: `--import=${LOOSE_MODES}` });
  expect([...open].map((one) => basename(one))).toContain('schema.json 666');
  expect([...open].join()).toMatch(/\.staging\/\S+ 6/);
});

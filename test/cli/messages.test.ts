/**
 * What a person reads when something is wrong: one line that says what, where, and what to do; no
 * trace of the program, no record's value; and nothing on the disk has changed.
 */

import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { newProject, SECRET, temporaryFolder, treeOf } from '../fault/fixture.ts';
import type { Case } from './messageCase.ts';
import { CASES, REPORTS } from './messageCases.ts';
import { planted, type Plant } from './planted.ts';
import { sealift, type Ran } from '../kit/run.ts';

let template: string;
let folder: string;
const transcripts = new Map<string, string>();

beforeAll(async () => {
  template = await newProject(30);
  folder = temporaryFolder();
});

afterAll(() => {
  rmSync(template, { recursive: true });
  rmSync(folder, { recursive: true });
});

/** What may have changed: reports, the lock, and folders that hold nothing. */
const ASIDE = [
  'storage_reports',
  'storage_candidate/.lock',
  'storage_candidate/.lock.json',
  'legacy.db-journal',
];

/** What is locked stays locked: there is nothing to wait for. */
const NO_WAIT: Plant = { file: 'project/timeouts.ts', search: 'lockMs: 5000', by: 'lockMs: 0' };

/** Reading a locked database would let go of this process's lock on it (POSIX). */
function listing(project: string, aside: readonly string[]): string {
  const tree = [...treeOf(project, [...ASIDE, ...aside])].filter(
    ([path]) => path !== 'storage_candidate',
  );
  return tree.map((line) => line.join(' ')).join('\n');
}

interface Told extends Ran {
  readonly before: string;
  readonly after: string;
}

async function tell({ name, args, prepare, env, aside = [] }: Case): Promise<Told> {
  const project = join(folder, name.replaceAll(/[^a-z]+/g, '-'));
  mkdirSync(project);
  cpSync(template, project, { recursive: true });
  const undo = await prepare?.(project);
  // A lock keeps other processes out, and not the one that holds it.
  const apart = /^a locked|^another run/.test(name);
  const locked = name.startsWith('a locked');
  const variables = locked ? planted(folder, NO_WAIT) : env;
  const unread = locked ? [...aside, 'legacy.db'] : aside;
  const before = listing(project, unread);
  const ran = await sealift(
    args.map((arg) => arg.replace('PROJECT', project)),
    {
      cwd: project,
      ...(variables === undefined ? {} : { env: variables }),
      ...(apart ? { process: true } : {}),
    },
  );
  const after = listing(project, unread);
  if (typeof undo === 'function') undo();
  const normal = (text: string): string =>
    text
      .replaceAll(project, 'PROJECT')
      .replaceAll(/[0-9a-f]{64}/g, 'DIGEST')
      .replaceAll(/begun \d{4}-\S+Z/g, 'begun TIME');
  const told = { ...ran, stdout: normal(ran.stdout), stderr: normal(ran.stderr) };
  transcripts.set(
    name,
    `## ${name}\n$ sealift ${args.join(' ')}\n${told.stdout}${told.stderr}(${told.code})\n`,
  );
  return { ...told, before, after };
}

/** The lines on standard error but those of progress. */
function complaints({ stderr }: Ran): string[] {
  const progress = /^\w+: \d+ (row|record|file|object|table|line)s?(, \d+ failed)?$/;
  return stderr.split('\n').filter((line) => line !== '' && !progress.test(line));
}

describe.concurrent('a message', () => {
  it.each(CASES.map((one) => [one.name, one] as const))('about %s', async (_, one) => {
    const told = await tell(one);
    expect(told.code, told.stderr).toBe(one.code);
    expect(told.stdout + told.stderr).not.toMatch(new RegExp(`${SECRET}| {4}at |node:|file://`));
    expect(told.stdout + told.stderr).not.toMatch(/[^\P{Cc}\n]/u);
    expect(told.stderr).not.toMatch(/defect of Sealift/);
    expect(told.after).toBe(told.before);
    const lines = complaints(told);
    if (one.code === 2 && lines.length === 0) {
      expect(told.stdout).toMatch(/FAIL\n$/);
      return;
    }
    expect(lines, told.stderr).toHaveLength(1);
    const [line = ''] = lines;
    // The command, what went wrong and where, what to do: no colon more.
    expect(line).toMatch(/^sealift( [a-z-]+){0,2}: \S.*[^.:]$/);
    expect(line.split(': '), line).toHaveLength(3);
    expect(line).not.toMatch(/::|: :|\(\)|undefined|\bE[A-Z]{4,}\b|\[object/);
    expect(line.length).toBeLessThan(400);
  });

  it.each(REPORTS.map((one) => [one.name, one] as const))('when %s', async (_, one) => {
    const told = await tell(one);
    // What it did is done, but nothing of it is written down.
    expect(told.code, told.stderr).toBe(74);
    expect(told.stdout).toMatch(/migrate: DONE\n$/);
    expect(complaints(told)).toEqual([
      expect.stringMatching(/^sealift: no report was written: .+: move it away, then run again$/),
    ]);
  });
});

describe('all messages together', () => {
  it('are these', async () => {
    expect(transcripts.size).toBe(CASES.length + REPORTS.length);
    const text = [...CASES, ...REPORTS].map(({ name }) => transcripts.get(name)).join('\n');
    await expect(text).toMatchFileSnapshot('../golden/messages.txt');
  });
});

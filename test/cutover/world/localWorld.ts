/** The world of steps in a folder of its own: programs, files, artifacts and inputs as they are, and no hosts. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { artifactsIn } from '../../../src/cutover/world/artifacts.ts';
import { inputValues } from '../../../src/cutover/world/inputs.ts';
import { programsOf } from '../../../src/cutover/world/programs.ts';
import { createRedactor } from '../../../src/redact/redactor.ts';
import { filesOf } from '../../../src/cutover/world/runbookFiles.ts';
import type { KeptOutput, World } from '../../../src/cutover/world/world.ts';

export interface LocalWorld {
  readonly world: World;
  /** Folder of the runbook. */
  readonly folder: string;
  /** Folder of the run. */
  readonly run: string;
  readonly kept: KeptOutput[];
  readonly remove: () => void;
}

export interface LocalOptions {
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly now?: () => Date;
  readonly instead?: Partial<World>;
}

const refuse = (): never => {
  throw new Error('no test of these reaches a host');
};

/** Makes a world whose programs have PATH and HOME of the test, and the variables that are given. */
export function localWorld({ variables = {}, now, instead }: LocalOptions = {}): LocalWorld {
  const root = mkdtempSync(join(tmpdir(), 'sealift-steps-'));
  const folder = join(root, 'runbook');
  const run = join(root, 'run');
  mkdirSync(folder);
  const redactor = createRedactor();
  const kept: KeptOutput[] = [];
  const artifacts = artifactsIn(run, redactor, (output) => kept.push(output));
  const all = { PATH: process.env['PATH'], HOME: root, ...variables };
  const place = { folder, variables: all, redactor, artifacts, pid: process.pid, killAfter: 300 };
  const world: World = {
    runId: 'test-1',
    now: now ?? (() => new Date('2026-12-06T02:00:00Z')),
    pause: refuse,
    variables: all,
    redactor,
    input: inputValues(new Map(), { variables: all, redactor }),
    ...programsOf(place),
    runSealift: refuse,
    request: refuse,
    openSql: refuse,
    files: filesOf(folder),
    artifacts,
    ...instead,
  };
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  return { world, folder, run, kept, remove };
}

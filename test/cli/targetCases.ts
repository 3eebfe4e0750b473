/** What may be wrong with the target of a reconcile. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { sealift } from '../kit/run.ts';
import type { Case } from './messageCase.ts';

const RECONCILE: readonly string[] = ['reconcile', '--project', 'PROJECT', '--target'];

async function build(project: string): Promise<void> {
  await sealift(['migrate', '--project', project]);
}

/** Loads what was built into new.db. */
async function loaded(project: string): Promise<void> {
  await build(project);
  await sealift(['scan-all', '--project', project]);
  const target = `sqlite:${join(project, 'new.db')}`;
  await sealift(['load', '--project', project, '--allow-warnings', '--target', target]);
}

export const TARGETS: readonly Case[] = [
  { name: 'a target without a candidate', args: [...RECONCILE, 'sqlite:PROJECT/new.db'], code: 2 },
  {
    name: 'a target that is not there',
    args: [...RECONCILE, 'sqlite:PROJECT/nowhere.db'],
    code: 2,
    prepare: build,
  },
  {
    name: 'a target that is no database',
    args: [...RECONCILE, 'sqlite:PROJECT/new.db'],
    code: 2,
    prepare: async (project) => {
      await build(project);
      writeFileSync(join(project, 'new.db'), 'this is no database');
    },
  },
  { name: 'a target of another kind', args: [...RECONCILE, 'oracle:x'], code: 64, prepare: build },
  {
    name: 'a target that is a kind of source',
    args: [...RECONCILE, 'csv:PROJECT/a.csv'],
    code: 64,
    prepare: build,
  },
  {
    name: 'a target of no kind',
    args: [...RECONCILE, 'new.db'],
    code: 64,
    prepare: build,
  },
  {
    name: 'a target by a variable that is not set',
    args: [...RECONCILE, 'env:NO_TARGET'],
    code: 64,
    prepare: build,
  },
  {
    name: 'a target that was loaded from another seal',
    args: [...RECONCILE, 'sqlite:PROJECT/new.db', '--expect-seal', 'a'.repeat(64)],
    code: 2,
    prepare: loaded,
  },
  {
    name: 'values of a target into a pipe',
    args: [...RECONCILE, 'sqlite:PROJECT/new.db', '--show-values'],
    code: 64,
    prepare: build,
  },
];

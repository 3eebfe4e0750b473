/** Defects in a target that a candidate was loaded into, which `reconcile` finds. */

import { join } from 'node:path';

import Database from 'better-sqlite3';

import { load } from '../../src/flow/load.ts';
import { reconcile } from '../../src/flow/reconcile.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import { startInline } from '../kit/inline.ts';
import type { CommandPlant } from './commandPlants.ts';
import { migrateOf, projectOf, said, scanAllOf } from './flows.ts';
import { SOUND } from './sealPlants.ts';

/** A target that is equal to its seal, until this SQL is run. */
function target(harm: string): CommandPlant {
  const find: CommandPlant['find'] = async () => {
    const project = projectOf(SOUND);
    for (const step of [migrateOf, scanAllOf]) await step(project);
    const file = join(project, 'new.db');
    const about = { project, target: `sqlite:${file}`, expectSeal: null, schema: null };
    const limits = {
      into: null,
      names: null,
      allowRows: false,
      rowsPerSecond: null,
      maxLag: null,
      batchMs: 0,
    };
    const shown = { candidate: null, allowWarnings: false, without: [], dryRun: false, who: null };
    await said((found) => load({ ...about, ...limits, ...shown, workers: 1 }, ENVIRONMENT, found));
    const compare = {
      ...about,
      names: null,
      cwd: project,
      candidate: 'v1',
      memory: 2 ** 28,
      showValues: null,
    };
    const environment = { ...ENVIRONMENT, startWorkers: startInline };
    const run = (): ReturnType<typeof said> =>
      said((found) => reconcile({ ...compare, workers: 1 }, environment, found));
    const before = await run();
    if (before.status !== 'PASS') throw new Error(`the target is not sound: ${before.line}`);
    const db = new Database(file);
    db.exec(harm);
    db.close();
    return run();
  };
  return { stage: 'reconcile', find };
}

export const TARGET_PLANTS: Readonly<Record<string, readonly CommandPlant[]>> = {
  'target-missing': [target('DELETE FROM m; INSERT INTO m VALUES (2, NULL)')],
  'target-extra': [target('INSERT INTO m VALUES (2, NULL)')],
  'target-changed': [target("UPDATE m SET v = 'ABC'")],
  'target-incomparable': [target('ALTER TABLE m RENAME TO n')],
  empty: [target('DELETE FROM m')],
};

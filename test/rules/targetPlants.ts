/** Defects in a target that a candidate was loaded into: `reconcile` finds them, or promote in the target. */

import { join } from 'node:path';

import Database from 'better-sqlite3';

import { load } from '../../src/flow/load.ts';
import { promoteTarget } from '../../src/flow/promoteTarget.ts';
import { reconcile } from '../../src/flow/reconcile.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import { startInline } from '../kit/inline.ts';
import type { CommandPlant } from './commandPlants.ts';
import { change, migrateOf, projectOf, said, scanAllOf, type Said } from './flows.ts';
import { SOUND } from './sealPlants.ts';

/** Builds, scans and loads into a file. */
async function loadInto(project: string, file: string): Promise<void> {
  for (const step of [migrateOf, scanAllOf]) await step(project);
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
}

/** Compares a file with what was built last, which has to be equal. */
async function compare(project: string, file: string): Promise<Said> {
  const about = { project, target: `sqlite:${file}`, expectSeal: null, schema: null };
  const options = { ...about, names: null, cwd: project, candidate: 'v1', memory: 2 ** 28 };
  const environment = { ...ENVIRONMENT, startWorkers: startInline };
  return said((found) =>
    reconcile({ ...options, showValues: null, workers: 1 }, environment, found),
  );
}

async function equal(project: string, file: string): Promise<void> {
  const { status, line } = await compare(project, file);
  if (status !== 'PASS') throw new Error(`the target is not sound: ${line}`);
}

function run(file: string, sql: string): void {
  const db = new Database(file);
  db.exec(sql);
  db.close();
}

/** A target that is equal to its seal, until this SQL is run. */
function target(harm: string): CommandPlant {
  const find: CommandPlant['find'] = async () => {
    const project = projectOf(SOUND);
    const file = join(project, 'new.db');
    await loadInto(project, file);
    await equal(project, file);
    run(file, harm);
    return compare(project, file);
  };
  return { stage: 'reconcile', find };
}

function goLive(project: string, file: string, acceptLoss: string | null): Promise<Said> {
  const chosen = { candidate: null, expectSeal: null, allowWarnings: false };
  const sources = { sources: new Map(), sourceGone: false, memory: 2 ** 28 };
  const move = { target: `sqlite:${file}`, live: 'live.db', schema: null, parity: null };
  const limits = { maxAgeMs: 3_600_000, maxWaitMs: 1000, acceptLoss, dryRun: false };
  const options = { project, cwd: project, who: null, workers: 1, ...chosen, ...sources };
  const environment = { ...ENVIRONMENT, cwd: project, startWorkers: startInline };
  return said(
    (found) => promoteTarget({ ...options, ...move, ...limits }, environment, found),
    'action',
  );
}

/** What is live, until this SQL is run in it, has nothing that the next file lacks. */
function lacking(harm: string): CommandPlant {
  const find: CommandPlant['find'] = async () => {
    const project = projectOf(SOUND);
    const [first, second] = [join(project, 'first.db'), join(project, 'second.db')];
    await loadInto(project, first);
    await equal(project, first);
    const { line } = await goLive(project, first, null);
    if (line !== '') throw new Error(`nothing is live: ${line}`);
    change(project, "INSERT INTO m VALUES (2, 'later')");
    await loadInto(project, second);
    await equal(project, second);
    run(first, harm);
    return goLive(project, second, 'live.db');
  };
  return { stage: 'promote', find };
}

export const TARGET_PLANTS: Readonly<Record<string, readonly CommandPlant[]>> = {
  'target-missing': [target('DELETE FROM m; INSERT INTO m VALUES (2, NULL)')],
  'target-extra': [target('INSERT INTO m VALUES (2, NULL)')],
  'target-changed': [target("UPDATE m SET v = 'ABC'")],
  'target-incomparable': [target('ALTER TABLE m RENAME TO n')],
  parity: [lacking('CREATE VIEW shown AS SELECT v FROM m')],
  empty: [target('DELETE FROM m')],
};

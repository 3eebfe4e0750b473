/** Defects in a runbook, which `cutover lint` finds. */

import { lintRunbook } from '../../src/cutover/lintRunbook.ts';
import { parseRunbook } from '../../src/cutover/readRunbook.ts';
import { WIEN } from '../cutover/runbooks.ts';
import type { CommandPlant } from './commandPlants.ts';

/** The runbook of one cutover, with a text in the place of another. */
function runbook(search: string, by: string): readonly CommandPlant[] {
  const find: CommandPlant['find'] = async () => {
    if (!WIEN.includes(search)) throw new Error(`the runbook has no ${search}`);
    const loaded = parseRunbook(WIEN.replace(search, by), 'wien.yaml');
    return { findings: lintRunbook(loaded, new Date('2026-11-30T12:00:00Z')) };
  };
  return [{ stage: 'cutover', find }];
}

/** Another step before the one with the files of http.cases. */
function step(text: string): readonly CommandPlant[] {
  return runbook('  - { id: auth,', `  - ${text}\n  - { id: auth,`);
}

export const CUTOVER_PLANTS: Readonly<Record<string, readonly CommandPlant[]>> = {
  'runbook-name': runbook('"http5xx >', '"htp5xx >'),
  'runbook-unused': runbook('cy] }', 'cy], idle: [dee] }'),
  'runbook-cycle': step('{ id: a, use: git.clean, requires: [a] }'),
  'runbook-order': step('{ id: a, use: env.require, names: [A] }'),
  'runbook-undo': step('{ id: a, use: exec, run: [a], idempotent: true }'),
  'runbook-verify': step(
    '{ id: a, use: sql.rows, query: q.sql, every: "a > 0", minRows: 1, verify: { use: git.commit, files: [a], message: b } }',
  ),
  'runbook-resume': step('{ id: a, use: exec, run: [a], undo: { run: [b] } }'),
  'runbook-gate': runbook(', minRows: 1', ''),
  'runbook-shell': step('{ id: a, use: exec, run: [sh, a], changes: false }'),
  'runbook-command': step('{ id: a, use: exec, run: [psql, -c, a], changes: false }'),
  'runbook-zone': runbook('Europe/Vienna', 'CET'),
  'runbook-window': runbook('Sun 04:00', 'Sun 02:00'),
  'runbook-secret': runbook('v3.6.5-rc1', 'postgres://ada:hunter22@db.example/shop'),
};

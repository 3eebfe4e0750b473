/** Defects that a command of their own finds: registries, freezes, differences, drift, rehearsals. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { determinism } from '../../src/flow/determinism.ts';
import { diff } from '../../src/flow/diff.ts';
import { drill } from '../../src/flow/drill.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import type { Environment, SelfOptions, SelfRun } from '../../src/run/environment.ts';
import type { SourceLocation } from '../../src/source/source.ts';
import { load, type LoadOptions } from '../../src/flow/load.ts';
import { scanDrift } from '../../src/flow/scanDrift.ts';
import { smoke } from '../../src/flow/smoke.ts';
import type { Stage } from '../../src/outcome/rules.ts';
import { emptyDatabase, memoryTarget } from '../../src/target/memory.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import { check, freezeCheck, freezeIt, project as registered } from '../flow/registered.ts';
import { change, migrateOf, projectOf, promoteOf, said, scanAllOf, type Said } from './flows.ts';
import { ROW_PLANTS, uuid } from './rowPlants.ts';
import { SOUND } from './sealPlants.ts';

export interface CommandPlant {
  readonly stage: Stage;
  readonly find: () => Promise<Pick<Said, 'findings'>>;
}

const MEMORY = 2 ** 27;

const entry = (legacyId: string, number: number): { legacyId: string; targetUuid: string } => {
  return { legacyId, targetUuid: uuid(number) };
};

function registry(
  chips: readonly (string | null)[],
  dogs: readonly { legacyId: string; targetUuid: string }[],
): CommandPlant {
  return { stage: 'registry', find: () => check(registered(chips, { dogs })) };
}

function at(project: string): { project: string; cwd: string; sources: Map<string, string> } {
  return { project, cwd: project, sources: new Map() };
}

function sealId({ outcome }: Said): string {
  return outcome?.sealId ?? '';
}

function editModule(project: string, edit: (text: string) => string): void {
  const path = join(project, 'mapping/modules/m.json');
  writeFileSync(path, edit(readFileSync(path, 'utf8')));
}

/** Two candidates, and a change between them. */
function different(between: (project: string) => void): CommandPlant {
  const find = async (): Promise<Said> => {
    const project = projectOf(SOUND);
    const a = sealId(await migrateOf(project));
    between(project);
    const b = sealId(await migrateOf(project));
    return said((found) => diff({ ...at(project), a, b, showValues: null }, ENVIRONMENT, found));
  };
  return { stage: 'diff', find };
}

/** Runs of our own that are none: a migrate in this process, and whatever else fails. */
function selfRuns(runId: (run: number) => string): Environment {
  let runs = 0;
  const run = async (
    args: readonly string[],
    variables: SelfOptions['variables'],
  ): Promise<Awaited<SelfRun['ended']>> => {
    runs += 1;
    const project = args[args.indexOf('--project') + 1] ?? '';
    if (args[0] !== 'migrate') return { code: 1, signal: null, stdout: '', stderr: '' };
    const [, variable = ''] =
      /^main=env:(\w+)$/.exec(args[args.indexOf('--source') + 1] ?? '') ?? [];
    const sources = new Map([['main', JSON.parse(variables[variable] ?? '') as SourceLocation]]);
    const { outcome } = await migrateOf(project, { sources, runId: runId(runs) });
    const stdout = JSON.stringify({ sealId: outcome?.sealId, dataRoot: outcome?.dataRoot });
    return { code: 0, signal: null, stdout, stderr: '' };
  };
  return {
    ...ENVIRONMENT,
    runSelf: (args, { variables }) => ({ ended: run(args, variables), kill() {} }),
  };
}

/** The candidate is no longer what the sources say. */
async function moved(): Promise<Said> {
  const project = projectOf(SOUND);
  await migrateOf(project);
  change(project, "UPDATE m SET v = 'other'");
  return driftOf(project);
}

function driftOf(project: string): Promise<Said> {
  const options = { ...at(project), depth: 'records', workers: 1, memory: MEMORY } as const;
  return said((found) => scanDrift(options, ENVIRONMENT, found));
}

/** By rule. */
export const COMMAND_PLANTS: Readonly<Record<string, readonly CommandPlant[]>> = {
  'key-null': [registry(['1', null], [entry('1', 1)])],
  registry: [registry(['1', '2'], [entry('1', 1)])],
  'registry-duplicate': [registry(['1', '2'], [entry('1', 1), entry('2', 2), entry('2', 3)])],
  'registry-similar': [registry(['1', 'Rex'], [entry('1', 1), entry('rex', 2)])],
  'registry-unused': [registry(['1'], [entry('1', 1), entry('2', 2)])],
  empty: [registry([], [entry('1', 1)])],
  freeze: [
    {
      stage: 'freeze',
      find: async () => {
        const project = projectOf(SOUND);
        await freezeIt(project);
        editModule(project, (text) => text.replace('"string"', '"string","maxLength":9'));
        return freezeCheck(project);
      },
    },
  ],
  'record-inserted': [different((project) => change(project, "INSERT INTO m VALUES (2, 'x')"))],
  'record-deleted': [
    different((project) =>
      change(project, "INSERT INTO m VALUES (2, 'x'); DELETE FROM m WHERE k = 1"),
    ),
  ],
  'record-changed': [different((project) => change(project, "UPDATE m SET v = 'xyz'"))],
  'schema-changed': [
    different((project) =>
      editModule(project, (text) => text.replace('"type":"string"', '"type":"tagged"')),
    ),
  ],
  drift: [{ stage: 'drift', find: moved }],
  integrity: [
    {
      stage: 'source',
      find: () => {
        const options = { skipIntegrityCheck: true, workers: 1, memory: MEMORY };
        const project = projectOf(SOUND);
        return said((found) => dryRun({ ...at(project), ...options }, ENVIRONMENT, found));
      },
    },
  ],
  copy: [
    {
      stage: 'drift',
      find: async () => {
        const project = projectOf(ROW_PLANTS['copy'] ?? SOUND);
        await migrateOf(project);
        return driftOf(project);
      },
    },
  ],
  determinism: [
    {
      stage: 'determinism',
      find: () => {
        const options = { ...at(projectOf(SOUND)), sample: null, workers: 1, memory: MEMORY };
        return said(() =>
          determinism(
            options,
            selfRuns((run) => `run-${run}`),
          ),
        );
      },
    },
  ],
  smoke: [
    {
      stage: 'smoke',
      find: async () => {
        const project = projectOf(SOUND);
        for (const step of [migrateOf, scanAllOf]) await step(project);
        await promoteOf(project, false);
        const text = '{"format":1,"modules":{"m":{"first":{"fields":{"v":{"equals":"other"}}}}}}';
        writeFileSync(join(project, 'mapping/smoke.json'), text);
        const log = { log: null, forbid: [], since: null };
        const options = { project, candidate: null, ...log, who: null };
        return said((found) => smoke(options, ENVIRONMENT, found));
      },
    },
  ],
  target: [
    {
      stage: 'load',
      find: async () => {
        const project = projectOf(SOUND);
        for (const step of [migrateOf, scanAllOf]) await step(project);
        const database = emptyDatabase();
        database.problems.push({ module: 'm', what: 'the schema has no such table: make it' });
        const targets = new Map([['memory', memoryTarget(new Map([['there', database]]))]]);
        const options: LoadOptions = {
          project,
          target: 'memory:there',
          candidate: null,
          expectSeal: null,
          allowWarnings: true,
          into: null,
          names: null,
          schema: null,
          allowRows: false,
          without: [],
          rowsPerSecond: null,
          maxLag: null,
          batchMs: 0,
          dryRun: false,
          who: null,
          workers: 1,
        };
        return said((found) => load(options, { ...ENVIRONMENT, targets }, found));
      },
    },
  ],
  drill: [
    {
      stage: 'drill',
      find: () => {
        const options = { ...at(projectOf(SOUND)), modules: [], sample: null };
        const limits = { workers: 1, memory: MEMORY };
        return said(() =>
          drill(
            { ...options, ...limits },
            selfRuns(() => 'run'),
          ),
        );
      },
    },
  ],
};

/**
 * One damaged copy through the real flows: init and migrate, first without the check for damage, so that
 * the reading has to get by with its own guards, then with it. What is accepted is compared.
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openFindings } from '../../src/findings/findingStore.ts';
import { init } from '../../src/flow/init.ts';
import { migrate } from '../../src/flow/migrate.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import { dice } from '../mutate.ts';
import { damaged, kindOf } from './damage.ts';
import type { Sound } from './databases.ts';
import { contentOfCandidate, contentOfDatabase, differences, sqliteSays } from './independent.ts';

export type Result =
  /** Sealift says what is wrong. */
  | 'refused'
  /** Sound for SQLite, and the candidate holds what an independent reading finds. */
  | 'equal'
  /** The candidate holds something else. */
  | 'different'
  | 'accepted though damaged'
  /** No clear line, but a defect of Sealift. */
  | 'defect';

export interface Trial {
  readonly number: number;
  readonly kind: string;
  readonly database: string;
  readonly result: Result;
  /** The failure's line, or what differs. */
  readonly detail: string;
  /** Whether the guards alone, without the check, refused it. */
  readonly guarded: boolean;
}

/** The bytes of copy `number` of a seed. */
export function copyOf(
  sounds: readonly Sound[],
  seed: number,
  number: number,
): { readonly bytes: Buffer; readonly database: string; readonly kind: string } {
  const roll = dice(seed * 1_000_003 + number);
  // Warm up: neighbouring seeds begin alike.
  for (let turn = 0; turn < 4; turn += 1) roll(2);
  const sound = sounds[roll(sounds.length)];
  if (sound === undefined) throw new Error('there is no database to damage');
  const kind = kindOf(number);
  return { bytes: damaged(sound.bytes, kind, roll), database: sound.name, kind: kind.name };
}

/** Tries one copy in `folder`. */
export async function trial(
  sounds: readonly Sound[],
  seed: number,
  number: number,
  folder: string,
): Promise<Trial> {
  const { bytes, database, kind } = copyOf(sounds, seed, number);
  const about = { number, kind, database };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const file = join(folder, 'legacy.db');
  writeFileSync(file, bytes);
  try {
    const guarded = await refusal(() => pipeline(folder, file, true));
    if (guarded !== null) return { ...about, result: 'refused', detail: guarded, guarded: true };
    rmSync(join(folder, 'mapping'), { recursive: true });
    const refused = await refusal(() => pipeline(folder, file, false));
    if (refused !== null) return { ...about, result: 'refused', detail: refused, guarded: false };
  } catch (error) {
    const { stack = '' } = error as Error;
    return { ...about, result: 'defect', detail: stack, guarded: false };
  }
  return { ...about, ...judged(folder, file), guarded: false };
}

function judged(folder: string, file: string): Pick<Trial, 'result' | 'detail'> {
  const says = sqliteSays(file);
  if (says !== 'ok') return { result: 'accepted though damaged', detail: says };
  const candidate = join(folder, 'storage_candidate', 'v1');
  const [source, made] = [
    contentOfDatabase(file),
    contentOfCandidate(candidate, join(folder, 'mapping')),
  ];
  const differ = differences(source, made);
  if (source.size === 0 || differ.length > 0) {
    return { result: 'different', detail: `tables ${differ.join(', ')}` };
  }
  return { result: 'equal', detail: '' };
}

/** The line of a Failure; null where there is none. Anything else is thrown. */
async function refusal(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof Failure) return `${error.code} ${error.line()}`;
    throw error;
  }
}

async function pipeline(project: string, file: string, skip: boolean): Promise<void> {
  const skipIntegrityCheck = skip;
  const source = `sqlite:${file}`;
  await init({ project, cwd: project, source, ids: 'keep', skipIntegrityCheck }, ENVIRONMENT);
  const found = openFindings(project);
  try {
    await migrate(
      {
        project,
        cwd: project,
        sources: new Map(),
        runId: 'fuzz',
        failAfter: null,
        allowRejected: 0,
        workers: 1,
        memory: 2 ** 26,
        skipIntegrityCheck,
      },
      ENVIRONMENT,
      found,
    );
  } finally {
    found.close();
  }
}

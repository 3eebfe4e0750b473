/**
 * freeze-writes and unfreeze-writes killed at any change that they make to the disk: the database is
 * whole, the journal is valid, and the next command finishes or undoes what was begun. 6 kills, or as
 * many as SEALIFT_KILLS_WRITES says.
 */

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { writesState } from '../../src/journal/frozenWrites.ts';
import { randomOf } from '../dogschool/random.ts';
import { times } from '../kit/long.ts';
import { sealift } from '../kit/run.ts';
import { journal } from '../promote/fixture.ts';
import { MODES, type Mode } from '../source/writers.ts';
import { countChanges, startHalting } from './barrier.ts';
import { newProject } from './fixture.ts';

const KILLS = times('SEALIFT_KILLS_WRITES', 6, 100, 20);

type Kind = 'freeze-writes' | 'unfreeze-writes';

const random = randomOf(1, 'writes-kill');

let project: string;

beforeAll(async () => {
  project = await newProject(5);
});

afterAll(() => {
  rmSync(project, { recursive: true });
});

const file = (): string => join(project, 'legacy.db');
const writeVersion = (): number => readFileSync(file())[18] ?? 0;
const state = (): string => writesState(journal(project), 'main', 'journal').state;

/** Runs a command that has to succeed. */
async function run(kind: Kind | 'status'): Promise<string> {
  const { code, stdout, stderr } = await sealift([kind, '--project', project]);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** Sees to it that the command has something to do. */
async function before(kind: Kind): Promise<void> {
  await run(kind === 'freeze-writes' ? 'unfreeze-writes' : 'freeze-writes');
}

/** Tries to write as an application does, and what SQLite says of the file. */
function tryHere(): { readonly accepted: boolean; readonly check: unknown } {
  const db = new Database(file(), { timeout: 0 });
  try {
    const check = db.pragma('integrity_check', { simple: true });
    db.exec(`BEGIN; INSERT INTO owners VALUES (900, 'late', 'late'); ROLLBACK`);
    return { accepted: true, check };
  } catch {
    return { accepted: false, check: db.pragma('integrity_check', { simple: true }) };
  } finally {
    db.close();
  }
}

function setMode(mode: Mode): void {
  const db = new Database(file());
  db.pragma(`journal_mode = ${mode}`);
  db.close();
}

describe('SIGKILL in freeze-writes and unfreeze-writes', () => {
  it(`leaves a database that is frozen or not, ${KILLS} times, and the next command works`, async () => {
    const changes = new Map<Kind, number>();
    for (const kind of ['freeze-writes', 'unfreeze-writes'] as const) {
      const counted = await countChanges([kind, '--project', project]);
      expect(counted.code, counted.stderr).toBe(0);
      changes.set(kind, counted.changes);
    }
    const states = new Set<string>();
    for (let round = 0; round < KILLS; round += 1) {
      const kind: Kind = round % 2 === 0 ? 'freeze-writes' : 'unfreeze-writes';
      await before(kind);
      if (kind === 'freeze-writes') setMode(MODES[(round >> 1) % 2] ?? 'wal');
      const place = random.integer(1, changes.get(kind) ?? 1);
      const halted = startHalting([kind, '--project', project], place);
      expect(await halted.reached, `change ${place} of ${kind}`).toBe(true);
      halted.child.kill('SIGKILL');
      await halted.ended;
      const now = state();
      states.add(`${kind} ${now} ${writeVersion() === 3}`);
      if (now === 'frozen') expect(writeVersion()).toBe(3);
      if (now === 'writable') expect(writeVersion()).not.toBe(3);
      const said = await run('status');
      expect(said.includes('and not finished'), said).toBe(now === 'unsettled');
      expect(tryHere()).toEqual({ accepted: writeVersion() !== 3, check: 'ok' });
      const next: Kind = random.integer(0, 1) === 0 ? 'freeze-writes' : 'unfreeze-writes';
      await run(next);
      expect(state(), next).toBe(next === 'freeze-writes' ? 'frozen' : 'writable');
      expect(tryHere()).toEqual({ accepted: next === 'unfreeze-writes', check: 'ok' });
    }
    if (KILLS >= 100) expect([...states].toSorted()).toHaveLength(8);
  }, 3_600_000);
});

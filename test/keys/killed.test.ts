/**
 * Commands that are killed while the application writes: after each kill, and at the end, every value opens
 * under exactly one key to what was last written, with its blind index, and none is sealed twice.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { times } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { start } from '../kit/run.ts';
import { postgresPlace, SECRETS, sqlitePlace, type Made } from './places.ts';
import { base64, COLUMN, declareKeys, KEYS, said, type Column } from './project.ts';
import { indexOfText, openA1, sealA1 } from './seals.ts';

/** Of three commands and both databases; about two of three come before the command has ended by itself. */
const KILLS = times('SEALIFT_KILLS_KEYS', 6, 300, 20);
const PLACES = [sqlitePlace(), postgresPlace()].filter(({ isHere }) => isHere);
const KILLS_OF_PHASE = Math.max(1, Math.ceil(KILLS / PLACES.length / 3));
const ROWS = 300;
const work = workFolder('keys-killed');

const INDEXED: Column = {
  ...COLUMN,
  blindIndex: { column: 'idx', key: 'index', normalise: ['trim', 'lower'] },
};
const ROTATED: Column = { ...INDEXED, key: 'k2', retiring: ['k1'] };

/** Numbers from 0 to 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** How the application writes a text: the value and its index. */
type Write = (text: string, id: number) => readonly [value: string, index: string | null];

const OLD: Write = (text) => [base64(text), null];
const under =
  (name: 'k1' | 'k2'): Write =>
  (text, id) => [sealA1(name, text, { id }), indexOfText(text)];

/** An application that writes all the time, and knows what it wrote last. */
class Writer {
  readonly last = new Map<number, string>();
  readonly #made: Made;
  readonly #random: () => number;
  #running = false;
  #loop: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(made: Made, random: () => number) {
    this.#made = made;
    this.#random = random;
  }

  begin(ways: readonly Write[]): void {
    this.#running = true;
    this.#loop = this.#write(ways);
  }

  async #write(ways: readonly Write[]): Promise<void> {
    while (this.#running) {
      const id = 1 + Math.floor(this.#random() * ROWS);
      const way = ways[Math.floor(this.#random() * ways.length)] ?? OLD;
      const text = `Written ${(this.#count += 1)} 🔑\n`;
      const [value, index] = way(text, id);
      await this.#made.run('UPDATE secrets SET value = $1, idx = $2 WHERE id = $3', [
        value,
        index,
        id,
      ]);
      this.last.set(id, text);
      await wait(3);
    }
  }

  async pause(): Promise<void> {
    this.#running = false;
    await this.#loop;
  }
}

/** Ways in which a value can be read; it has to be exactly one. */
function readings(value: string, id: number): { readonly by: string; readonly text: string }[] {
  const found = (['k1', 'k2'] as const).flatMap((by) => {
    const text = openA1(by, value, { id });
    return text === null ? [] : [{ by, text }];
  });
  if (value.startsWith('enc:v1:')) return found;
  return [{ by: 'legacy', text: Buffer.from(value, 'base64').toString() }, ...found];
}

async function faultsOf(made: Made, { last }: Writer): Promise<string[]> {
  const rows = await made.rows();
  const faults = rows.length === ROWS ? [] : [`${rows.length} rows`];
  for (const { id, value, index } of rows) {
    const [one, two] = readings(value ?? '', id);
    if (one === undefined || two !== undefined) {
      faults.push(`row ${id} is read in ${one === undefined ? 'no way' : 'two ways'}`);
    } else if (one.text !== last.get(id)) faults.push(`row ${id} is not what was last written`);
    else if (index !== (one.by === 'legacy' ? null : indexOfText(one.text))) {
      faults.push(`row ${id} has another index`);
    }
  }
  return faults;
}

async function linesOf(made: Made): Promise<number> {
  try {
    const [row] = await made.run('SELECT count(*) AS n FROM sealift_keys_log');
    return Number(row?.['n'] ?? 0);
  } catch {
    return 0;
  }
}

/** Runs a command, and kills it once the log has so many lines; tells whether it had not ended before. */
async function killedAt(
  project: string,
  args: readonly string[],
  made: Made,
  lines: number,
  later: number,
): Promise<boolean> {
  const all = ['keys', ...args, '--project', project];
  const { child, ended } = start(all, { env: { ...KEYS, ...made.env } });
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  while (!isOver() && (await linesOf(made)) < lines) await Promise.race([ended, wait(2)]);
  if (!isOver()) await wait(later);
  const killed = child.exitCode === null && child.kill('SIGKILL');
  await ended;
  return killed;
}

interface Phase {
  readonly args: readonly string[];
  readonly column: Column;
  readonly ways: readonly Write[];
  /** What gives the command work to do; null if the writer does. */
  readonly again: readonly string[] | null;
}

const SLOW = ['--batch', '20', '--max-rows-per-second', '1500'];
const PHASES: readonly Phase[] = [
  {
    args: ['migrate', '--run', 'a', ...SLOW],
    column: INDEXED,
    ways: [OLD, under('k1')],
    again: null,
  },
  {
    args: ['rotate', '--from', 'k1', '--to', 'k2', '--run', 'b', ...SLOW],
    column: ROTATED,
    ways: [under('k1'), under('k2')],
    again: null,
  },
  {
    args: ['rollback', '--run', 'b', '--max-rows-per-second', '300'],
    column: ROTATED,
    ways: [under('k1'), under('k2')],
    again: ['rotate', '--from', 'k1', '--to', 'k2', '--run', 'b'],
  },
];

describe.each(PLACES)('commands on keys that are killed in $name', (place) => {
  let made: Made;
  beforeAll(() => place.begin());
  afterAll(async () => {
    await made.close();
    await place.end();
  });

  it(
    `lose nothing in ${KILLS_OF_PHASE * PHASES.length} kills`,
    { timeout: 60_000 + KILLS * 15_000 },
    async () => {
      const project = join(work, place.name);
      mkdirSync(project, { recursive: true });
      made = await place.make(project, 'killed', SECRETS);
      const random = seeded(17);
      const writer = new Writer(made, random);
      const rows = Array.from({ length: ROWS }, (_, at) => ({ id: at + 1, text: `First ${at}` }));
      await made.insert(rows.map(({ id, text }) => ({ id, value: base64(text) })));
      for (const { id, text } of rows) writer.last.set(id, text);
      let killed = 0;
      for (const { args, column, ways, again } of PHASES) {
        declareKeys(project, made.url, [column]);
        for (let kill = 0; kill < KILLS_OF_PHASE; kill += 1) {
          writer.begin(ways);
          // Few lines are new in a run that goes on, so a moment is soon there.
          const more = Math.floor(random() * Math.min(200, (2 * ROWS) / KILLS_OF_PHASE));
          const lines = (await linesOf(made)) + more;
          const wasKilled = await killedAt(project, args, made, lines, random() * 15);
          killed += Number(wasKilled);
          await writer.pause();
          // One that has ended leaves nothing to kill, unless there is something to do again.
          if (!wasKilled && again !== null) await said(project, again, { env: made.env });
          expect(await faultsOf(made, writer)).toEqual([]);
        }
        expect(await said(project, args, { env: made.env })).toMatchObject({ code: 0 });
        expect(await faultsOf(made, writer)).toEqual([]);
        const verified = await said(project, ['verify'], { env: made.env });
        expect(verified).toMatchObject({ code: 0 });
      }
      process.stderr.write(
        `notice: ${killed} of ${KILLS_OF_PHASE * PHASES.length} were killed before their end\n`,
      );
      expect(killed).toBeGreaterThan((KILLS_OF_PHASE * PHASES.length) / 3);
      // What the first run has sealed goes back to what it was, byte for byte.
      const back = await said(project, ['rollback', '--run', 'a'], { env: made.env });
      expect(back.code).toBe(0);
      expect(await faultsOf(made, writer)).toEqual([]);
    },
  );
});

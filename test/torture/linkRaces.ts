/**
 * Races for names: while a command runs, somebody swaps names of its project for links to a folder
 * outside. Whatever the command comes to, it has written nothing there, and has read nothing from there
 * into what it says, its reports or its candidates.
 */

import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { sealedNames } from '../../src/seal/sealedFolders.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { randomOf } from '../dogschool/random.ts';
import { storeOf } from '../promote/fixture.ts';
import { template } from './attack.ts';
import { differences, makeOutside, marked, placesOf, traceOf, type Outside } from './outside.ts';
import { END, REST, RESTING, RUN, type Race } from './racer.ts';

export interface LinkRace {
  readonly command: string;
  readonly code: number | null;
  readonly violations: readonly string[];
}

export interface LinkRaceOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Those that are run in turn; all where left out. */
  readonly commands?: readonly string[];
  /** Names that are swapped; all where left out. */
  readonly names?: RegExp;
  /** A module that is loaded into the commands, to break them on purpose. */
  readonly sabotage?: string;
  readonly onRace?: (race: LinkRace, number: number) => void;
  /** Whether these races have shown what they are to show; otherwise all rounds are run. */
  readonly isEnough?: (races: readonly LinkRace[]) => boolean;
}

export interface LinkRaces {
  readonly races: readonly LinkRace[];
  /** How often a link was planted. */
  readonly swaps: number;
}

const COMMANDS: readonly string[] = [
  'migrate',
  'scan-all',
  'verify-checksums',
  'promote',
  'dry-run',
  'rollback',
  'migrate',
  'prune',
];

/** What is to be found out: a command that takes links for what they lead to. */
export const BROKEN_RACE: Pick<LinkRaceOptions, 'commands' | 'names' | 'sabotage'> = {
  commands: ['scan-all'],
  names: /storage_reports\/history$/,
  sabotage: fileURLToPath(new URL('./sabotage/followLinks.ts', import.meta.url)),
};

/** Runs so many rounds, each in a fresh copy of the same project. */
export async function raceForLinks(options: LinkRaceOptions): Promise<LinkRaces> {
  const original = await raceProject();
  const outside = await makeOutside(original);
  const scratch = mkdtempSync(join(tmpdir(), 'sealift-links-'));
  const [project, aside] = [join(scratch, 'project'), join(scratch, 'aside')];
  cpSync(original, project, { recursive: true, verbatimSymlinks: true });
  const { names = /./, seed } = options;
  const places = placesOf(project, outside).filter(({ path }) => names.test(path));
  const racer = startRacer({ places, aside, seed });
  const random = randomOf(seed, 'links');
  const ids = sealedNames(storeOf(original)).map((name) => name.slice(0, 64));
  const races: LinkRace[] = [];
  try {
    for (let number = 0; number < options.rounds; number += 1) {
      for (const folder of [project, aside]) rmSync(folder, { recursive: true, force: true });
      cpSync(original, project, { recursive: true, verbatimSymlinks: true });
      mkdirSync(aside);
      const commands = options.commands ?? COMMANDS;
      const command = commands[number % commands.length] ?? 'migrate';
      const args = command === 'promote' ? [command, random.pick(ids)] : [command];
      const before = traceOf(outside.folder);
      racer.go();
      const ran = await run(args, project, options.sabotage);
      await racer.rest();
      const violations = [
        ...differences(before, traceOf(outside.folder)).map((path) => `changed: ${path}`),
        ...readIn(ran, project, outside),
      ];
      const race = { command, code: ran.code, violations };
      options.onRace?.(race, number + 1);
      races.push(race);
      if (options.isEnough?.(races) === true) break;
    }
    return { races, swaps: racer.swaps() };
  } finally {
    await racer.end();
    for (const folder of [original, outside.folder, scratch]) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** A small project, as each command of a race needs it. */
async function raceProject(): Promise<string> {
  const project = await template(4);
  await sealift(['verify-checksums', '--project', project]);
  mkdirSync(join(project, 'temporary'));
  return project;
}

function run(args: readonly string[], project: string, sabotage: string | undefined): Promise<Ran> {
  const workers = args[0] === 'prune' ? [] : ['--workers', '1'];
  const env: Record<string, string> = {
    MIGRATE_RUN_ID: 'run-raced',
    TMPDIR: join(project, 'temporary'),
  };
  if (sabotage !== undefined) env['NODE_OPTIONS'] = `--import=${sabotage}`;
  return sealift([...args, '--json', '--project', project, ...workers], { env, process: true });
}

/** What a command has taken in from outside, and whether it ended as it should. */
function readIn(ran: Ran, project: string, { marks }: Outside): string[] {
  const said = `${ran.stdout}${ran.stderr}`;
  const violations = marks.filter((mark) => said.includes(mark)).map((mark) => `said: ${mark}`);
  if (existsSync(project)) {
    violations.push(...marked(project, marks).map((path) => `taken in: ${path}`));
  }
  if (/^\s+at .*:\d+:\d+/m.test(ran.stderr)) violations.push(`a stack: ${ran.stderr.slice(-400)}`);
  return violations;
}

interface Racer {
  readonly go: () => void;
  /** Resolves when it rests. */
  readonly rest: () => Promise<void>;
  readonly swaps: () => number;
  readonly end: () => Promise<void>;
}

function startRacer(race: Omit<Race, 'state'>): Racer {
  const state = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL('./racer.ts', import.meta.url), {
    workerData: { ...race, state } satisfies Race,
  });
  const turn = (to: number): void => {
    Atomics.store(state, 0, to);
    Atomics.notify(state, 0);
  };
  return {
    go: () => {
      turn(RUN);
    },
    async rest() {
      turn(REST);
      while (Atomics.load(state, 0) !== RESTING)
        await new Promise((resolve) => setTimeout(resolve, 1));
    },
    swaps: () => Atomics.load(state, 1),
    async end() {
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      turn(END);
      await ended;
    },
  };
}

/**
 * `npm run torture`: commands killed and failed at system calls, power cuts, many runs that want one lock,
 * names that are swapped for links, and the proof that the kit would see it if Sealift were broken. README.md
 * in test/fault says what it needs and what it last found.
 *
 *     npm run torture -- --short
 *     npm run torture -- --points 500 --cuts 200 --rounds 50 --races 1000 --seed 1 --only calls
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { attack, type Attack, type Attacked } from './attack.ts';
import { contest, type Contest } from './contest.ts';
import { BROKEN_RACE, raceForLinks, type LinkRace, type LinkRaces } from './linkRaces.ts';
import type { Call } from './systemCalls.ts';
import { cutPower, whyNoCuts, type Cut, type FileSystem } from './powerCuts.ts';

interface Row {
  readonly what: string;
  readonly tried: number;
  readonly details: string;
  readonly violations: readonly string[];
  /** It is to find something: the command was broken on purpose. */
  readonly control: boolean;
}

const sabotage = (name: string): string =>
  fileURLToPath(new URL(`./sabotage/${name}.ts`, import.meta.url));

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

function ofAttacks(what: string, attacks: readonly Attack[], control: boolean): Row {
  const count = (end: Attack['end']): number => attacks.filter((one) => one.end === end).length;
  const met = attacks.filter((one) => one.met).length;
  const details = `${met} met their fault: ${count('killed')} killed, ${count('failed')} failed, ${count('survived')} went on`;
  const violations = attacks.flatMap(({ fault, violations: all }) => {
    const { name, when, path } = fault.call;
    const at = `${fault.with} at ${name} ${when} of ${path.replace(/^.*\/project\//, '')}`;
    return all.map((violation) => `${violation} [${at}]`);
  });
  return { what, tried: attacks.length, details, violations, control };
}

/** What breaks a command on purpose, and at which calls that has to be seen. */
const CONTROLS: Readonly<Record<string, (call: Call) => boolean>> = {
  swapInTwoSteps: ({ name, path }) => name === 'rename' && path.includes('storage_live'),
  syncAgain: ({ name }) => name === 'fsync',
};

function onAttack(made: Attack, number: number): void {
  if (number % 50 === 0) note(`  ${number} points`);
  for (const violation of made.violations) {
    note(`  ${violation} (${made.fault.with}, ${made.fault.call.name}, ${made.fault.call.path})`);
  }
}

async function systemCalls(points: number, controls: number, seed: number): Promise<Row[]> {
  if (spawnSync('strace', ['-V']).error !== undefined) {
    note('notice: strace is not here; no system call is attacked');
    return [];
  }
  const rows: Row[] = [];
  for (const command of ['migrate', 'promote', 'rollback'] satisfies Attacked[]) {
    note(`${command}: ${points} points`);
    const made = await attack({ command, points, seed, onAttack });
    rows.push(ofAttacks(`${command} at system calls`, made, false));
  }
  for (const [name, at] of Object.entries(CONTROLS)) {
    note(`promote, broken by ${name}: ${controls} points`);
    const broken = { command: 'promote', points: controls, seed, at } as const;
    const made = await attack({ ...broken, sabotage: sabotage(name) });
    rows.push(ofAttacks(`promote, ${name}`, made, true));
  }
  return rows;
}

function ofCuts(what: string, cuts: readonly Cut[], control: boolean): Row {
  const acknowledged = cuts.filter((cut) => cut.acknowledged).length;
  const violations = cuts.flatMap((cut) => cut.violations);
  return { what, tried: cuts.length, details: `${acknowledged} acknowledged`, violations, control };
}

async function powerCuts(cuts: number, controls: number, seed: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const system of ['ext4', 'xfs'] satisfies FileSystem[]) {
    const why = whyNoCuts(system);
    if (why !== null) {
      note(`notice: no power cuts on ${system}: ${why}`);
      continue;
    }
    note(`${system}: ${cuts} power cuts`);
    const onCut = (cut: Cut, number: number): void => {
      if (number % 50 === 0) note(`  ${number} cuts`);
      for (const violation of cut.violations) note(`  ${violation}`);
    };
    rows.push(
      ofCuts(`power cuts on ${system}`, await cutPower({ system, cuts, seed, onCut }), false),
    );
    for (const name of ['noSync', 'noFolderSync']) {
      const broken = { system, cuts: controls, seed, sabotage: sabotage(name) };
      rows.push(ofCuts(`power cuts on ${system}, ${name}`, await cutPower(broken), true));
    }
  }
  return rows;
}

function ofContest(what: string, made: Contest, control: boolean): Row {
  const { runs, held, refused, killed, slowest, stopped, violations } = made;
  const free = killed === 0 ? '' : `, free within ${Math.ceil(slowest)} ms`;
  const details = `held ${held} times, refused ${refused} times; ${killed} holders killed${free}; ${stopped} stopped`;
  return { what, tried: runs, details, violations, control };
}

async function locks(rounds: number, controls: number, seed: number): Promise<Row[]> {
  const contenders = 8;
  note(`locks: ${contenders} contenders, ${rounds} rounds each`);
  const made = await contest({ contenders, rounds, seed });
  for (const violation of made.violations) note(`  ${violation}`);
  const name = 'everybodyHolds';
  const broken = { contenders, rounds: Math.ceil(controls / contenders), seed };
  const found = await contest({ ...broken, sabotage: sabotage(name) });
  return [
    ofContest(`the lock, ${contenders} contenders`, made, false),
    ofContest(`the lock, ${name}`, found, true),
  ];
}

function ofRaces(what: string, { races, swaps }: LinkRaces, control: boolean): Row {
  const done = races.filter(({ code }) => code === 0).length;
  const details = `${swaps} links planted; ${done} commands went on to the end`;
  const violations = races.flatMap(({ command, violations: all }) =>
    all.map((violation) => `${command}: ${violation}`),
  );
  return { what, tried: races.length, details, violations, control };
}

async function links(rounds: number, controls: number, seed: number): Promise<Row[]> {
  note(`links: ${rounds} rounds`);
  const onRace = ({ command, violations }: LinkRace, number: number): void => {
    if (number % 100 === 0) note(`  ${number} rounds`);
    for (const violation of violations) note(`  ${command}: ${violation}`);
  };
  const made = await raceForLinks({ rounds, seed, onRace });
  const broken = { ...BROKEN_RACE, rounds: controls, seed };
  return [
    ofRaces('races for names', made, false),
    ofRaces('races for names, followLinks', await raceForLinks(broken), true),
  ];
}

/** A row is as it should be when it found nothing, or, broken on purpose, something. */
function isSound({ tried, violations, control }: Row): boolean {
  return tried > 0 && (control ? violations.length > 0 : violations.length === 0);
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { what, tried, details, violations, control } = row;
    const found = control ? `${violations.length}, as it has to` : String(violations.length);
    return `| ${what} | ${tried} | ${details} | ${found} | ${isSound(row) ? 'sound' : 'NOT SOUND'} |`;
  });
  const head = ['| what | tried | | violations | |', '| --- | ---: | --- | ---: | --- |'];
  return `${[...head, ...lines].join('\n')}\n`;
}

const { values } = parseArgs({
  options: {
    points: { type: 'string' },
    cuts: { type: 'string' },
    rounds: { type: 'string' },
    races: { type: 'string' },
    controls: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
});
const count = (asked: string | undefined, short: number, full: number): number =>
  Number(asked ?? (values.short ? short : full));
const controls = count(values.controls, 8, 40);
const seed = Number(values.seed);
const PARTS: ReadonlyMap<string, () => Promise<Row[]>> = new Map([
  ['calls', () => systemCalls(count(values.points, 12, 500), controls, seed)],
  ['cuts', () => powerCuts(count(values.cuts, 6, 200), controls, seed)],
  ['locks', () => locks(count(values.rounds, 2, 50), controls, seed)],
  ['links', () => links(count(values.races, 16, 1000), controls, seed)],
]);
const rows: Row[] = [];
for (const [name, part] of PARTS) {
  if (name === (values.only ?? name)) rows.push(...(await part()));
}
process.stdout.write(tableOf(rows));
for (const { what, violations, control } of rows) {
  for (const violation of control ? [] : violations)
    process.stdout.write(`${what}: ${violation}\n`);
}
if (!rows.every(isSound)) process.exitCode = 1;
if (rows.length === 0) note('notice: nothing could be attacked here');

/**
 * What the search for personal data takes: `npm run bench:pii`. A scan with it beside one without it, and
 * beside `grep` for three of its classes over the same files; and cells a second of one core.
 *
 *     npm run bench:pii -- --rows 1000000 --rounds 5 --folder /path/to/scratch --cells legacy.db
 */

import { mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import Database from 'better-sqlite3';

import { classesNamed } from '../src/pii/columnEvidence.ts';
import { findPii } from '../src/pii/findPii.ts';
import { quote } from '../src/sql/quote.ts';
import { atLeast, atMost, seconds, tableOf, type Figure, type Runs } from './figures.ts';
import { measure, type Measured } from './measure.ts';
import { benchProject, SEALIFT, type BenchProject } from './project.ts';

const SCAN_WITHOUT_PII = fileURLToPath(new URL('scanWithoutPii.ts', import.meta.url));
/** E-mail addresses, IBANs and cards, as one would search for them in a shell. */
const GREP = [
  String.raw`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`,
  String.raw`[A-Z]{2}[0-9]{2}( ?[0-9A-Z]{4}){3,7}`,
  '([0-9][ -]?){13,19}',
].join('|');

type Job = (project: BenchProject) => Promise<Measured>;

const FILES = ['orders/data.ndjson', 'customers/data.ndjson'];
/**
 * In the C locale, in which grep is a hundred times as fast as in one of UTF-8, and into a pipe: it reads no
 * further than the first match if the count goes nowhere.
 */
const COUNT = 'LC_ALL=C grep -cE "$0" "$@" | cat';

const JOBS: Readonly<Record<string, Job>> = {
  'grep -cE': ({ candidate }) =>
    measure('bash', ['-c', COUNT, GREP, ...FILES], realpathSync(candidate)),
  'scan-all': ({ folder }) => scanned(folder, 'scan-all'),
  'scan-all without PII': ({ folder }) =>
    measure(process.execPath, [SCAN_WITHOUT_PII, folder, '2'], folder),
  'scan-pii': ({ folder }) => scanned(folder, 'scan-pii'),
};

/** The orders have addresses and messages, so that there is something to find: a WARN is exit 1. */
function scanned(folder: string, command: string): Promise<Measured> {
  const args = [SEALIFT, command, '--workers', '2', '--project', folder];
  return measure(process.execPath, args, folder).catch(() =>
    measure(process.execPath, args, folder, 1),
  );
}

/** Cells a second over every cell of a database, by one thread, with what its columns suggest. */
function cellsPerSecond(path: string): number {
  const db = new Database(path, { readonly: true });
  const cells: (readonly [string, ReturnType<typeof classesNamed>])[] = [];
  const tables = db
    .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .pluck()
    .all();
  for (const table of tables) {
    for (const row of db.prepare(`SELECT * FROM ${quote(table)}`).iterate()) {
      for (const [column, value] of Object.entries(row as object)) {
        if (typeof value !== 'string' && typeof value !== 'number') continue;
        cells.push([String(value), classesNamed(column)]);
      }
    }
  }
  db.close();
  const search = (): void => {
    for (const [text, expected] of cells) findPii(text, { expected });
  };
  search();
  const begun = process.cpuUsage();
  search();
  const { user, system } = process.cpuUsage(begun);
  return (cells.length * 1e6) / (user + system);
}

function figures(runs: Runs, cells: string | undefined): Figure[] {
  const [all, without] = [seconds(runs, 'scan-all'), seconds(runs, 'scan-all without PII')];
  return [
    atMost('scan-all ÷ scan-all without PII', all / without, 2, 1.5),
    atMost('(scan-all − without PII) ÷ grep', (all - without) / seconds(runs, 'grep -cE'), 6, 3),
    ...(cells === undefined
      ? []
      : [atLeast('thousand cells/s of one core', cellsPerSecond(cells) / 1000, 100, 200)]),
  ];
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    folder: { type: 'string', default: join(tmpdir(), 'sealift-bench') },
    cells: { type: 'string' },
  },
});
mkdirSync(values.folder, { recursive: true });
const project = benchProject(values.folder, Number(values.rows));
await measure(process.execPath, [SEALIFT, 'migrate', '--project', project.folder], project.folder);
const runs: Runs = Object.fromEntries(Object.keys(JOBS).map((name) => [name, []]));
for (let round = 1; round <= Number(values.rounds); round += 1) {
  for (const [name, job] of Object.entries(JOBS)) {
    process.stderr.write(`round ${round} of ${values.rounds}: ${name}\n`);
    runs[name]?.push(await job(project));
  }
}
process.stdout.write(tableOf(runs, figures(runs, values.cells)));

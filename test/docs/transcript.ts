/**
 * Transcripts in the documentation: blocks of ```console in which lines that start with `$ ` are
 * commands and the lines after them their output. They are run as they stand, in the order of the
 * page, in one folder.
 *
 * A block of ```json or ```sql that names a file (```json mapping/modules/dog.json) is what the
 * reader saves there. Digests and ids that depend on the version that runs may differ: the page's
 * are replaced by the real ones wherever a later command uses them.
 *
 * With UPDATE_DOCS=1 the pages are rewritten with the real output instead of being compared.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

import { COMPILED } from '../kit/compiled.ts';
import { sealift, type Ran } from '../kit/run.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** How the folder in which a reader works is called on the pages. */
const HOME = '/home/ada/kennel';
/** When something happened is another time each time. */
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\b/g;
/** Keys are made anew each time. */
const FINGERPRINT = /\bSHA256:[A-Za-z0-9+/]{43}/g;
/** Size of a snapshot, which holds the schemas of the mapping: it changes with every rule. */
const SNAPSHOT_SIZE = /(\d+ files, )[\d.]+ kB/g;
const DIGEST = /\b(?:[0-9a-f]{64}|[0-9a-f]{16})\b/g;

export interface Step {
  readonly page: string;
  readonly command: string;
  readonly expected: readonly string[];
  readonly actual: readonly string[];
}

/** Replays a page in `folder`, which holds a `bin` folder afterwards; returns what it compared. */
export async function replay(page: string, folder: string): Promise<Step[]> {
  const text = readFileSync(page, 'utf8');
  const path = join(folder, 'bin');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'sealift'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  chmodSync(join(path, 'sealift'), 0o755);
  const known = new Map<string, string>();
  const steps: Step[] = [];
  const work = join(folder, 'kennel');
  mkdirSync(work, { recursive: true });
  let last = 0;
  let fresh = '';
  let end = 0;
  for (const block of text.matchAll(/^```(\w+)( [^\n]+)?\n(.*?)^```$/gms)) {
    const [whole, language, file, body = ''] = block;
    fresh += text.slice(end, block.index);
    end = block.index + whole.length;
    if (language !== 'console') {
      if (file !== undefined) save(work, file.trim(), body);
      fresh += whole;
      continue;
    }
    const lines: string[] = [];
    for (const { command, expected } of commandsOf(body)) {
      const real = command.replaceAll(DIGEST, (digest) => known.get(digest) ?? digest);
      const ran = await run(real, last, { work, bin: path });
      last = ran.status;
      pair(expected.join('\n'), ran.output.join('\n'), known);
      steps.push({ page, command, expected, actual: ran.output });
      lines.push(`$ ${real}`, ...ran.output);
    }
    fresh += ['```console', ...lines, '```'].join('\n');
  }
  fresh += text.slice(end);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, fresh);
  return steps;
}

/** Makes the databases that a page defines, where {@link replay} works. */
export function makeDatabase(page: string, folder: string): void {
  const blocks = readFileSync(page, 'utf8').matchAll(/^```sql ([^\n]+)\n(.*?)^```$/gms);
  for (const [, file = '', body = ''] of blocks) save(join(folder, 'kennel'), file, body);
}

/** What is compared of a line: digests stand for themselves only where their place is the same. */
export function comparable(lines: readonly string[]): string[] {
  return lines.map((line) =>
    line
      .replaceAll(DIGEST, (digest) => '#'.repeat(digest.length))
      .replaceAll(TIME, 'TIME')
      .replaceAll(FINGERPRINT, 'SHA256:KEY')
      .replaceAll(SNAPSHOT_SIZE, '$1SIZE'),
  );
}

/**
 * Null when the lines of `excerpt` are lines of `whole`, in order and without gaps but where a line
 * `…` says so; else the first line of the stretch that was not found.
 */
export function inOrderWithin(excerpt: readonly string[], whole: readonly string[]): string | null {
  const lines = comparable(whole);
  let from = 0;
  for (const stretch of comparable(excerpt).join('\n').split(/^…$/m)) {
    const wanted = stretch.replaceAll(/^\n|\n$/g, '').split('\n');
    if (wanted.join('') === '') continue;
    const at = lines.findIndex((_, index) => {
      return index >= from && wanted.every((line, offset) => lines[index + offset] === line);
    });
    if (at < 0) return wanted[0] ?? '';
    from = at + wanted.length;
  }
  return null;
}

function commandsOf(body: string): { command: string; expected: string[] }[] {
  const commands: { command: string; expected: string[] }[] = [];
  for (const line of body.trimEnd().split('\n')) {
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), expected: [] });
    else commands.at(-1)?.expected.push(line);
  }
  return commands;
}

/** A JSON or text file as it stands; SQL makes the database of that name. */
function save(folder: string, file: string, body: string): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, body);
  if (!file.endsWith('.sql')) return;
  const database = new Database(path.replace(/\.sql$/, '.db'));
  database.exec(body);
  database.close();
}

interface Place {
  readonly work: string;
  readonly bin: string;
}

/** A command that needs no shell: with a variable, and with a file for its output. */
const PLAIN =
  /^(?:(?<name>(?:MIGRATE|SCAN)_[A-Z_]+)=(?<value>[\w.-]+) )?(?<command>sealift(?: (?:[\w./:=,@+-]+|'[^']*'))+)(?: > (?<file>[\w.-]+))?$/;
const EXPORT = /^export (?<name>MIGRATE_[A-Z_]+)=(?<value>[\w.-]+)$/;
/** A command whose output a program filters. */
const FILTERED = /^(?<from>[^|]+) \| (?<filter>(?:tail|grep) [^|;&<>]+)$/;
/** They start themselves. */
const STARTING = /^sealift (?:determinism|drill)\b/;

/** Standard output, then of standard error what is no progress. `last` is the status of the line before. */
async function run(
  line: string,
  last: number,
  place: Place,
): Promise<{ status: number; output: string[] }> {
  const ran = (await withoutShell(line, place)) ?? inShell(`(exit ${last}); ${line}`, place);
  const errors = ran.stderr
    .split('\n')
    .filter(
      (text) =>
        !/^([a-z]+ )*[a-z0-9_-]+: \d+ (row|record|build|part|file|object|table|line)s?(, \d+ failed)?$/.test(
          text,
        ),
    );
  const text = `${ran.stdout}${errors.join('\n')}`.replaceAll(place.work, HOME).trimEnd();
  return { status: ran.code ?? 1, output: text === '' ? [] : text.split('\n') };
}

type Said = Pick<Ran, 'code' | 'stdout' | 'stderr'>;

/** Runs commands that follow each other, or one whose output is filtered; null where a shell is needed. */
async function withoutShell(line: string, place: Place): Promise<Said | null> {
  const { from, filter } = FILTERED.exec(line)?.groups ?? {};
  const parts = (from ?? line).split(/(; | && )/);
  const commands = parts.filter((_, at) => at % 2 === 0).map((part) => partOf(part));
  if (commands.includes(null) || (filter !== undefined && commands.length > 1)) return null;
  const said = { code: 0 as number | null, stdout: '', stderr: '' };
  const env: Record<string, string> = {};
  for (const [at, part] of commands.entries()) {
    if (at > 0 && parts[2 * at - 1] === ' && ' && said.code !== 0) break;
    const { name, value = '', command, file } = part ?? {};
    const own = name === undefined ? {} : { [name]: value };
    if (command === undefined) {
      Object.assign(env, own);
      continue;
    }
    const ran = await sealift(argumentsOf(command), { cwd: place.work, env: { ...env, ...own } });
    said.code = ran.code;
    said.stderr += ran.stderr;
    if (file === undefined) said.stdout += ran.stdout;
    else writeFileSync(join(place.work, file), ran.stdout);
  }
  if (filter === undefined) return said;
  const filtered = inShell(filter, place, said.stdout);
  return { ...filtered, stderr: said.stderr + filtered.stderr };
}

/** The parts of a command that needs no shell, or of an export; null of any other. */
function partOf(command: string): Readonly<Record<string, string | undefined>> | null {
  if (STARTING.test(command)) return null;
  return (PLAIN.exec(command) ?? EXPORT.exec(command))?.groups ?? null;
}

function argumentsOf(command: string): string[] {
  const words = command.match(/'[^']*'|\S+/g) ?? [];
  return words.slice(1).map((word) => word.replace(/^'(.*)'$/, '$1'));
}

function inShell(command: string, { work: cwd, bin }: Place, input: string = ''): Said {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    cwd,
    input,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      MIGRATE_RUN_ID: undefined,
      NODE_COMPILE_CACHE: COMPILED,
    },
  });
  return { code: status, stdout, stderr };
}

/** Learns which real digest stands in the place of which one on the page. */
function pair(expected: string, actual: string, known: Map<string, string>): void {
  const real = actual.match(DIGEST) ?? [];
  for (const [index, digest] of (expected.match(DIGEST) ?? []).entries()) {
    const own = real[index];
    if (own !== undefined) known.set(digest, own);
  }
}

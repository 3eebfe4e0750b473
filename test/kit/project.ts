/** Projects for the tests, and what commands leave behind in them: sealed files and reports. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { afterAll } from 'vitest';

import type { Finding } from '../../src/outcome/finding.ts';
import type { MerkleFile, RunFile } from '../../src/seal/format.ts';
import { sealift, type Ran, type RunOptions } from './run.ts';

const COMPARE = fileURLToPath(new URL('../independent/compare.py', import.meta.url));

/** Runs a command that has to succeed; the error holds all that it printed. */
export async function succeed(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await sealift(args, options);
  if (ran.code === 0) return ran;
  throw new Error(`sealift ${args.join(' ')}: exit ${ran.code}\n${ran.stdout}${ran.stderr}`);
}

/** A folder that is removed when the test file ends; call it while the tests are collected. */
export function workFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `sealift-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** init into a new project, then migrate; what migrate printed as JSON. */
export async function initAndMigrate(
  project: string,
  file: string,
  ids: 'keep' | 'uuid',
): Promise<Summary> {
  await succeed(['init', '--project', project, '--source', `sqlite:${file}`, '--ids', ids]);
  // What others have written may well hold texts with U+0000.
  return migrate(project, ['--allow-blockers']);
}

/** What `migrate --json` prints. */
export interface Summary {
  readonly status: string;
  readonly dataRoot: string;
  readonly sealId: string;
}

/** Runs a migrate that has to succeed. */
export async function migrate(
  project: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Summary> {
  const ran = await sealift(['migrate', '--json', '--project', project, ...args], options);
  if (ran.code === 0) return JSON.parse(ran.stdout) as Summary;
  const blockers = ran.stderr.includes('rejected')
    ? findingsOf(project).filter(({ severity }) => severity === 'BLOCKER')
    : [];
  const reported = JSON.stringify(blockers.slice(0, 100));
  throw new Error(`sealift migrate: exit ${ran.code}\n${ran.stderr}${reported}`);
}

const NAMESPACE = '6ba7b810-9dad-41d1-80b4-00c04fd430c8';

/** A hand-written mapping: modules by name (without `module`), and registries as NDJSON text. */
export interface HandWritten {
  readonly sources: Readonly<Record<string, string>>;
  readonly modules: Readonly<Record<string, object>>;
  readonly registries?: Readonly<Record<string, string>>;
  readonly dropped?: readonly object[];
  readonly severities?: readonly object[];
}

/** Writes a hand-written mapping to `project`, over one that is there. */
export function writeMapping(project: string, mapping: HandWritten): void {
  const put = (name: string, text: string): void => {
    const path = join(project, 'mapping', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  rmSync(join(project, 'mapping'), { recursive: true, force: true });
  const urls = Object.entries(mapping.sources).map(([name, url]) => [name, { url }]);
  const sources = Object.fromEntries(urls) as object;
  const { dropped, severities } = mapping;
  const about = { format: 1, name: 'tests', namespace: NAMESPACE, sources };
  put('project.json', JSON.stringify({ ...about, dropped, severities }));
  for (const [module, rest] of Object.entries(mapping.modules)) {
    put(`modules/${module}.json`, JSON.stringify({ module, ...rest }));
  }
  for (const [name, text] of Object.entries(mapping.registries ?? {})) {
    put(`registries/${name}.ndjson`, text);
  }
}

/** The candidate that a project's readers see. */
export function candidateOf(project: string): string {
  return join(project, 'storage_candidate', 'v1');
}

/** Path → SHA-256 of every file below `folder`. */
export function digestsOf(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    paths
      .sort()
      .map((path) => [
        relative(folder, path),
        createHash('sha256').update(readFileSync(path)).digest('hex'),
      ]),
  );
}

export function runFileOf(project: string): RunFile {
  const text = readFileSync(join(candidateOf(project), 'checksums/run.json'), 'utf8');
  return JSON.parse(text) as RunFile;
}

export function merkleOf(project: string, module: string): MerkleFile {
  const path = join(candidateOf(project), module, 'checksums/merkle.json');
  return JSON.parse(readFileSync(path, 'utf8')) as MerkleFile;
}

/** The lines of a module's data file, without LF. */
export function linesOf(project: string, module: string, file = 'data.ndjson'): string[] {
  const text = readFileSync(join(candidateOf(project), module, file), 'utf8');
  return text.split('\n').slice(0, -1);
}

export type Json = Readonly<Record<string, unknown>>;

/** The records of a module, in the order of the file. */
export function recordsOf(project: string, module: string): Json[] {
  return linesOf(project, module).map((line) => JSON.parse(line) as Json);
}

/** The findings of the last report of a command. */
export function findingsOf(project: string, report = 'latest-migrate'): Finding[] {
  const path = join(project, 'storage_reports', report, 'findings.ndjson');
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const { id, ...finding } = JSON.parse(line) as Finding;
    if (id === undefined) throw new Error('a finding of a report has no id');
    return finding;
  });
}

/** Whether this machine has `program`; a notice where it is absent. */
export function hasProgram(program: string): boolean {
  if (spawnSync(program, ['--version']).status === 0) return true;
  process.stderr.write(`notice: ${program} is not here; tests that need it are skipped\n`);
  return false;
}

/** Compares every cell with test/independent/compare.py. */
export function compareCells(file: string, project: string, source = 'main'): Omit<Ran, 'signal'> {
  const args = [COMPARE, file, candidateOf(project), source];
  const { status, stdout, stderr } = spawnSync('python3', args, { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/** Whether a record is as its module's schema.json says, in the eyes of Ajv at its strictest. */
export function validatorOf(project: string, module: string): (record: unknown) => boolean {
  const text = readFileSync(join(candidateOf(project), module, 'schema.json'), 'utf8');
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
  ajv.addVocabulary(['x-sealift']);
  const validate = ajv.compile(JSON.parse(text) as AnySchemaObject);
  return (record) => validate(record) === true;
}

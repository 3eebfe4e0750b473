/** Runs `sealift dry-run` with the committed mapping, and holds its findings against a truth. */

import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Finding } from '../../src/outcome/finding.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { LISTS, referencesIn } from './references.ts';
import { assess, type Assessment, type Truth } from './truth.ts';

const MAPPING = fileURLToPath(new URL('../../mapping', import.meta.url));

export interface DryRun {
  readonly ran: Ran;
  readonly findings: readonly Finding[];
}

/**
 * In a new project in the folder `project`; the database stays where it is. A large one has more
 * trainers than the committed registry lists.
 */
export async function dryRunOf(
  project: string,
  database: string,
  isLarge: boolean = false,
): Promise<DryRun> {
  mkdirSync(project, { recursive: true });
  cpSync(MAPPING, join(project, 'mapping'), { recursive: true });
  const source = ['--project', project, '--source', `sqlite:${database}`];
  if (isLarge) {
    const { code, stderr } = await sealift(['registry', 'build', ...source]);
    if (code !== 0) throw new Error(stderr);
  }
  const ran = await sealift(['dry-run', ...source]);
  return { ran, findings: findingsIn(project, ran) };
}

/** Throws where the run did not come to its end: nothing found would prove nothing. */
function findingsIn(project: string, { code, stderr }: Ran): Finding[] {
  const report = join(project, 'storage_reports/latest-dry-run');
  const summary = readFileSync(join(report, 'summary.json'), 'utf8');
  const { failure } = JSON.parse(summary) as { readonly failure?: unknown };
  if (code === null || code > 2 || failure !== undefined)
    throw new Error(`exit ${code}: ${stderr}`);
  const lines = readFileSync(join(report, 'findings.ndjson'), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Finding);
}

export function readTruth(file: string): Truth {
  return JSON.parse(readFileSync(file, 'utf8')) as Truth;
}

/** The findings against the truth; links of `because` are looked up in the database. */
export function assessAgainst(
  database: string,
  findings: readonly Finding[],
  truth: Truth,
): Assessment {
  const references = referencesIn(database, LISTS);
  try {
    return assess(findings, truth, references.refers);
  } finally {
    references.close();
  }
}

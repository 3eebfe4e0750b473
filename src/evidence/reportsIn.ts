/** The reports in a bag: which of them are about its candidate. */

import { join } from 'node:path';

import { entriesOf, statOf } from '../disk/noLinks.ts';
import type { Finding } from '../outcome/finding.ts';
import { ruleFinding } from '../outcome/rules.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import { REPORTS_PART } from './collect.ts';

/** Commands whose report about the candidate is expected. */
const EXPECTED = ['migrate', 'scan', 'promote'] as const;

export interface Reports {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/** Reads which reports state this seal id. */
export function reportsIn(data: string, sealId: string): Reports {
  const folder = join(data, REPORTS_PART);
  const names = statOf(folder)?.isDirectory() === true ? entriesOf(folder) : [];
  const all = names.map(({ name }) => name).sort();
  const own = all.filter((name) => sealIdIn(join(folder, name)) === sealId);
  const others = all.filter((name) => !own.includes(name));
  const missing = EXPECTED.filter((name) => !own.includes(name));
  return {
    findings: missing.map((name) => {
      const reason = 'there is no report of this command about the candidate';
      return ruleFinding('evidence', `data/${REPORTS_PART}/${name}`, reason);
    }),
    notes: [
      `reports about the candidate: ${own.length === 0 ? 'none' : own.join(', ')}`,
      ...(others.length === 0 ? [] : [`other reports: ${others.join(', ')}`]),
    ],
  };
}

/** Returns the seal id that a report states; null if it states none. */
function sealIdIn(folder: string): string | null {
  const bytes = readPlainFile(join(folder, 'summary.json'), MAX_SEAL_FILE);
  try {
    const { sealId } = JSON.parse(bytes?.toString('utf8') ?? '') as { sealId?: unknown };
    return typeof sealId === 'string' ? sealId : null;
  } catch {
    return null;
  }
}

/**
 * How each reconcile of a candidate has read its target: queries and settings as canonical JSON (RFC 8785), in a
 * file that is named by its SHA-256, which the journal's line of the reconcile has.
 */

import { hash } from 'node:crypto';
import { join } from 'node:path';

import { entriesOf, statOf } from '../disk/noLinks.ts';
import type { Journal } from '../journal/line.ts';
import { reconciles } from '../journal/reconciledEntry.ts';
import type { Finding } from '../outcome/finding.ts';
import { ruleFinding } from '../outcome/rules.ts';
import { canonicalJson } from '../record/canonical.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import type { PayloadFile } from './writeBag.ts';

/** Folder of the payload. */
export const RECONCILES_PART = 'reconciles';

/** Lists the readings of the reconciles of a candidate, from the reports that are kept of them. */
export function reconcileFiles(reports: string, journal: Journal, sealId: string): PayloadFile[] {
  const wanted = readingsIn(journal, sealId);
  const history = join(reports, 'history');
  if (wanted.size === 0 || statOf(history)?.isDirectory() !== true) return [];
  const files = new Map<string, PayloadFile>();
  for (const { name } of entriesOf(history)) {
    if (!/^reconcile-\d{6,12}$/.test(name)) continue;
    const reading = readingOf(readPlainFile(join(history, name, 'summary.json'), MAX_SEAL_FILE));
    const digest = hash('sha256', reading, 'hex');
    if (!wanted.has(digest)) continue;
    const path = `${RECONCILES_PART}/${digest}.json`;
    files.set(digest, { path, from: Buffer.from(reading), sha256: digest });
  }
  return [...files.values()];
}

/** Digests of the readings of all reconciles of a candidate. */
function readingsIn(journal: Journal, sealId: string): ReadonlySet<string> {
  return new Set(
    reconciles(journal).flatMap((one) => (one.sealId === sealId ? (one.reading ?? []) : [])),
  );
}

/** Returns the reading of a report as canonical JSON; empty if it has none. */
function readingOf(summary: Buffer | null): string {
  try {
    const { facts } = Object(JSON.parse(summary?.toString('utf8') ?? '')) as Record<
      string,
      unknown
    >;
    const { reading } = Object(facts) as Record<string, unknown>;
    const { queries, settings } = Object(reading) as Record<string, unknown>;
    return canonicalJson({ queries, settings });
  } catch {
    return '';
  }
}

/** Every reconcile of a candidate has to have its reading, and no file is of another; without one, there is none. */
export function reconcileFindings(
  payload: ReadonlyMap<string, string>,
  journal: Journal,
  sealId: string | null,
): readonly Finding[] {
  const prefix = `data/${RECONCILES_PART}/`;
  const wanted = sealId === null ? new Set<string>() : readingsIn(journal, sealId);
  const missing = [...wanted].filter((digest) => !payload.has(`${prefix}${digest}.json`));
  const present = [...payload].filter(([path]) => path.startsWith(prefix));
  const wrong = present.filter(([path, sha256]) => {
    return path !== `${prefix}${sha256}.json` || !wanted.has(sha256);
  });
  return [
    ...missing.map((digest) =>
      ruleFinding(
        'evidence',
        `${prefix}${digest}.json`,
        'the queries and settings of a reconcile are missing',
      ),
    ),
    ...wrong.map(([path]) =>
      ruleFinding('checksum', path, 'no reconcile of the candidate has read by this'),
    ),
  ];
}

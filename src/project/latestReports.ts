/**
 * The newest report of each command in a project, and the findings in it. They are read for a person
 * only: no check and no move depends on a report. Links other than Sealift's own are not followed.
 */

import { join } from 'node:path';

import { linkState } from '../disk/durable.ts';
import { entriesOf, statOf } from '../disk/noLinks.ts';
import type { Finding } from '../outcome/finding.ts';
import { readRecords } from '../seal/candidateReader.ts';
import { readPlainFile } from '../seal/files.ts';

export interface LatestReport {
  /** `scan` of `latest-scan`. */
  readonly name: string;
  /** Path of its files. */
  readonly folder: string;
}

/** What a report says of itself; '' for what it does not say. */
export interface KnownReport extends LatestReport {
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly sealId: string;
}

/** Lists the newest report of each command, in the order of the folder. */
export function latestReports(reports: string): LatestReport[] {
  if (statOf(reports)?.isDirectory() !== true) return [];
  return entriesOf(reports).flatMap((entry) => {
    const [, name] = /^latest-([a-z][a-z-]*)$/.exec(entry.name) ?? [];
    if (name === undefined) return [];
    const link = linkState(join(reports, entry.name));
    if (typeof link === 'string' || !/^history\/[a-z][a-z0-9-]*$/.test(link.target)) return [];
    return [{ name, folder: join(reports, link.target) }];
  });
}

/** Maximum bytes of a summary that is read. */
const MAX_SUMMARY = 64 * 2 ** 20;

/** Lists them with what their summaries say, the newest first. */
export function knownReports(reports: string): KnownReport[] {
  const known = latestReports(reports).map((report) => {
    const bytes = readPlainFile(join(report.folder, 'summary.json'), MAX_SUMMARY);
    return Object.assign(summaryOf(bytes?.toString('utf8') ?? ''), report);
  });
  return known.sort((a, b) => (a.startedAt > b.startedAt ? -1 : 1));
}

function summaryOf(text: string): Pick<KnownReport, 'command' | 'startedAt' | 'sealId'> {
  const none = { command: '', startedAt: '', sealId: '' };
  try {
    const summary: unknown = JSON.parse(text);
    if (typeof summary !== 'object' || summary === null) return none;
    const { command = '', startedAt = '', sealId = '' } = summary as Record<string, unknown>;
    return { command: textOf(command), startedAt: textOf(startedAt), sealId: sealIdOf(sealId) };
  } catch {
    return none;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A seal id alone: a report must not name a folder. */
function sealIdOf(value: unknown): string {
  const text = textOf(value);
  return /^[0-9a-f]{64}$/.test(text) ? text : '';
}

/** Yields the findings of a report in its order; none if it cannot be read. */
export async function* findingsOf({ folder }: LatestReport): AsyncGenerator<Finding> {
  for await (const { records } of readRecords(join(folder, 'findings.ndjson'))) {
    for (const record of records) {
      if (isFinding(record)) yield record;
    }
  }
}

/** Whether a line has what each finding has, and its places are numbers. */
function isFinding(record: unknown): record is Finding {
  if (typeof record !== 'object' || record === null) return false;
  const { id, rule, severity, reason, ...places } = record as Record<string, unknown>;
  const texts = [id, rule, severity, reason].every((text) => typeof text === 'string');
  const numbers = ['line', 'start', 'end'].map((name) => places[name]);
  const named = ['module', 'recordId', 'field', 'class', 'tier', 'fp', 'file', 'because'];
  return (
    texts &&
    numbers.every((number) => number === undefined || Number.isSafeInteger(number)) &&
    named.every((name) => places[name] === undefined || typeof places[name] === 'string')
  );
}

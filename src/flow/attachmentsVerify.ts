/**
 * attachments verify: reads the objects of a run again, all or a sample, or takes a report of the
 * provider for it, and compares them with the journal. It shares no step with the run but the reading.
 */

import { hash } from 'node:crypto';
import { join, resolve } from 'node:path';

import { readProviderReport, type ProviderReport } from '../attachments/providerReport.ts';
import { withRun, type RunReading, type RunRow } from '../attachments/runIndex.ts';
import { countMoved } from '../attachments/runRows.ts';
import { verifyObjects, type Verified } from '../attachments/verifyObjects.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { byteCount } from '../outcome/byteCount.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { checkOutcome, type Outcome, type Place } from '../outcome/outcome.ts';
import { assertContinues, placesOfRun } from '../project/attachmentRun.ts';
import { openAttachments, type OpenAttachments } from '../project/openAttachments.ts';
import { projectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';

export interface AttachmentsVerifyOptions {
  readonly project: string;
  readonly run: string;
  /** About how many objects; null for all. */
  readonly sample: number | null;
  /** Report of the provider instead of reading; null to read. */
  readonly report: string | null;
  readonly concurrency: number;
}

/** Verifies a run. */
export async function attachmentsVerify(
  options: AttachmentsVerifyOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const { project, run, concurrency } = options;
  const paths = projectPaths(project);
  const { journal } = placesOfRun(paths, run);
  const wanted = { project, changesRows: false, store: 'reads', concurrency } as const;
  const open = await openAttachments(wanted, env);
  try {
    return await withRun(journal, env, async (reading) => {
      assertContinues({ paths, run });
      const total = await countMoved(reading.index, open.tables);
      if (total === 0) throw nothingMoved(journal);
      const verified = await verify(reading, open, { ...options, total }, env, found);
      return outcomeOf(verified, { ...options, total }, open, found, env.stopping.aborted);
    });
  } finally {
    await open.close();
  }
}

type Options = AttachmentsVerifyOptions & { readonly total: number };

function nothingMoved(where: string): Failure {
  return new Failure('EMPTY', {
    what: 'the run has moved no file, so there is nothing to verify',
    where,
    hint: 'run sealift attachments migrate first',
  });
}

async function verify(
  { index, scratch }: RunReading,
  { tables, store }: OpenAttachments,
  { sample, report: file, concurrency, total }: Options,
  env: Environment,
  found: FindingStore,
): Promise<Verified> {
  if (store === null) throw new Error('the store was opened');
  const report =
    file === null
      ? null
      : await readProviderReport(resolve(env.cwd, file), store.bucket, join(scratch, 'report.db'));
  try {
    return await verifyRows(
      {
        index,
        tables,
        store,
        report,
        concurrency,
        wanted: inSample(sample, total, index.end.head),
      },
      Math.min(total, sample ?? total),
      env,
      found,
    );
  } finally {
    report?.close();
  }
}

async function verifyRows(
  work: Pick<
    Parameters<typeof verifyObjects>[0],
    'index' | 'tables' | 'store' | 'concurrency' | 'wanted'
  > & { readonly report: ProviderReport | null },
  total: number,
  { progress, stopping }: Environment,
  found: FindingStore,
): Promise<Verified> {
  progress.begin('objects', total, { unit: 'object' });
  const verified = await verifyObjects({
    ...work,
    stopping,
    onFinding({ table, row }, rule, reason) {
      found.add({ rule, severity: 'BLOCKER', module: table, recordId: row, reason });
    },
    onRow({ right, bytes, wrong, unverified, back, changed }) {
      const failed = wrong + unverified + back;
      progress.update(right + failed + changed, bytes, failed);
    },
  });
  progress.end();
  return verified;
}

const DIGITS = 12;

/** Chooses about `sample` of `total` rows, the same ones for the same journal. */
function inSample(sample: number | null, total: number, seed: string): (row: RunRow) => boolean {
  if (sample === null || sample >= total) return () => true;
  const limit = Math.ceil((sample / total) * 16 ** DIGITS);
  return ({ table, row }) =>
    Number.parseInt(hash('sha256', `${seed}\n${table}\n${row}`).slice(0, DIGITS), 16) < limit;
}

function outcomeOf(
  verified: Verified,
  { run, total, sample, report }: Options,
  { database, store }: OpenAttachments,
  found: FindingStore,
  stopped: boolean,
): Outcome {
  const { right, bytes, wrong, unverified, back, changed } = verified;
  const seen = right + wrong + unverified + back + changed;
  if (right + wrong + unverified + back === 0 && !stopped) {
    found.add({
      rule: 'attachment-unverified',
      severity: 'BLOCKER',
      reason: 'no object was compared, so nothing is proved: verify more, or another run',
    });
  }
  if (stopped) {
    found.add({
      rule: 'attachment-unverified',
      severity: 'BLOCKER',
      reason: 'the verification was stopped before its end: run it again',
    });
  }
  const how = report === null ? 'read back and right' : 'right by the report of the provider';
  return checkOutcome({
    command: 'attachments verify',
    runId: run,
    modules: [],
    findings: found.list,
    places: placesOf(verified, total - seen, how),
    facts: { database: database.label, store: store?.label ?? null, total, ...verified },
    notes: [
      `database   ${database.label}`,
      `store      ${store?.label ?? ''}`,
      `${counted(right, 'object')} ${how}, ${byteCount(bytes)}; ${grouped(wrong)} wrong, ${grouped(unverified)} could not be compared`,
      ...(changed === 0 ? [] : [`${counted(changed, 'row')} changed since, and do not count`]),
      ...(sample === null || seen >= total ? [] : [confidence(verified, total)]),
    ],
  });
}

/** States what a sample proves: with none wrong of n, 95 % of such samples would have shown a greater share. */
function confidence({ right, wrong }: Verified, total: number): string {
  const size = right + wrong;
  const of = `a sample of ${grouped(size)} of ${grouped(total)}`;
  if (wrong > 0 || size === 0) return `${of}: verify all of them`;
  const share = 100 * (1 - 0.05 ** (1 / size));
  return `${of}: with 95 % confidence, fewer than ${share.toPrecision(2)} % are wrong`;
}

function placesOf(verified: Verified, rest: number, how: string): Place[] {
  const { right, bytes, wrong, unverified, back, changed } = verified;
  return [
    { name: how, kind: 'good', rows: right, bytes },
    { name: 'wrong or missing', kind: 'bad', rows: wrong, bytes: null },
    { name: 'could not be compared', kind: 'bad', rows: unverified, bytes: null },
    { name: 'on disk again', kind: 'bad', rows: back, bytes: null },
    { name: 'changed since', kind: 'open', rows: changed, bytes: null },
    { name: 'not in the sample', kind: 'open', rows: Math.max(0, rest), bytes: null },
  ];
}

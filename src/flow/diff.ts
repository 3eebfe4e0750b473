/** diff: compares two sealed candidates, and reads as little of them as possible. */

import { differenceFinding, ruleOf, valueLines } from '../diff/differenceFinding.ts';
import { diffCandidates, type Difference } from '../diff/diffCandidates.ts';
import { openSide, type Meter, type Side } from '../seal/opened/side.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { byteCount } from '../outcome/byteCount.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { statedSealId } from '../seal/sealedFolders.ts';
import { candidateNamed, meansLive } from '../project/candidateNamed.ts';
import type { Environment } from '../run/environment.ts';
import { liveLinkFindings } from '../project/origin.ts';

export interface DiffOptions {
  readonly project: string;
  /** Folder to which paths on the command line are relative. */
  readonly cwd: string;
  /** Names of candidates, as candidateNamed reads them. */
  readonly a: string;
  readonly b: string;
  /** Receives lines with values, for the terminal only; null if none are to be shown. */
  readonly showValues: ((line: string) => void) | null;
}

/** Compares two candidates; the findings are the differences, in the order of modules and keys. */
export async function diff(
  options: DiffOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const meter: Meter = { read: 0, total: 0 };
  const a = openNamed('A', options.a, options, meter);
  const b = openNamed('B', options.b, options, meter);
  const tally: Tally = new Map();
  for await (const difference of differences(a, b, options.showValues === null ? env : null)) {
    count(tally, difference);
    found.add(differenceFinding(difference));
    if (options.showValues !== null) valueLines(difference).forEach(options.showValues);
  }
  return checkOutcome({
    command: 'diff',
    modules: [],
    findings: found.list,
    bytes: { read: meter.read, total: meter.total },
    notes: [
      ...sideNotes(a, b),
      ...tallyNotes(tally, b),
      ...liveNotes(options, env),
      readNote(meter),
    ],
  });
}

/**
 * Yields differences, with progress unless `env` is null: lines with values would overwrite the
 * bar.
 */
function differences(a: Side, b: Side, env: Environment | null): AsyncGenerator<Difference> {
  if (env === null) return diffCandidates(a, b);
  return diffCandidates(a, b, (module, done, total) => {
    if (done === 0) env.progress.begin(`diff of ${module}`, total, { unit: 'record' });
    env.progress.update(done);
    if (done === total) env.progress.end();
  });
}

function openNamed(side: Side['name'], name: string, options: DiffOptions, meter: Meter): Side {
  const folder = candidateNamed(name, options.project, options.cwd);
  const opened = openSide(side, folder, meter);
  const stated = statedSealId(folder);
  if (stated === null || stated === opened.sealId) return opened;
  throw new Failure('CANDIDATE', {
    what: `the seal id of candidate ${side} differs from the one in its folder's name`,
    where: folder,
    hint: 'the folder was replaced with another candidate; build it again with sealift migrate',
  });
}

/** Module → numbers of records and declarations that differ. */
type Tally = Map<string, { inserted: number; deleted: number; changed: number; declared: number }>;

function count(tally: Tally, difference: Difference): void {
  const { module } = difference;
  const line = tally.get(module) ?? { inserted: 0, deleted: 0, changed: 0, declared: 0 };
  tally.set(module, line);
  if (difference.kind === 'declared') line.declared += 1;
  else line[KIND_OF[ruleOf(difference)] ?? 'changed'] += 1;
}

const KIND_OF: Readonly<Record<string, 'inserted' | 'deleted' | 'changed'>> = {
  'record-inserted': 'inserted',
  'record-deleted': 'deleted',
  'record-changed': 'changed',
};

function sideNotes(a: Side, b: Side): string[] {
  const roots =
    a.dataRoot === b.dataRoot
      ? [`data root of both  ${a.dataRoot}`]
      : [`data root of A  ${a.dataRoot}`, `data root of B  ${b.dataRoot}`];
  const seals =
    a.sealId === b.sealId
      ? [`seal id of both  ${a.sealId}`]
      : [`seal id of A  ${a.sealId}`, `seal id of B  ${b.sealId}`];
  return [...roots, ...seals];
}

/** Maximum number of modules that are listed one by one. */
const SHOWN = 20;

function tallyNotes(tally: Tally, b: Side): string[] {
  const lines = [...tally].map(([module, { inserted, deleted, changed, declared }]) => {
    const records = `${inserted} inserted, ${deleted} deleted, ${changed} changed`;
    return `${module}: ${records}${declared === 0 ? '' : ', declared differently'}`;
  });
  const equal = [...b.modules.keys()].filter((module) => !tally.has(module)).length;
  const more = lines.length - SHOWN;
  return [
    ...lines.slice(0, SHOWN),
    ...(more > 0 ? [`and ${counted(more, 'more module')}`] : []),
    ...(equal === 0 ? [] : [`${counted(equal, 'module')} equal`]),
  ];
}

/**
 * Notes if the live link was changed by hand: this concerns what `live` means, not the candidates.
 */
function liveNotes({ a, b, project, cwd }: DiffOptions, env: Environment): string[] {
  if (![a, b].some((name) => meansLive(name, project, cwd))) return [];
  return liveLinkFindings(project, env).map(({ reason }) => reason);
}

function readNote({ read, total }: Meter): string {
  return `read ${byteCount(read)} of ${byteCount(total)}; the rest was not verified`;
}

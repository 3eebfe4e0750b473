/**
 * Verifies the files of a run in a folder, such as that of a bag of evidence, by making again what can be made:
 * the plan of the runbook, the states of the journal, the approvals of each gate, the documents. A file that
 * says anything else, or that nothing explains, is a finding; what is not proven, a note.
 */

import { hash } from 'node:crypto';
import { join } from 'node:path';

import { MAX_APPROVAL } from '../../journal/approval.ts';
import { approvalPath } from '../../journal/approvalFile.ts';
import { parseJournal, type Journal } from '../../journal/line.ts';
import { Failure } from '../../outcome/failure.ts';
import type { Finding } from '../../outcome/finding.ts';
import { ruleFinding, type Rule } from '../../outcome/rules.ts';
import { decodeUtf8 } from '../../record/jsonText.ts';
import { canonicalJson } from '../../record/canonical.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../../seal/files.ts';
import { KEPT_FILES, KEPT_RUNBOOK } from '../engine/keptRunbook.ts';
import { beginningIn } from '../engine/runRecord.ts';
import { parseRunbook, type LoadedRunbook } from '../readRunbook.ts';
import { isFinal } from '../runState.ts';
import { judgeGates, type JudgeOfRun } from './gatesAgain.ts';
import { runDocuments } from './runDocuments.ts';
import { outputsIn, runEvidence, type RunEvidence, type RunSources } from './runEvidence.ts';
import { JOURNAL_OF_RUN, OUTPUTS_OF_RUN, PLAN_FILE, SIGNERS_OF_RUN } from './runPayload.ts';

/** What is known of a run apart from its own files. */
export interface KnownRun {
  readonly run: string;
  /** Lines of its journal that the journal of the project knows of: number and SHA-256. */
  readonly lines: readonly (readonly [number, string])[];
  /** SHA-256 of the files of the folder, by their paths in it. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths of files that others make again, such as a report. */
  readonly others: ReadonlySet<string>;
  /** Whether this version of Sealift made the documents. */
  readonly isSameTool: boolean;
  readonly judge: JudgeOfRun;
}

export interface VerifiedRun {
  readonly findings: readonly Finding[];
  /** Who opened which gate, and who waived what, as sentences. */
  readonly notes: readonly string[];
  /** Null if the journal or the runbook cannot be read. */
  readonly evidence: RunEvidence | null;
  readonly loaded: LoadedRunbook | null;
}

/** Verifies the files of a run; findings name them by their paths in `folder`. */
export async function verifyRun(folder: string, known: KnownRun): Promise<VerifiedRun> {
  const read = unlessFailure(JOURNAL_OF_RUN, () => readRunFiles(folder, known.run));
  if ('finding' in read) return { ...NOTHING, findings: [read.finding] };
  const { journal, loaded, sources } = read;
  const made = unlessFailure(JOURNAL_OF_RUN, () => runEvidence(sources));
  if ('finding' in made) return { ...NOTHING, findings: [made.finding] };
  const gates = await judgeGates(made, {
    judge: known.judge,
    signatureOf: signaturesIn(folder),
  });
  const findings = [
    ...journalFindings(journal, made, loaded, known),
    ...fileFindings(sources, known),
    ...gates.findings,
    ...documentFindings(folder, sources, known),
  ];
  return { findings, notes: [...gates.notes, ...waivers(made)], evidence: made, loaded };
}

const NOTHING = { notes: [], evidence: null, loaded: null } as const;

function waivers({ runbook, record }: RunEvidence): readonly string[] {
  return runbook.steps.flatMap(({ id }) => {
    const { waived = null } = record.steps.get(id) ?? {};
    return waived === null ? [] : [`${id}: waived by ${waived}`];
  });
}

function unlessFailure<T extends object>(
  file: string,
  work: () => T,
): T | { readonly finding: Finding } {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { finding: ruleFinding('seal-format', file, error.message) };
  }
}

interface RunFiles {
  readonly journal: Journal;
  readonly loaded: LoadedRunbook;
  readonly sources: RunSources;
}

/** @throws Failure JOURNAL, MAPPING */
function readRunFiles(folder: string, run: string): RunFiles {
  const bytes = (path: string, most: number): Buffer | null =>
    readPlainFile(join(folder, path), most);
  const journal = parseJournal(bytes(JOURNAL_OF_RUN, MAX_SEAL_FILE) ?? Buffer.alloc(0), run);
  const text = decodeUtf8(bytes(KEPT_RUNBOOK, MAX_SEAL_FILE) ?? Buffer.alloc(0)) ?? '';
  const loaded = parseRunbook(text, KEPT_RUNBOOK);
  const { runbook, planHash } = loaded;
  const sources: RunSources = {
    run,
    runbook,
    planHash,
    lines: journal.entries,
    where: JOURNAL_OF_RUN,
    outputs: (name) => bytes(`${OUTPUTS_OF_RUN}/${name}`, MAX_SEAL_FILE),
    approvals: (digest) => bytes(approvalPath(digest), MAX_APPROVAL),
  };
  return { journal, loaded, sources };
}

function signaturesIn(folder: string): (digest: string) => string | null {
  return (digest) => {
    const bytes = readPlainFile(join(folder, `${approvalPath(digest)}.sig`), MAX_APPROVAL);
    return bytes?.toString('latin1') ?? null;
  };
}

/** The journal has to be whole, of this plan, and known to the journal of the project. */
function journalFindings(
  journal: Journal,
  { record }: RunEvidence,
  { value }: LoadedRunbook,
  { lines, run, files }: KnownRun,
): readonly Finding[] {
  const found: Finding[] = [];
  const add = (rule: Rule, file: string, reason: string): void => {
    found.push(ruleFinding(rule, file, reason));
  };
  if (journal.torn.length > 0) add('seal-format', JOURNAL_OF_RUN, 'it ends within a line');
  if (record.begun === null) add('evidence', JOURNAL_OF_RUN, 'the run has not begun');
  else if (!isFinal(record.state.status)) {
    add('evidence', JOURNAL_OF_RUN, `the run is not over, it is ${record.state.status}`);
  }
  if (files.get(PLAN_FILE) !== hash('sha256', canonicalJson(value), 'hex')) {
    add('seal-unexpected', PLAN_FILE, 'it is not the plan of the runbook');
  }
  if (lines.length === 0) {
    add('seal-unexpected', JOURNAL_OF_RUN, `the journal of the project knows no run ${run}`);
  }
  const heads = new Map(journal.entries.map(({ prev, seq }) => [seq - 1, prev]));
  heads.set(journal.entries.length, journal.head);
  if (lines.some(([line, head]) => line > 0 && heads.get(line) !== head)) {
    const reason = 'it lacks lines that the journal of the project knows of';
    add('seal-unexpected', JOURNAL_OF_RUN, reason);
  }
  return found;
}

/** Every file has to be explained by the journal, and every one that it names has to be there. */
function fileFindings(sources: RunSources, known: KnownRun): readonly Finding[] {
  const { files, isSameTool, others } = known;
  const begun = beginningIn(sources.lines);
  const named = namedFiles(sources);
  const found = [...named].flatMap(([path, sha256]): Finding[] => {
    const actual = files.get(path);
    if (actual === undefined) {
      return [ruleFinding('evidence', path, 'the journal names this file, and it is not here')];
    }
    if (actual === sha256) return [];
    return [ruleFinding('checksum', path, 'it differs from the digest in the journal of the run')];
  });
  const signers = files.get(SIGNERS_OF_RUN);
  if (signers !== undefined && signers !== begun?.signers) {
    found.push(ruleFinding('checksum', SIGNERS_OF_RUN, 'the run began with other allowed signers'));
  }
  const documents = unlessFailure('', () => runDocuments(sources));
  const made = 'finding' in documents ? [] : documents.map(({ path }) => path);
  const explained = new Set([...named.keys(), ...others, ...made, ...OWN]);
  const extra = [...files.keys()].filter((path) => {
    // What a step left that was cut off has no line.
    const isLeft = path.startsWith(`${OUTPUTS_OF_RUN}/`) || path.endsWith('.sig');
    return isSameTool && !isLeft && !explained.has(path);
  });
  const reason = 'the journal of the run does not explain this file';
  return [...found, ...extra.map((path) => ruleFinding('file-extra', path, reason))];
}

const OWN: readonly string[] = [JOURNAL_OF_RUN, KEPT_RUNBOOK, PLAN_FILE, SIGNERS_OF_RUN];

/** Files that lines name, with their SHA-256. */
function namedFiles(sources: RunSources): ReadonlyMap<string, string> {
  const { lines } = sources;
  const approvals = lines.flatMap((line): [string, string][] => {
    if (line.event !== 'approved') return [];
    const digest = String(line['approval']);
    return [[approvalPath(digest), digest]];
  });
  return new Map([
    ...outputsIn(sources).map(({ name, sha256 }): [string, string] => [
      `${OUTPUTS_OF_RUN}/${name}`,
      sha256,
    ]),
    ...approvals,
    ...Object.values(beginningIn(lines)?.files ?? {}).map((sha256): [string, string] => [
      `${KEPT_FILES}/${sha256}`,
      sha256,
    ]),
  ]);
}

function documentFindings(
  folder: string,
  sources: RunSources,
  { isSameTool }: KnownRun,
): readonly Finding[] {
  if (!isSameTool) return [];
  const made = unlessFailure(JOURNAL_OF_RUN, () => runDocuments(sources));
  if ('finding' in made) return [made.finding];
  return made.flatMap(({ path, content }): Finding[] => {
    const bytes = readPlainFile(join(folder, path), MAX_SEAL_FILE);
    if (bytes?.equals(content) === true) return [];
    return [ruleFinding('seal-unexpected', path, 'it is not what the journal of the run gives')];
  });
}

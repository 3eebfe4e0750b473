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
import { JOURNAL_OF_RUN } from '../engine/runPlaces.ts';
import { parseRunbook, type LoadedRunbook } from '../readRunbook.ts';
import { isFinal } from '../runState.ts';
import { OUTPUTS_OF_RUN } from '../world/artifacts.ts';
import { judgeGates, type JudgeOfRun } from './gatesAgain.ts';
import { judgeStages } from './stagesAgain.ts';
import { readRunFiles } from './readRunFiles.ts';
import { runDocuments, type RunDocument } from './runDocuments.ts';
import { outputsIn, runEvidence, type RunEvidence } from './runEvidence.ts';
import { PLAN_FILE, SIGNERS_OF_RUN } from './runPayload.ts';

/** The end of the journal of a run, as that of the project has it. */
export interface NotedRun {
  /** Number of lines. */
  readonly line: number;
  /** SHA-256 of the last one. */
  readonly head: string;
  /** Status of the run; absent where a command began. */
  readonly status?: string;
}

/** What is known of a run apart from its own files. */
export interface KnownRun {
  readonly run: string;
  /** What the journal of the project says of it, in order. */
  readonly noted: readonly NotedRun[];
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
}

/** Verifies the files of a run; findings name them by their paths in `folder`. */
export async function verifyRun(folder: string, known: KnownRun): Promise<VerifiedRun> {
  const read = unlessFailure(() => runInFolder(folder, known.run));
  if ('finding' in read) return { findings: [read.finding], notes: [], evidence: null };
  const { journal, loaded, evidence } = read;
  const made = unlessFailure(() => runDocuments(evidence));
  const documents = 'finding' in made ? [] : made;
  const listed = unlessFailure(() => fileFindings(evidence, documents, known));
  const gates = await judgeGates(evidence, {
    judge: known.judge,
    signatureOf: signaturesIn(folder),
  });
  const findings = [
    ...journalFindings(journal, evidence, loaded, known),
    ...('finding' in listed ? [listed.finding] : listed),
    ...gates.findings,
    ...judgeStages(evidence),
    ...('finding' in made && known.isSameTool ? [made.finding] : []),
    ...documentFindings(folder, documents, known),
  ];
  return { findings, notes: [...gates.notes, ...waivers(evidence)], evidence };
}

function waivers({ runbook, record }: RunEvidence): readonly string[] {
  return runbook.steps.flatMap(({ id }) => {
    const { waived = null } = record.steps.get(id) ?? {};
    return waived === null ? [] : [`${id}: waived by ${waived}`];
  });
}

function unlessFailure<T extends object>(work: () => T): T | { readonly finding: Finding } {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { finding: ruleFinding('seal-format', JOURNAL_OF_RUN, error.message) };
  }
}

interface FoundRun {
  readonly journal: Journal;
  readonly loaded: LoadedRunbook;
  readonly evidence: RunEvidence;
}

/** @throws Failure JOURNAL, MAPPING, USAGE */
function runInFolder(folder: string, run: string): FoundRun {
  const bytes = (path: string): Buffer =>
    readPlainFile(join(folder, path), MAX_SEAL_FILE) ?? Buffer.alloc(0);
  const journal = parseJournal(bytes(JOURNAL_OF_RUN), run);
  const text = decodeUtf8(bytes(KEPT_RUNBOOK)) ?? '';
  const loaded = parseRunbook(text, KEPT_RUNBOOK);
  const { runbook, planHash } = loaded;
  const files = readRunFiles(folder);
  const lines = journal.entries;
  const sources = { run, runbook, planHash, lines, where: JOURNAL_OF_RUN, ...files };
  return { journal, loaded, evidence: runEvidence(sources) };
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
  { noted, run, files }: KnownRun,
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
  if (noted.length === 0) {
    add('seal-unexpected', JOURNAL_OF_RUN, `the journal of the project knows no run ${run}`);
  }
  const heads = new Map(journal.entries.map(({ prev, seq }) => [seq - 1, prev]));
  heads.set(journal.entries.length, journal.head);
  if (noted.some(({ line, head }) => line > 0 && heads.get(line) !== head)) {
    const reason = 'it lacks lines that the journal of the project knows of';
    add('seal-unexpected', JOURNAL_OF_RUN, reason);
  }
  const last = noted.at(-1);
  const isNoted = last?.line === journal.entries.length && last.status !== undefined;
  if (isNoted && last.status !== record.state.status) {
    const reason = `the journal of the project says ${last.status} of it, and not ${record.state.status}`;
    add('seal-unexpected', JOURNAL_OF_RUN, reason);
  } else if (!isNoted && noted.length > 0) {
    add('evidence', JOURNAL_OF_RUN, 'the journal of the project does not know its last lines');
  }
  return found;
}

/** Whether a file is an output: what a step left that was cut off has no line. */
function isLeft(path: string): boolean {
  return path.startsWith(`${OUTPUTS_OF_RUN}/`);
}

/** Every file has to be explained by the journal, and every one that it names has to be there. */
function fileFindings(
  evidence: RunEvidence,
  documents: readonly RunDocument[],
  { files, isSameTool, others }: KnownRun,
): readonly Finding[] {
  const { begun } = evidence.record;
  const named = namedFiles(evidence);
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
  } else if (signers === undefined && begun?.signers != null) {
    const reason = 'the allowed signers that the run began with are missing';
    found.push(ruleFinding('evidence', SIGNERS_OF_RUN, reason));
  }
  const made = documents.map(({ path }) => path);
  const explained = new Set([...named.keys(), ...others, ...made, ...OWN]);
  const approvals = approvalsIn(evidence);
  const rest = [...files.keys()].filter((path) => !explained.has(path));
  const left = rest.filter(isLeft);
  const extra = rest.filter((path) => {
    const signed = path.endsWith('.sig') ? path.slice(0, -'.sig'.length) : '';
    return !isLeft(path) && !approvals.has(signed);
  });
  const reason = 'the journal of the run does not explain this file';
  return [
    ...found,
    ...extra.map((path) => ruleFinding('file-extra', path, reason)),
    ...left.map((path) => {
      return ruleFinding('evidence', path, 'no line of the journal names this output');
    }),
    ...(isSameTool
      ? []
      : [
          ruleFinding(
            'evidence',
            JOURNAL_OF_RUN,
            'another version made the documents, which were not made again; verify with that version',
          ),
        ]),
  ];
}

const OWN: readonly string[] = [JOURNAL_OF_RUN, KEPT_RUNBOOK, PLAN_FILE, SIGNERS_OF_RUN];

/** Files that lines name, with their SHA-256. */
function namedFiles(evidence: RunEvidence): ReadonlyMap<string, string> {
  const { record } = evidence;
  return new Map([
    ...outputsIn(evidence).map(({ name, sha256 }): [string, string] => [
      `${OUTPUTS_OF_RUN}/${name}`,
      sha256,
    ]),
    ...approvalsIn(evidence),
    ...Object.values(record.begun?.files ?? {}).map((sha256): [string, string] => [
      `${KEPT_FILES}/${sha256}`,
      sha256,
    ]),
  ]);
}

/** Files of approvals that lines name, with their SHA-256. */
function approvalsIn({ record }: RunEvidence): ReadonlyMap<string, string> {
  return new Map(record.approvals.map(({ approval }) => [approvalPath(approval), approval]));
}

function documentFindings(
  folder: string,
  documents: readonly RunDocument[],
  { isSameTool }: KnownRun,
): readonly Finding[] {
  if (!isSameTool) return [];
  return documents.flatMap(({ path, content }): Finding[] => {
    const bytes = readPlainFile(join(folder, path), MAX_SEAL_FILE);
    if (bytes?.equals(content) === true) return [];
    return [ruleFinding('seal-unexpected', path, 'it is not what the journal of the run gives')];
  });
}

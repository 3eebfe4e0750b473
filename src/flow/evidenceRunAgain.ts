/** Verifies the run in a bag of evidence: its journal, its gates, its documents and its report, made again. */

import { join } from 'node:path';

import type { RunEvidence } from '../cutover/evidence/runEvidence.ts';
import { SIGNERS_OF_RUN } from '../cutover/evidence/runPayload.ts';
import { verifyRun, type VerifiedRun } from '../cutover/evidence/verifyRun.ts';
import { AGENT, RUN } from '../evidence/bagSignature.ts';
import { RUN_PART } from '../evidence/collect.ts';
import type { ReadBag } from '../evidence/readBag.ts';
import type { Journal } from '../journal/line.ts';
import { eventOf } from '../journal/readEvent.ts';
import type { Finding } from '../outcome/finding.ts';
import { ruleFinding } from '../outcome/rules.ts';
import { judgeReviewer, refuse } from '../project/reviewers.ts';
import type { Environment } from '../run/environment.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import { REPORT_OF_RUN, reportOf } from './evidenceRun.ts';

/** What of a run was kept apart from the bag. */
export interface ExpectedRun {
  /** Text of a file of allowed signers. */
  readonly signers: string | null;
}

/** Verifies the run in the payload `data`. */
export async function runIn(
  data: string,
  { info, payload }: ReadBag,
  journal: Journal,
  { signers }: ExpectedRun,
  env: Environment,
): Promise<VerifiedRun> {
  const folder = join(data, RUN_PART);
  const prefix = `data/${RUN_PART}/`;
  const run = info.get(RUN) ?? '';
  const own = readPlainFile(join(folder, SIGNERS_OF_RUN), MAX_SEAL_FILE)?.toString('utf8') ?? null;
  const { runProgram, temporary, pid } = env;
  const isSameTool = info.get(AGENT) === `${env.tool.name} ${env.tool.version}`;
  const verified = await verifyRun(folder, {
    run,
    noted: journal.entries
      .map(eventOf)
      .filter((event) => event.event === 'cutover')
      .filter((event) => event.run === run),
    files: new Map(
      [...payload].flatMap(([path, sha256]): [string, string][] =>
        path.startsWith(prefix) ? [[path.slice(prefix.length), sha256]] : [],
      ),
    ),
    others: new Set([REPORT_OF_RUN]),
    isSameTool,
    judge: async ({ reviewer, kept, excluded, at, hadSigners }) => {
      if (hadSigners && signers === null && own === null) {
        return refuse(reviewer, 'the allowed signers that the run began with are missing');
      }
      return judgeReviewer(reviewer, kept, {
        runProgram,
        temporary,
        pid,
        signers: signers ?? own,
        others: excluded.map((name) => ({ name, did: 'operates' }) as const),
        at,
      });
    },
  });
  const findings = [
    ...verified.findings.map((one): Finding => ({ ...one, file: `${prefix}${one.file ?? ''}` })),
    ...(verified.evidence === null ? [] : reportFindings(data, verified.evidence, isSameTool)),
  ];
  return { ...verified, findings };
}

/** The report has to be what this version makes of the journal; of another version, it is not compared. */
function reportFindings(
  data: string,
  evidence: RunEvidence,
  isSameTool: boolean,
): readonly Finding[] {
  if (!isSameTool) return [];
  return reportOf(evidence).flatMap(({ path, from }): Finding[] => {
    const bytes = readPlainFile(join(data, path), MAX_SEAL_FILE);
    if (bytes !== null && bytes.equals(Buffer.from(from))) return [];
    const reason = 'it is not what the journal of the run gives';
    return [ruleFinding('seal-unexpected', `data/${path}`, reason)];
  });
}

/** Says what is known of a run, and what is not proven. */
export function runNotes(
  { evidence, notes }: VerifiedRun,
  { signers }: ExpectedRun,
): readonly string[] {
  if (evidence === null) return [];
  const { run, record, lines, head } = evidence;
  const kind = record.begun?.isRehearsal === true ? 'rehearsal' : 'run';
  const why = record.why === null ? '' : `, ${record.why}`;
  const isSigned = record.approvals.some(({ signer }) => signer !== null);
  return [
    `${kind} ${run}: ${record.state.status}${why}, from ${record.begun?.at ?? '?'} to ${record.lastAt}`,
    ...notes,
    `journal of the run: ${lines.length} lines, head ${head}`,
    ...(isSigned && signers === null
      ? [
          'not proven: whose the keys of the approvals are, as they come from the bag; give --allowed-signers FILE',
        ]
      : []),
  ];
}

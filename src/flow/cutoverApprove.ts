/**
 * cutover approve: shows what a gate of a run is bound to, or approves it with the signature of a key, in one
 * step or, for a person at another machine, in two. The approval counts once its line is in the run's journal.
 */

import { excluded, roleReason, unboundReason } from '../cutover/engine/gates.ts';
import { readRun, type HeldRun } from '../cutover/engine/heldRun.ts';
import { openRequests } from '../cutover/engine/runRequests.ts';
import { subjectOf } from '../cutover/engine/openRun.ts';
import { placesOf, runNamed, type RunPlaces } from '../cutover/engine/runPlaces.ts';
import { recordOf, type RunRecord } from '../cutover/engine/runRecord.ts';
import { readRunbook, type LoadedRunbook } from '../cutover/readRunbook.ts';
import { isOpenedByPeople, type Step } from '../cutover/runbook.ts';
import { runStepsOf } from '../cutover/runSteps.ts';
import { requiredText, textOf } from '../cutover/steps/stepMembers.ts';
import { APPROVAL_NAMESPACE, encodeApproval, parseApproval } from '../journal/approval.ts';
import { approvalDigest, keepApproval, type KeptApproval } from '../journal/approvalFile.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';
import { parseDuration } from '../record/duration.ts';
import type { Environment } from '../run/environment.ts';
import { isSameName } from '../run/personName.ts';
import { signatureBy } from './approvalMeans.ts';
import { judgeOf, personOf, signersOf } from './cutoverParts.ts';
import { recordOrAsk, TAKEN_UP } from './cutoverRecord.ts';
import { readGiven, writeGiven } from './givenFile.ts';

export interface ApproveGateOptions {
  readonly project: string;
  readonly runbook: string;
  readonly run: string | null;
  /** The gate; null for the one that the run waits at. */
  readonly step: string | null;
  readonly who: string | null;
  /** Key to sign with; null for a name only. */
  readonly key: string | null;
  /** File to write the approval to, unsigned and not recorded; null to record it. */
  readonly write: string | null;
  /** File of an approval that was written before, and of its signature; null for none. */
  readonly accept: string | null;
  readonly signature: string | null;
}

interface Gate {
  readonly paths: ProjectPaths;
  readonly places: RunPlaces;
  readonly loaded: LoadedRunbook;
  readonly record: RunRecord;
  readonly step: Step;
}

/** Approves a gate of a run. */
export async function cutoverApprove(
  options: ApproveGateOptions,
  env: Environment,
): Promise<Outcome> {
  const gate = gateOf(options, env);
  if (options.accept !== null) return accepted(gate, options, env);
  const who = personOf(options.who, env);
  const refused = roleReason(gate.loaded.runbook, gate.step, who) ?? operatorReason(gate, who);
  if (refused !== null) throw notCounted(refused, gate);
  const bytes = approvalBy(gate, who, env);
  if (options.write !== null) return written(gate, options.write, bytes, env);
  if (options.key === null && (await signersOf(gate.paths)) !== null) throw unsigned();
  const signature = options.key === null ? null : await signatureBy(options.key, bytes, env);
  return recorded(gate, { bytes, signature }, env);
}

function gateOf(options: ApproveGateOptions, env: Environment): Gate {
  const loaded = readRunbook(options.runbook, env.cwd);
  const { runbook, planHash, name } = loaded;
  const paths = projectPaths(options.project);
  const places = placesOf(paths, runNamed(paths, runbook.name, options.run));
  const { entries } = readRun(places);
  const plan = { path: name, planHash };
  const { record } = recordOf(runStepsOf(runbook), plan, entries, places.journal);
  const open = runbook.steps.filter((step, at) => {
    return record.state.steps[at] === 'STARTED' && isOpenedByPeople(step);
  });
  const step = open.find(({ id }) => options.step === null || id === options.step);
  if (step === undefined) throw notWaiting(options.step, open, places, name);
  return { paths, places, loaded, record, step };
}

/** Returns the bytes of an approval. */
function approvalBy({ places, record, step }: Gate, reviewer: string, env: Environment): Buffer {
  return encodeApproval({
    purpose: 'open-gate',
    subject: subjectOf(places.run, record, step.id),
    role: requiredText(step.members, 'role'),
    statement: textOf(step.members, 'text'),
    reviewer,
    time: env.now().toISOString(),
  });
}

function operatorReason({ step, record }: Gate, who: string): string | null {
  const self = excluded(step, record).some((name) => isSameName(name, who));
  return self ? `${who} operates the run, and no person approves their own work` : null;
}

async function written(
  { step, loaded }: Gate,
  file: string,
  bytes: Uint8Array,
  env: Environment,
): Promise<Outcome> {
  await writeGiven('--write', file, bytes, env);
  return actionOutcome({
    command: 'cutover approve',
    notes: [
      `written to ${file}, not approved yet`,
      `sign it: ssh-keygen -Y sign -n ${APPROVAL_NAMESPACE} -f KEY ${file}`,
      `then: sealift cutover approve ${loaded.name} ${step.id} --accept ${file} --signature ${file}.sig`,
    ],
  });
}

async function accepted(
  gate: Gate,
  options: ApproveGateOptions,
  env: Environment,
): Promise<Outcome> {
  const bytes = readGiven(options.accept ?? '', '--accept', env);
  const signature =
    options.signature === null
      ? null
      : readGiven(options.signature, '--signature', env).toString('latin1');
  return recorded(gate, { bytes, signature }, env);
}

/** Judges an approval, keeps it beside the journal of the run, and has its line written. */
async function recorded(gate: Gate, kept: KeptApproval, env: Environment): Promise<Outcome> {
  const { places, step, record } = gate;
  const signer = await assertCounts(gate, kept, env);
  const reviewer = parseApproval(kept.bytes, 'open-gate')?.reviewer ?? '';
  const approval = approvalDigest(kept.bytes);
  const open = openRequests(places).flatMap((one) =>
    one.request === 'approved' ? [one.facts.approval] : [],
  );
  keepApproval(
    places.folder,
    kept,
    new Set([...record.approvals.map((one) => one.approval), ...open, approval]),
  );
  const facts = { step: step.id, approval, signer };
  const isRecorded = record.approvals.some((one) => one.approval === approval);
  const how = isRecorded ? 'recorded before' : writeDown(gate, facts, reviewer, env);
  return actionOutcome({
    command: 'cutover approve',
    facts: { run: places.run, ...facts },
    notes: [
      `${places.run}: ${step.id} approved by ${reviewer}${signer === null ? ', not proven: no key signed it' : `, key ${signer}`}`,
      how,
    ],
  });
}

async function assertCounts(
  gate: Gate,
  kept: KeptApproval,
  env: Environment,
): Promise<string | null> {
  const { places, record, step, loaded, paths } = gate;
  const approval = parseApproval(kept.bytes, 'open-gate');
  if (approval === null) throw notCounted('its file is not an approval, or was edited', gate);
  const expires = parseDuration(textOf(step.members, 'expires') ?? '');
  const refused =
    unboundReason(approval, subjectOf(places.run, record, step.id), expires, env.now().getTime()) ??
    roleReason(loaded.runbook, step, approval.reviewer) ??
    operatorReason(gate, approval.reviewer);
  if (refused !== null) throw notCounted(refused, gate);
  const { reviewer } = approval;
  const expected = record.begun?.signers ?? null;
  const judges = { excluded: excluded(step, record), expected };
  const judged = await judgeOf(paths, reviewer, kept, judges, env);
  if (judged.refused !== null) throw notCounted(judged.refused, gate);
  return judged.signer;
}

function writeDown(
  { paths, places, loaded }: Gate,
  facts: { readonly step: string; readonly approval: string; readonly signer: string | null },
  who: string,
  env: Environment,
): string {
  const write = (held: HeldRun): string => {
    held.commit({ event: 'approved', ...facts }, { who });
    return `go on with sealift cutover resume ${loaded.name} --who NAME, or with tick`;
  };
  const work = { paths, places, loaded, command: 'cutover approve', who };
  return recordOrAsk(work, { request: 'approved', who, facts }, write, env) ?? TAKEN_UP;
}

function notCounted(why: string, { places, step }: Gate): Failure {
  return new Failure('CANDIDATE', {
    what: `the approval is refused, as ${why}`,
    where: `${places.run}, ${step.id}`,
    hint: 'see what it waits for with sealift cutover status, then have another person approve it',
  });
}

function notWaiting(
  step: string | null,
  open: readonly Step[],
  { run }: RunPlaces,
  path: string,
): Failure {
  const [first] = open;
  return new Failure('USAGE', {
    what: step === null ? 'the run waits for no person' : 'the run does not wait at this step',
    where: step === null ? run : `${run}, ${step}`,
    hint:
      first === undefined
        ? `see sealift cutover status ${path}`
        : `approve where it waits, with sealift cutover approve ${path} ${first.id}`,
  });
}

function unsigned(): Failure {
  return new Failure('USAGE', {
    what: 'the project has allowed signers, so a name alone is no approval',
    where: 'mapping/allowed_signers',
    hint: 'sign with --key FILE, or write the approval with --write FILE to sign it elsewhere',
  });
}

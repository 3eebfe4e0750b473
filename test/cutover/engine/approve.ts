/** Approvals of played runs (play.ts), as a person at another terminal makes them. */

import { fileRequest, openRequests } from '../../../src/cutover/engine/runRequests.ts';
import { encodeApproval, type Approval, type GateSubject } from '../../../src/journal/approval.ts';
import { approvalDigest, keepApproval } from '../../../src/journal/approvalFile.ts';
import type { PlayedRun, Stage } from './play.ts';

/** Approves a gate of a run that is at work, with members that differ if need be. */
export function approve(
  run: PlayedRun,
  play: Stage,
  who: string,
  step: string,
  differs: Partial<Approval<'open-gate'>> = {},
  elsewhere: Partial<GateSubject> = {},
): void {
  const time = new Date(play.clock).toISOString();
  const bytes = encodeApproval<'open-gate'>({
    purpose: 'open-gate',
    subject: { ...run.approvals.subjectOf(step), ...elsewhere },
    role: 'approver',
    statement: null,
    reviewer: who,
    time,
    ...differs,
  });
  const { places, record } = run.held;
  const approval = approvalDigest(bytes);
  const open = openRequests(places).flatMap((one) =>
    one.request === 'approved' ? [one.facts.approval] : [],
  );
  const known = [...record.approvals.map((one) => one.approval), ...open, approval];
  keepApproval(places.folder, { bytes, signature: null }, new Set(known));
  const facts = { step, approval, signer: null };
  fileRequest(places, { request: 'approved', who, facts }, time, process.pid);
}

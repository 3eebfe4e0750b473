/** The incident record of a run that was taken back or aborted, as Markdown, with what people still have to do. Pure. */

import { byteCount } from '../../outcome/byteCount.ts';
import { formatDuration } from '../../record/duration.ts';
import { kindOf, type Runbook } from '../runbook.ts';
import { textOf } from '../steps/stepMembers.ts';
import { decisionsOf } from './approvalRecord.ts';
import { firedIn, type Fired } from './firedTrigger.ts';
import { codeSpan, escaped, filled, OPEN } from './markdownText.ts';
import { outputsIn, stepsSeen, type RunEvidence, type SeenStep } from './runEvidence.ts';
import { findTurn, undoneIn, type Turn } from './turn.ts';

/** Makes `incident.md`; null for a run that was neither taken back nor aborted, or only rehearsed a way back. */
export function incidentMarkdown(evidence: RunEvidence): string | null {
  const { record, runbook, run, lines, head } = evidence;
  const turn = findTurn(evidence);
  if (turn === null) return null;
  const fired = firedIn(evidence, turn.index);
  return [
    `# Incident: ${escaped(runbook.title ?? runbook.name)}`,
    '',
    `Run ${escaped(run)}${record.begun?.isRehearsal === true ? ', a rehearsal' : ''}, plan ${record.begun?.planHash ?? OPEN}, journal of ${lines.length} lines up to ${head}`,
    ...part('What happened', happened(evidence, turn, fired)),
    ...part('Times (UTC)', times(evidence, turn, fired)),
    ...part('What had been done', doneLines(evidence, turn)),
    ...part('What failed', failedLines(evidence, turn)),
    ...part('What was undone, in this order', undoneIn(evidence).map(undoLine)),
    ...part('What was not undone', leftLines(evidence)),
    ...part('People', people(evidence)),
    ...part('What is kept', kept(evidence)),
    ...part('To do', toDo(runbook)),
    '',
  ].join('\n');
}

function part(title: string, lines: readonly string[]): readonly string[] {
  return ['', `## ${title}`, '', ...(lines.length === 0 ? ['- nothing'] : lines)];
}

function happened({ record }: RunEvidence, turn: Turn, fired: readonly Fired[]): readonly string[] {
  const last = fired.findLast(({ at }) => at === turn.line.at) ?? null;
  const loss = turn.lossAcceptedBy;
  return [
    `- Ended as: **${escaped(record.state.status)}**`,
    `- Why: ${filled(turn.why)}`,
    `- Severity: ${filled(last?.severity ?? fired.at(-1)?.severity)}`,
    `- Begun by: ${turn.who === null ? 'a trigger or monitor of the runbook' : escaped(turn.who)}`,
    ...fired.map(({ at, when, severity, action, value }) => {
      const grade = severity === null ? '' : ` (${escaped(severity)})`;
      return `- Fired at ${at}: ${codeSpan(when)}${grade}, with the value ${value ?? 'of no look'}, action ${escaped(action)}`;
    }),
    loss === null
      ? '- Later writes: none were given up by a person'
      : `- Later writes: given up by ${escaped(loss)}, by the name of the run`,
  ];
}

function times({ record }: RunEvidence, turn: Turn, fired: readonly Fired[]): readonly string[] {
  const cause = fired.findLast(({ at }) => at === turn.line.at);
  const detected = cause?.since ?? turn.failedAt ?? turn.line.at;
  const took = Date.parse(turn.endedAt) - Date.parse(detected);
  return [
    `- Run begun: ${record.begun?.at ?? OPEN}`,
    `- Detected: ${detected}`,
    `- Way back begun: ${turn.backAt ?? 'it was not taken back'}`,
    `- Ended: ${turn.endedAt}`,
    `- Duration, since it was detected: ${formatDuration(Math.max(0, took))}`,
  ];
}

function doneLines({ lines, runbook }: RunEvidence, { index }: Turn): readonly string[] {
  const before = lines.slice(0, index);
  return runbook.steps.flatMap(({ id, use }) => {
    const last = before.findLast(({ event, step }) => event === 'step-ended' && step === id);
    const verdict = last?.['verdict'];
    if (last === undefined || (verdict !== 'PASS' && verdict !== 'WARN')) return [];
    return [`- ${escaped(id)} (${escaped(use)}): **${verdict}** at ${last.at}`];
  });
}

function failedLines({ lines, runbook }: RunEvidence, { index }: Turn): readonly string[] {
  const before = lines.slice(0, index);
  return runbook.steps.flatMap(({ id, use }) => {
    const own = before.filter(({ step }) => step === id);
    const last = own.at(-1);
    if (last === undefined) return [];
    const about = `- ${escaped(id)} (${escaped(use)})`;
    if (last.event === 'step-intended' || last.event === 'step-applied')
      return [`${about}: under way, or cut off, since ${last.at}`];
    const isFailed = last.event === 'step-ended' && /^(?:FAIL|INC)/.test(String(last['verdict']));
    if (!isFailed) return [];
    return [
      `${about}: **${String(last['verdict'])}** at ${last.at}, ${filled(String(last['says']))}`,
    ];
  });
}

function undoLine({ step, succeeded, at, says }: ReturnType<typeof undoneIn>[number]): string {
  const how = says === '' ? '' : `, ${escaped(says)}`;
  return `- ${escaped(step)}: **${succeeded ? 'UNDONE' : 'UNDO_FAILED'}** at ${at}${how}`;
}

const CHANGES: ReadonlySet<string> = new Set(['change', 'artifact']);

/** Steps whose effect may still be there. */
function leftLines(evidence: RunEvidence): readonly string[] {
  const { effects } = evidence.record.state;
  const isLeft = ({ step, status }: SeenStep, at: number): boolean =>
    effects[at] === true && status !== 'UNDONE' && CHANGES.has(kindOf(step));
  return stepsSeen(evidence)
    .filter(isLeft)
    .map(({ step, status }) => {
      const why = step.undo.length === 0 ? 'it has no way back' : escaped(status);
      return `- ${escaped(step.id)} (${escaped(step.use)}): ${why}`;
    });
}

function people(evidence: RunEvidence): readonly string[] {
  const { record, runbook } = evidence;
  const approvals = decisionsOf(evidence).map(({ step, reviewer, signer, recorded, counted }) => {
    const key = signer === null ? 'no key signed it' : `key ${escaped(signer)}`;
    const judged = counted === true ? '' : ', not counted';
    return `- Approved ${escaped(step)}: ${escaped(reviewer)} at ${recorded}, ${key}${judged}`;
  });
  return [
    `- Operated by: ${filled([...record.operators].join(', '))}`,
    ...approvals,
    ...[...runbook.owners].map(
      ([area, role]) => `- Owner of ${escaped(area)}: ${withPeople(runbook, role)}`,
    ),
    ...runbook.contacts.map(
      ({ role, contact }) => `- Contact ${escaped(role)}: ${escaped(contact)}`,
    ),
    ...[...runbook.references].map(([name, page]) => `- See ${escaped(name)}: ${escaped(page)}`),
  ];
}

function withPeople({ roles }: Runbook, role: string): string {
  const names = roles.get(role) ?? [];
  return names.length === 0 ? escaped(role) : `${escaped(role)} (${escaped(names.join(', '))})`;
}

function kept(evidence: RunEvidence): readonly string[] {
  return [
    ...outputsIn(evidence).map(({ name, bytes, sha256, of }) => {
      return `- ${codeSpan(name)} of ${escaped(of)}, ${byteCount(bytes)}, SHA-256 ${sha256}`;
    }),
    ...evidence.record.approvals.map(({ step, approval }) => {
      return `- approval of ${escaped(step)}, SHA-256 ${approval}`;
    }),
  ];
}

/** What is left to people, each with the role of the runbook that is nearest to it. */
function toDo(runbook: Runbook): readonly string[] {
  const { steps, contacts, owners } = runbook;
  const told = steps.map(({ use, members }) => (use === 'notify' ? textOf(members, 'to') : null));
  const gates = steps.map(({ use, members }) =>
    use === 'gate.approval' ? textOf(members, 'role') : null,
  );
  const first = (...roles: readonly (string | null | undefined)[]): string =>
    withPeople(runbook, roles.find((role) => role != null) ?? 'operator');
  const [contact] = contacts;
  const [owner] = owners.values();
  const decides = gates.findLast((role) => role !== null);
  return [
    '- [x] Make the incident record: this file',
    `- [ ] Notify stakeholders (${first(
      told.find((role) => role !== null),
      contact?.role,
      decides,
    )})`,
    `- [ ] Capture logs, metrics and security events (${first('operator')})`,
    `- [ ] Schedule the postmortem (${first(owner, decides)})`,
  ];
}

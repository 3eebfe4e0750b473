/** The incident record of a run that was taken back or aborted, as Markdown, with what people still have to do. Pure. */

import { stepsSeen, type SeenStep } from '../engine/stepsSeen.ts';
import { byteCount } from '../../outcome/byteCount.ts';
import { formatDuration } from '../../record/duration.ts';
import { kindOf, type Runbook, type Step } from '../runbook.ts';
import { textOf } from '../steps/stepMembers.ts';
import { decisionsOf } from './approvalRecord.ts';
import { openFired, type Fired } from '../engine/firedTrigger.ts';
import { codeSpan, escaped, filled, OPEN } from './markdownText.ts';
import { outputsIn, textIn, type RunEvidence } from './runEvidence.ts';
import { endText, failedLines, failedOutputs, undoLine, waiverText } from './incidentFailures.ts';
import { BY_TRIGGER, historyOf, takenBackBy, undoneIn } from './stepHistory.ts';
import { approversOf } from './stepOwner.ts';
import { findTurn, type Turn } from './turn.ts';

/** Makes `incident.md`; null for a run that was neither taken back nor aborted, or only rehearsed a way back. */
export function incidentMarkdown(evidence: RunEvidence): string | null {
  const { record, runbook, run, lines, head } = evidence;
  const turn = findTurn(evidence);
  if (turn === null) return null;
  const firedBook = openFired(evidence.runbook);
  const until = evidence.lines.slice(0, turn.index + 1);
  const fired = until.flatMap((line) => firedBook.add(line) ?? []);
  return [
    `# Incident: ${escaped(runbook.title ?? runbook.name)}`,
    '',
    `Run ${escaped(run)}${record.begun?.isRehearsal === true ? ', a rehearsal' : ''}, plan ${record.begun?.planHash ?? OPEN}, journal of ${lines.length} lines up to ${head}`,
    ...part('What happened', happened(evidence, turn, fired)),
    ...part('Times (UTC)', times(evidence, turn, fired)),
    ...part('What had been done', doneLines(evidence, turn)),
    ...part('What failed', failedLines(evidence)),
    ...failedOutputs(evidence),
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

function happened(evidence: RunEvidence, turn: Turn, fired: readonly Fired[]): readonly string[] {
  const { record, run } = evidence;
  const last = fired.findLast(({ at }) => at === turn.line.at) ?? null;
  const loss = turn.lossAcceptedBy;
  return [
    `- Ended as: **${escaped(record.state.status)}**`,
    `- Why: ${filled(turn.why)}`,
    `- Severity: ${filled(last?.severity ?? fired.at(-1)?.severity)}`,
    `- ${turnText(turn.line)}: ${escaped(turn.who ?? BY_TRIGGER)}`,
    ...turn.later.map((line) => {
      const why = textIn(line, 'why');
      const reason = why === null ? '' : `, ${escaped(why)}`;
      return `- ${turnText(line)}, after that at ${line.at}: ${escaped(takenBackBy(line))}${reason}`;
    }),
    ...fired.map(({ at, when, severity, action, value }) => {
      const grade = severity === null ? '' : ` (${escaped(severity)})`;
      return `- Fired at ${at}: ${codeSpan(when)}${grade}, with the value ${value ?? 'of no look'}, action ${escaped(action)}`;
    }),
    `- Point of no return: ${pointText(evidence, turn)}`,
    `- Later writes: ${
      loss === null
        ? 'no loss was accepted'
        : `loss accepted by ${escaped(loss)} (--accept-data-loss ${escaped(run)})`
    }`,
  ];
}

function turnText({ event }: Turn['line']): string {
  return event === 'aborted' ? 'Aborted by' : 'Rollback begun by';
}

/** Says whether the run was beyond its points of no return, by what came of their steps before it turned. */
function pointText({ lines, runbook }: RunEvidence, { index }: Turn): string {
  const before = lines.slice(0, index);
  const points = runbook.steps.filter(({ pointOfNoReturn }) => pointOfNoReturn);
  const said = points.map((step) => {
    const name = escaped(step.id);
    const own = before.filter((line) => line['step'] === step.id);
    const done = historyOf({ lines: before }, step).ends.find(({ verdict }) => PASSED.has(verdict));
    if (done !== undefined) return `passed at ${done.at}, by ${name}`;
    const begun = own.find(({ event }) => event === 'step-intended' || event === 'step-forced');
    return begun === undefined
      ? `not passed, as ${name} was not begun`
      : `perhaps passed, as ${name} was begun at ${begun.at} and has not passed`;
  });
  return said.length === 0 ? 'the runbook has none' : said.join('; ');
}

const PASSED: ReadonlySet<string> = new Set(['PASS', 'WARN']);

function times({ record }: RunEvidence, turn: Turn, fired: readonly Fired[]): readonly string[] {
  const [detected, by] = detectedAt(turn, fired);
  const took = Date.parse(turn.endedAt) - Date.parse(detected);
  return [
    `- Run begun: ${record.begun?.at ?? OPEN}`,
    `- Detected: ${detected}, ${by}`,
    `- Way back begun: ${turn.backAt ?? 'it was not taken back'}`,
    `- Ended: ${turn.endedAt}`,
    `- Duration, since it was detected: ${formatDuration(Math.max(0, took))}`,
  ];
}

/** The first of what a person could know it by: a failure that nothing has made good, what fired, or the turn. */
function detectedAt(
  { line, failed }: Turn,
  fired: readonly Fired[],
): readonly [at: string, by: string] {
  const [first] = [
    ...(failed === null
      ? []
      : [[failed.at, `${escaped(failed.step)} was ${failed.verdict}`] as const]),
    ...fired.map(({ since, when }) => [since, codeSpan(when)] as const),
    [line.at, `by ${escaped(takenBackBy(line))}`] as const,
  ].toSorted(([one], [other]) => (one === other ? 0 : one < other ? -1 : 1));
  return first ?? [line.at, ''];
}

/** What was begun before the turn, with what came of it, whether it has passed or not. */
function doneLines(evidence: RunEvidence, { index }: Turn): readonly string[] {
  const { lines, runbook } = evidence;
  const before = lines.slice(0, index);
  return runbook.steps.flatMap((step) => {
    const { ends, waivers } = historyOf({ lines: before }, step);
    const about = `- ${escaped(step.id)} (${escaped(step.use)})`;
    const [end, waiver] = [ends.at(-1), waivers.at(-1)];
    if (waiver !== undefined && waiver.index > (end?.index ?? -1)) {
      return [`${about}: ${waiverText(waiver)}`];
    }
    const begun = before.findLastIndex(({ event, step: id }) => {
      return event === 'step-intended' && id === step.id;
    });
    if (begun > (end?.index ?? -1)) {
      return [`${about}: under way since ${before[begun]?.at ?? OPEN}`];
    }
    if (end === undefined || end.verdict === 'LEFT OUT') return [];
    const opened = approvalText(evidence, step, end.verdict);
    return [`${about}: ${opened ?? endText(end)}`];
  });
}

/** Who opened a gate, and when each approval was recorded; null where no person has. */
function approvalText(evidence: RunEvidence, step: Step, verdict: string): string | null {
  const people = verdict === 'PASS' ? approversOf(evidence, step) : [];
  if (people.length === 0) return null;
  const each = people.map(({ name, at }) => `${escaped(name)} at ${at}`);
  return `**PASS**, approved by ${each.join(' and ')}`;
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

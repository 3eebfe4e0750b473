/** Who did what in a run, and which gates they opened: every line of its journal that has a person. Pure. */

import type { StoryApproval, StoryDeed, GateStory } from '../../outcome/runStory.ts';
import type { JournalEntry } from '../../journal/line.ts';
import { kindOf, type Runbook, type Step } from '../runbook.ts';
import { numberOf, textOf, timeOf } from '../steps/stepMembers.ts';
import { peopleNeeded } from './gates.ts';
import type { RunRecord } from './runRecord.ts';

export interface PeopleBook {
  add(entry: JournalEntry, at: number): void;
  deeds(): readonly StoryDeed[];
  gates(record: RunRecord): readonly GateStory[];
}

export function openPeople(runbook: Runbook): PeopleBook {
  const deeds: StoryDeed[] = [];
  const approvals = new Map<string, StoryApproval[]>();
  return {
    add(entry, at) {
      const step = textOf(entry, 'step') ?? '';
      const who = textOf(entry, 'who');
      const did = who === null ? null : (DEEDS.get(entry.event)?.(entry, runbook) ?? null);
      if (who !== null && did !== null) {
        deeds.push({ at, who, did, why: textOf(entry, 'why') ?? '' });
      }
      const list = approvals.get(step) ?? [];
      if (entry.event === 'step-intended') {
        const earlier = list.map((one) => ({ ...one, isEarlier: true }));
        approvals.set(step, earlier);
      } else if (entry.event === 'approved') {
        approvals.set(step, [...list, approvalIn(entry, at)]);
      }
    },
    deeds: () => deeds,
    gates: (record) =>
      runbook.steps.flatMap((step, number) =>
        kindOf(step) === 'gate' && step.use !== 'rollout.soak'
          ? [gateOf(step, number, runbook, record, approvals.get(step.id) ?? [])]
          : [],
      ),
  };
}

/** What a line with a person says that they did; steps that they began are told with the step. */
type DeedOf = (entry: JournalEntry, runbook: Runbook) => string | null;
const DEEDS: ReadonlyMap<string, DeedOf> = new Map<string, DeedOf>([
  ['run-begun', ({ rehearsal }) => (rehearsal === true ? 'began the rehearsal' : 'began the run')],
  ['resumed', () => 'went on with the run'],
  ['paused', () => 'held the run'],
  ['aborted', () => 'ended the run where it was'],
  ['recovered', () => 'stopped at once what was under way'],
  ['run-ended', () => 'stopped the way back'],
  ['step-waived', (entry) => `took the responsibility for ${stepOf(entry)}, which had not passed`],
  ['step-probed', toldOf],
  ['approved', approvedText],
  ['rollback-begun', tookBack],
  ['undo-part', partOf],
]);

function stepOf(entry: JournalEntry): string {
  return textOf(entry, 'step') ?? '';
}

function toldOf(entry: JournalEntry): string | null {
  if (entry['byPerson'] !== true) return null;
  const step = stepOf(entry);
  return entry['presence'] === 'there'
    ? `told that ${step} was done`
    : `told that ${step} may run again`;
}

function approvedText(entry: JournalEntry, { steps }: Runbook): string {
  const id = stepOf(entry);
  const step = steps.find((one) => one.id === id);
  const statement = step === undefined ? null : textOf(step.members, 'text');
  return statement === null ? `approved the gate ${id}` : `stated at ${id}: ${statement}`;
}

function tookBack(entry: JournalEntry): string {
  return entry['lossAccepted'] === true
    ? 'took the run back, accepting the loss of later writes'
    : 'took the run back';
}

function partOf(entry: JournalEntry): string {
  const about = `action ${(numberOf(entry, 'action') ?? 0) + 1} of the way back of ${stepOf(entry)}`;
  return entry['progress'] === 'done' ? `told that ${about} was done` : `let ${about} run again`;
}

function approvalIn(entry: JournalEntry, at: number): StoryApproval {
  return {
    who: textOf(entry, 'who') ?? '',
    at,
    signer: textOf(entry, 'signer'),
    digest: textOf(entry, 'approval') ?? '',
    isEarlier: false,
  };
}

function gateOf(
  step: Step,
  number: number,
  { roles }: Runbook,
  { state, steps }: RunRecord,
  approvals: readonly StoryApproval[],
): GateStory {
  const { members } = step;
  const { begunAt = null, endedAt = null, says = '' } = steps.get(step.id) ?? {};
  const role = textOf(members, 'role');
  const isOpen = state.steps[number] === 'PASS';
  return {
    number: number + 1,
    step: step.id,
    title: step.title,
    use: step.use,
    role,
    people: role === null ? [] : (roles.get(role) ?? []),
    needed: peopleNeeded(step),
    mayOperate: members['notOperator'] === false,
    expires: timeOf(members, 'expires'),
    requires: step.requires,
    statement: textOf(members, 'text'),
    reachedAt: begunAt === null ? null : Date.parse(begunAt),
    openedAt: isOpen && endedAt !== null ? Date.parse(endedAt) : null,
    says,
    approvals,
  };
}

/** Approvals and attestations of the stages of a rollout, and who gave them. Pure. */

import type { GateOfStage, RolloutMoment } from '../../outcome/rolloutStory.ts';
import type { JournalEntry } from '../../journal/line.ts';
import { isOpenedByPeople, type Runbook, type Step } from '../runbook.ts';
import { textOf } from '../steps/stepMembers.ts';
import { peopleNeeded } from './gates.ts';

export interface GatesBook {
  /** Adds a line of a step; returns the moment that it is, without its time and stage. */
  add(step: Step, entry: JournalEntry, at: number): GateMoment | null;
  /** Gates of a stage, by its index. */
  of(stage: number): readonly GateOfStage[];
}

type GateMoment = Pick<RolloutMoment, 'kind' | 'who' | 'says'>;

export function openGates({ stages, steps }: Runbook): GatesBook {
  const gates = new Map<string, GateOfStage>(
    steps.filter(isOpenedByPeople).map((step) => [step.id, gateOf(step)]),
  );
  return {
    add(step, entry, at) {
      const gate = gates.get(step.id);
      if (gate === undefined) return null;
      const who = textOf(entry, 'who');
      if (entry.event === 'step-intended') gates.set(step.id, { ...gate, people: [] });
      if (entry.event === 'step-ended' && entry['verdict'] === 'PASS') {
        gates.set(step.id, { ...gate, openedAt: at });
      }
      if (entry.event !== 'approved' || who === null) return null;
      gates.set(step.id, { ...gate, people: [...gate.people, who] });
      const says = textOf(step.members, 'text') ?? '';
      return { kind: gate.kind === 'approval' ? 'approved' : 'attested', who, says };
    },
    of: (stage) =>
      steps
        .filter(({ pointer }) => pointer === stages[stage]?.pointer)
        .flatMap(({ id }) => gates.get(id) ?? []),
  };
}

function gateOf(step: Step): GateOfStage {
  const isApproval = step.use === 'gate.approval';
  return {
    step: step.id,
    kind: isApproval ? 'approval' : 'attestation',
    role: textOf(step.members, 'role') ?? '',
    needed: peopleNeeded(step),
    people: [],
    isBefore: isApproval,
    openedAt: null,
  };
}

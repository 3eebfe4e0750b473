/**
 * Stages of a rollout, judged again: by the figures that the journal has of each look, so that a stage that was
 * passed, and a rollback by a metric, follow from what was read and from the runbook.
 */

import type { JournalEntry } from '../../journal/line.ts';
import type { Finding } from '../../outcome/finding.ts';
import { ruleFinding } from '../../outcome/rules.ts';
import { canonicalJson } from '../../record/canonical.ts';
import { bare, standOf } from '../engine/stageLook.ts';
import { JOURNAL_OF_RUN } from '../engine/runPlaces.ts';
import { recordOf } from '../engine/runRecord.ts';
import type { FollowedStage } from '../rollout/followStage.ts';
import { figuresIn } from '../rollout/figures.ts';
import type { Step } from '../runbook.ts';
import { runStepsOf } from '../runSteps.ts';
import type { RunEvidence } from './runEvidence.ts';

/** Judges all looks and ends of stages; a rehearsal, which takes one look, is left out. */
export function judgeStages(evidence: RunEvidence): readonly Finding[] {
  const { runbook, planHash, lines, where, record } = evidence;
  if (runbook.rollout === null || record.begun?.isRehearsal === true) return [];
  const soaks = runbook.steps.filter(({ use }) => use === 'rollout.soak');
  const book = recordOf(runStepsOf(runbook), { path: where, planHash }, [], where);
  const open = new Map<string, FollowedStage>();
  const findings: Finding[] = [];
  for (const line of lines) {
    const wrong = faultOf(line, soaks, open, book.record.fired);
    if (wrong !== null) {
      findings.push(ruleFinding('approval', `${JOURNAL_OF_RUN}:${line.seq}`, wrong));
    }
    book.add(line);
    const step = soaks.find(({ id }) => line.event === 'step-intended' && id === line['step']);
    if (step !== undefined) open.set(step.id, standOf(runbook, book.record, step));
  }
  return findings;
}

/** What a line says of a stage that its figures do not; null for nothing. */
function faultOf(
  line: JournalEntry,
  soaks: readonly Step[],
  open: ReadonlyMap<string, FollowedStage>,
  held: ReadonlySet<string>,
): string | null {
  const { event, of, step, verdict } = line;
  for (const { id } of soaks) {
    const stage = open.get(id);
    if (stage === undefined) continue;
    if (event === 'sampled' && of === `step:${id}`) {
      // A way back that would lose writes is a person's decision, and the stage goes on meanwhile.
      const ignored = stage.state.rollback !== null && !held.has(`stage:${id}`);
      const wrong = lookFault(line, id, stage);
      return ignored ? `${id} went on after a look that rolls back` : wrong;
    }
    if (event === 'step-ended' && step === id && verdict === 'PASS' && !stage.state.isDone) {
      return `${id} was passed, and its figures do not show that`;
    }
    const goesBack = event === 'rollback-begun' && of === `stage:${id}`;
    if (goesBack && stage.state.rollback === null) {
      return `${id} began the way back, and its figures do not show why`;
    }
  }
  return null;
}

function lookFault(
  { at, figures, judged }: JournalEntry,
  id: string,
  stage: FollowedStage,
): string | null {
  const again = stage.look(Date.parse(at), figuresIn(figures)).judged.map(bare);
  const same = canonicalJson(again) === canonicalJson(judged ?? []);
  return same ? null : `a look of ${id} was judged otherwise than by its figures`;
}

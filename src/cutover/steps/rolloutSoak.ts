/**
 * `rollout.soak`: a stage of a rollout has to be good for its time. It is a gate, which is neither waived nor
 * answered for by a person: the engine reads its metrics (engine/inspectStage.ts), and a stage is never skipped.
 */

import { COUNT, about } from '../schema/runbookParts.ts';
import type { GateStep } from './stepType.ts';

export const rolloutSoak: GateStep = {
  text: 'The metrics of a stage of a rollout have to be good for its time; made of `rollout`.',
  members: { stage: about(COUNT, 'Number of the stage, from 0.') },
  required: ['stage'],
  kind: 'gate',
  waitsFor: 'metrics',
  place: 'clock',
  resumes: true,
};

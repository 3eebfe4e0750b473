/** `notify`: a message to people. That it did not arrive is a WARN: no cutover depends on it. */

import { Failure } from '../../outcome/failure.ts';
import { TEXT, about, ROLE } from '../schema/runbookParts.ts';
import { HOW, makeChange, wayOf } from './application/adapter.ts';
import { requiredText, textOf } from './stepMembers.ts';
import type { StepResult, StepType, StepWork } from './stepType.ts';

export const notify: StepType = {
  text: 'A message to people.',
  members: { ...HOW, text: about(TEXT, 'The message.'), to: ROLE },
  required: ['text'],
  oneOf: ['run', 'url'],
  kind: 'notice',
  place: 'person',
  plan: (members) => `send a message to ${textOf(members, 'to') ?? 'people'}`,
  apply: (work) => orWarn(work, send),
  dryRun: (work) =>
    orWarn(work, async () => {
      const way = wayOf(work.members, ['run', 'url']);
      const by = way === 'run' ? 'a program' : 'a request';
      return { verdict: 'PASS', says: `the message would be sent by ${by}` };
    }),
};

async function send(work: StepWork): Promise<StepResult> {
  const text = requiredText(work.members, 'text');
  const to = textOf(work.members, 'to') ?? '';
  const change = { values: { text, to }, data: { text }, method: 'POST', input: text };
  const refused = await makeChange(work, change);
  if (refused !== null) return { ...refused, verdict: 'WARN' };
  return { verdict: 'PASS', says: 'the message was sent' };
}

/** Turns a failure into a warning, unless the step was ended. */
async function orWarn(
  work: StepWork,
  attempt: (work: StepWork) => Promise<StepResult>,
): Promise<StepResult> {
  try {
    return await attempt(work);
  } catch (error) {
    work.signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return { verdict: 'WARN', says: `the message was not sent: ${error.message}` };
  }
}

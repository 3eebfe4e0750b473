/**
 * `http.check`: one request, and what is expected of its answer. A host that does not answer is a FAIL with the
 * reason: to tell that is what the check is for.
 */

import { addressOf } from '../world/httpAddress.ts';
import type { HttpRequest } from '../world/world.ts';
import { EXPECTATIONS, assertTarget, judge, listed } from './http/expectedAnswer.ts';
import {
  ONE_REQUEST,
  bodyFile,
  noAnswer,
  planOfRequest,
  preparedRequest,
  tryRequestThat,
} from './http/oneRequest.ts';
import { tryRequest } from './http/requests.ts';
import type { StepResult, StepType, StepWork } from './stepType.ts';

export const httpCheck: StepType = {
  text: 'One request, and what is expected of its answer.',
  members: { ...ONE_REQUEST, ...EXPECTATIONS },
  required: ['url'],
  kind: 'check',
  place: 'application',
  reads: bodyFile,
  plan: planOfRequest,
  apply: check,
  dryRun: async (work) => tryRequestThat(judgedRequest(work), () => check(work)),
};

/** @throws Failure for a request that cannot be made, or an answer that could not be judged */
function judgedRequest(work: StepWork): HttpRequest {
  assertTarget(work.members);
  return preparedRequest(work);
}

async function check(work: StepWork): Promise<StepResult> {
  const { members, world } = work;
  const request = judgedRequest(work);
  const answer = await tryRequest(work, request);
  if ('unanswered' in answer) return noAnswer(answer);
  const address = addressOf(request, world.input);
  const { count, failed, faults } = judge({ answer, address, now: world.now() }, members);
  const results = { failed, count };
  // What was expected may be the secret of an input.
  if (failed > 0) return { verdict: 'FAIL', says: world.redactor.text(listed(faults)), results };
  const says = `status ${answer.status}, ${count} of ${count} expectations hold`;
  return { verdict: 'PASS', says, results };
}

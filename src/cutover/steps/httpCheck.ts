/**
 * `http.check`: one request, and what is expected of its answer. A host that does not answer is a FAIL with the
 * reason: to tell that is what the check is for.
 */

import { TEXT, about } from '../schema/runbookParts.ts';
import { addressOf, parseAddress } from '../world/httpAddress.ts';
import type { HttpRequest } from '../world/world.ts';
import { readBody } from './http/caseRequest.ts';
import { EXPECTATIONS, assertTarget, judge, listed } from './http/expectedAnswer.ts';
import { REQUEST, requestOf, tryRequest } from './http/requests.ts';
import { requiredText, textOf } from './stepMembers.ts';
import type { StepResult, StepType, StepWork } from './stepType.ts';

export const httpCheck: StepType = {
  text: 'One request, and what is expected of its answer.',
  members: {
    ...REQUEST,
    method: about({ enum: ['GET', 'HEAD', 'POST'] }, 'GET if left out.'),
    body: about(TEXT, 'File with the body.'),
    ...EXPECTATIONS,
  },
  required: ['url'],
  kind: 'check',
  place: 'application',
  reads(members) {
    const body = textOf(members, 'body');
    return body === null ? [] : [body];
  },
  plan: (members) => `request ${shownAddress(requiredText(members, 'url'))}`,
  apply: check,
  dryRun: tryCheck,
};

/** What of an address is shown: not its query, which may hold a secret. */
function shownAddress(url: string): string {
  if (url.startsWith('/')) return url.replace(/[?#].*$/s, '');
  const address = parseAddress(url);
  return address === null ? 'an address' : address.host + address.pathname;
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Sends what only reads. Of any other request, it tells whether it could be made. */
async function tryCheck(work: StepWork): Promise<StepResult> {
  const { method, url } = preparedRequest(work);
  if (READING.has(method)) return check(work);
  const says = `${method} ${shownAddress(url)} not sent, as it may change something`;
  return { verdict: 'PASS', says };
}

/** @throws Failure for a request that cannot be made, or an answer that could not be judged */
function preparedRequest(work: StepWork): HttpRequest {
  const { members, world } = work;
  assertTarget(members);
  const file = textOf(members, 'body');
  const body = file === null ? undefined : readBody(file, world.files);
  const request = requestOf(work, textOf(members, 'method') ?? 'GET', body);
  addressOf(request, world.input);
  return request;
}

async function check(work: StepWork): Promise<StepResult> {
  const { members, world } = work;
  const request = preparedRequest(work);
  const answer = await tryRequest(work, request);
  if ('unanswered' in answer) {
    return { verdict: 'FAIL', says: answer.unanswered, results: { failed: 1, count: 1 } };
  }
  const address = addressOf(request, world.input);
  const { count, failed, faults } = judge({ answer, address, now: world.now() }, members);
  const results = { failed, count };
  // What was expected may be the secret of an input.
  if (failed > 0) return { verdict: 'FAIL', says: world.redactor.text(listed(faults)), results };
  const says = `status ${answer.status}, ${count} of ${count} expectations hold`;
  return { verdict: 'PASS', says, results };
}

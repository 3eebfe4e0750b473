/** What types of steps have in common that send one request and judge its answer: members, plan, dry run. */

import { TEXT, about, type Schema } from '../../schema/runbookParts.ts';
import { addressOf, parseAddress } from '../../world/httpAddress.ts';
import type { HttpRequest } from '../../world/world.ts';
import { requiredText, textOf } from '../stepMembers.ts';
import type { Members, StepResult, StepWork } from '../stepType.ts';
import { readBody } from './caseRequest.ts';
import { REQUEST, requestOf, type Unanswered } from './requests.ts';

/** Members that say what is sent. */
export const ONE_REQUEST: Readonly<Record<string, Schema>> = {
  ...REQUEST,
  method: about({ enum: ['GET', 'HEAD', 'POST'] }, 'GET if left out.'),
  body: about(TEXT, 'File with the body.'),
};

/** Returns the file with the body, if there is one. */
export function bodyFile(members: Members): readonly string[] {
  const body = textOf(members, 'body');
  return body === null ? [] : [body];
}

/** Says what is requested, as a clause. */
export function planOfRequest(members: Members): string {
  return `request ${shownAddress(requiredText(members, 'url'))}`;
}

/** What of an address is shown: not its query, which may hold a secret. */
function shownAddress(url: string): string {
  if (url.startsWith('/')) return url.replace(/[?#].*$/s, '');
  const address = parseAddress(url);
  return address === null ? 'an address' : address.host + address.pathname;
}

/** Makes the request. @throws Failure for one that cannot be made */
export function preparedRequest(work: StepWork): HttpRequest {
  const { members, world } = work;
  const file = textOf(members, 'body');
  const body = file === null ? undefined : readBody(file, world.files);
  const request = requestOf(work, textOf(members, 'method') ?? 'GET', body);
  addressOf(request, world.input);
  return request;
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Sends what only reads. Of any other request, it only tells that it was not sent. */
export async function tryRequestThat(
  { method, url }: HttpRequest,
  check: () => Promise<StepResult>,
): Promise<StepResult> {
  if (READING.has(method)) return check();
  const says = `${method} ${shownAddress(url)} not sent, as it may change something`;
  return { verdict: 'PASS', says };
}

/** The result where there is no answer: a finding, as to tell that is what a check is for. */
export function noAnswer({ unanswered }: Unanswered): StepResult {
  return { verdict: 'FAIL', says: unanswered, results: { failed: 1, count: 1 } };
}

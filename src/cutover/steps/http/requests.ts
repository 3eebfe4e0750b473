/** Requests of steps: their members, and what is said where there is no answer. */

import { DURATION, URL, VALUES, about, type Schema } from '../../schema/runbookParts.ts';
import { Failure } from '../../../outcome/failure.ts';
import type { HttpAnswer, HttpRequest } from '../../world/world.ts';
import { requiredText, timeOf, valuesOf } from '../stepMembers.ts';
import { DEFAULT_INPUTS, type Members, type StepWork } from '../stepType.ts';

/** Members of a step that sends one request. */
export const REQUEST: Readonly<Record<string, Schema>> = {
  url: URL,
  send: about(VALUES, 'Headers that are sent; a secret as ${name} of an input.'),
  within: about(DURATION, 'How long the whole answer may take; 10s if left out.'),
};

const WITHIN_MS = 10_000;

/** What a step reaches, and when it ends. */
export type Reach = Pick<StepWork, 'world' | 'signal'>;

/** Why there was no answer, as a clause with the host. */
export interface Unanswered {
  readonly unanswered: string;
}

/** Makes the request that the members of {@link REQUEST} describe. */
export function requestOf(work: StepWork, method: string, body?: Uint8Array): HttpRequest {
  const { members, signal } = work;
  return {
    url: requiredText(members, 'url'),
    app: applicationOf(work),
    method,
    headers: sentHeaders(members),
    ...(body === undefined ? {} : { body }),
    withinMs: timeOf(members, 'within') ?? WITHIN_MS,
    signal,
  };
}

/** A request that only reads. */
export function getOf(work: StepWork, url: string): HttpRequest {
  const { signal } = work;
  const app = applicationOf(work);
  return { url, app, method: 'GET', headers: {}, withinMs: WITHIN_MS, signal };
}

/** The input with the application, of steps that act elsewhere, too. */
export function applicationOf({ input }: StepWork): string | null {
  return input ?? DEFAULT_INPUTS.application ?? null;
}

/** Returns the headers that a step sends, as texts. */
export function sentHeaders(members: Members): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...valuesOf(members, 'send')].map(([name, value]) => [name, `${value}`]),
  );
}

/**
 * Sends a request. A host that does not answer is a finding, not a fault: it is what a check is for.
 * @throws Failure for a request that may not be sent; what the signal aborts with
 */
export async function tryRequest(
  { world, signal }: Reach,
  request: HttpRequest,
): Promise<HttpAnswer | Unanswered> {
  try {
    return await world.request(request);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure) || error.code !== 'TARGET') throw error;
    const { message, where } = error;
    return { unanswered: where === undefined ? message : `${message} (${where})` };
  }
}

/** Parses the body of an answer; undefined if it is not JSON. */
export function jsonOf({ body }: Pick<HttpAnswer, 'body'>): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

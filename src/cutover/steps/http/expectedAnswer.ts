/**
 * What is expected of an answer, and what of it does not hold, as clauses such as `status 503 instead of 200`.
 * A clause names what was expected, and no text of the answer. Pure.
 */

import { createHash } from 'node:crypto';

import { Failure } from '../../../outcome/failure.ts';
import { COUNT, TEXT, TEXTS, VALUES, about, type Schema } from '../../schema/runbookParts.ts';
import type { HttpAnswer } from '../../world/world.ts';
import { unexpected } from '../jsonPath.ts';
import { numberOf, textOf, textsOf, valuesOf } from '../stepMembers.ts';
import type { Members } from '../stepType.ts';
import { isCleared, parseCookie, type Cookie } from './cookies.ts';
import { jsonOf } from './requests.ts';

function closed(description: string, properties: Readonly<Record<string, Schema>>): Schema {
  return { description, type: 'object', additionalProperties: false, minProperties: 1, properties };
}

const FLAG: Schema = { type: 'boolean' };
const COOKIE = closed('A cookie that the answer sets.', {
  secure: about(FLAG, 'Whether it has Secure.'),
  httpOnly: about(FLAG, 'Whether it has HttpOnly.'),
  sameSite: about({ enum: ['Strict', 'Lax', 'None'] }, 'Its SameSite.'),
  path: about(TEXT, 'Its path.'),
  cleared: about(FLAG, 'Whether the answer takes it away.'),
});

/** Members that say what is expected. */
export const EXPECTATIONS: Readonly<Record<string, Schema>> = {
  status: about(
    { type: 'integer', minimum: 100, maximum: 599 },
    'Expected status; 200 if left out, or any redirect where `location` is given.',
  ),
  headers: about(VALUES, 'Expected headers.'),
  json: about(VALUES, 'Expected values, by JSON path.'),
  location: closed('Where a redirect is expected to go.', {
    host: about(TEXT, 'Host, with its port if there is one.'),
    path: about(TEXT, 'Path.'),
    query: about(TEXTS, 'Names of parameters that it has, such as that of a signature.'),
  }),
  cookies: {
    description: 'Cookies that the answer sets, by name.',
    type: 'object',
    minProperties: 1,
    additionalProperties: COOKIE,
  },
  sha256: about(TEXT, 'Expected digest of the body.'),
  minBytes: about(COUNT, 'Fewest bytes of the body.'),
  maxBytes: about(COUNT, 'Most bytes of the body.'),
};

export interface Judged {
  /** Expectations. */
  readonly count: number;
  /** Those that do not hold. */
  readonly failed: number;
  /** What does not hold. */
  readonly faults: readonly string[];
}

/** What one member expects. */
type Part = (seen: Seen, expected: Members) => Judged;

/** An answer, with what it is judged by. */
export interface Seen {
  readonly answer: HttpAnswer;
  /** Address of the request. */
  readonly address: URL;
  readonly now: Date;
}

/** Compares an answer with what is expected. */
export function judge(seen: Seen, expected: Members): Judged {
  const parts = [status, headers, json, location, cookies, body].map((part) =>
    part(seen, expected),
  );
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    failed: parts.reduce((sum, { failed }) => sum + failed, 0),
    faults: parts.flatMap(({ faults }) => faults),
  };
}

/** @throws Failure USAGE if a redirect is expected, and not where it goes */
export function assertTarget(expected: Members): void {
  const { status: wanted, location: target } = expected;
  const named = [...valuesOf(expected, 'headers').keys()].map((name) => name.toLowerCase());
  if (!isRedirect(wanted) || target !== undefined || named.includes('location')) return;
  throw new Failure('USAGE', {
    what: 'a redirect is expected, and nothing says where it should go',
    hint: 'add "location" with the host',
  });
}

/** At most so many faults are named in a line. */
const NAMED = 5;

/** Returns faults as one clause. */
export function listed(faults: readonly string[]): string {
  const more = faults.length - NAMED;
  return [...faults.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function part(count: number, faults: readonly string[]): Judged {
  return { count, failed: faults.length, faults };
}

function isRedirect(number: unknown): boolean {
  return [301, 302, 303, 307, 308].includes(number as number);
}

const status: Part = ({ answer }, expected) => {
  const wanted = numberOf(expected, 'status');
  const seen = answer.status;
  if (wanted === null && expected['location'] !== undefined) {
    return part(1, isRedirect(seen) ? [] : [`status ${seen} instead of a redirect`]);
  }
  const named = wanted ?? 200;
  return part(1, seen === named ? [] : [`status ${seen} instead of ${named}`]);
};

const headers: Part = ({ answer }, expected) => {
  const wanted = valuesOf(expected, 'headers');
  const faults = [...wanted].flatMap(([name, value]) => {
    const seen = answer.headers.get(name.toLowerCase());
    if (seen === undefined) return [`header ${name} is missing`];
    const isEqual = seen.every((one) => one.trim() === String(value));
    return isEqual ? [] : [`header ${name} is not as expected`];
  });
  return part(wanted.size, faults);
};

const json: Part = ({ answer }, expected) => {
  const wanted = valuesOf(expected, 'json');
  if (wanted.size === 0) return part(0, []);
  const value = jsonOf(answer);
  // Nothing of it holds, and one clause says why.
  if (value === undefined) {
    return { count: wanted.size, failed: wanted.size, faults: ['the body is not JSON'] };
  }
  return part(wanted.size, unexpected(value, wanted));
};

const location: Part = ({ answer, address }, expected) => {
  const wanted = expected['location'] as Members | undefined;
  if (wanted === undefined) return part(0, []);
  const [written] = answer.headers.get('location') ?? [];
  const target = written === undefined ? null : URL.parse(written, address.href);
  if (target === null) return part(1, ['header location is no address']);
  const host = textOf(wanted, 'host');
  const path = textOf(wanted, 'path');
  const names = textsOf(wanted, 'query');
  const missing = names.filter((name) => (target.searchParams.get(name) ?? '') === '');
  return part(names.length + [host, path].filter((one) => one !== null).length, [
    ...(host === null || target.host === host.toLowerCase()
      ? []
      : [`the redirect does not go to ${host}`]),
    ...(path === null || target.pathname === path ? [] : [`the redirect does not go to ${path}`]),
    ...missing.map((name) => `the redirect has no ${name}`),
  ]);
};

/** Returns the cookies of an answer that a browser takes. */
export function cookiesOf({ answer, address, now }: Seen): readonly Cookie[] {
  const written = answer.headers.get('set-cookie') ?? [];
  return written.map((text) => parseCookie(text, address, now)).filter((cookie) => cookie !== null);
}

const cookies: Part = (seen, expected) => {
  const wanted = Object.entries((expected['cookies'] ?? {}) as Readonly<Record<string, Members>>);
  const set = new Map(cookiesOf(seen).map((cookie) => [cookie.name, cookie] as const));
  const parts = wanted.map(([name, attributes]) => {
    const cookie = set.get(name);
    const count = Object.keys(attributes).length;
    if (cookie === undefined) {
      return { count, failed: count, faults: [`cookie ${name} is not set`] };
    }
    return part(count, cookieFaults(cookie, attributes, seen.now));
  });
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    failed: parts.reduce((sum, { failed }) => sum + failed, 0),
    faults: parts.flatMap(({ faults }) => faults),
  };
};

function cookieFaults(cookie: Cookie, wanted: Members, now: Date): readonly string[] {
  const { name, secure, httpOnly, sameSite, path } = cookie;
  const seen: Members = { secure, httpOnly, sameSite, path, cleared: isCleared(cookie, now) };
  return Object.entries(wanted)
    .filter(([attribute, value]) => seen[attribute] !== value)
    .map(([attribute, value]) => `${attribute} of cookie ${name} is not ${String(value)}`);
}

const body: Part = ({ answer }, expected) => {
  const digest = textOf(expected, 'sha256')?.toLowerCase() ?? null;
  const [least, most] = [numberOf(expected, 'minBytes'), numberOf(expected, 'maxBytes')];
  const { length } = answer.body;
  const seen = digest === null ? null : createHash('sha256').update(answer.body).digest('hex');
  return part([digest, least, most].filter((one) => one !== null).length, [
    ...(seen === digest ? [] : ['the body has another digest']),
    ...(least === null || length >= least
      ? []
      : [`the body has ${length} bytes, fewer than ${least}`]),
    ...(most === null || length <= most ? [] : [`the body has ${length} bytes, more than ${most}`]),
  ]);
};

/**
 * Verifies AWS Signature Version 4 as a server does: from the text of the request alone, by the
 * documentation of AWS, without any code of src/. Used by the strict S3 server of the tests.
 */

import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A request as it arrived. */
export interface Arrived {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Whether its token has expired. */
  readonly expired?: boolean;
}

/** Why a request is refused: HTTP status and S3's code. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
}

const SKEW_MS = 15 * 60_000;
const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Returns null for a request that an account has signed. */
export function refusalOf(
  request: Arrived,
  accounts: readonly Account[],
  region: string,
  now: number,
): Refusal | null {
  const [path, query] = split(request.target);
  const pairs = pairsOf(query);
  const given = new Map(pairs);
  const inQuery = given.has('X-Amz-Signature');
  const parts = inQuery ? ofQuery(given) : ofHeader(request.headers);
  if (parts === null) return { status: 403, code: 'AccessDenied' };
  const [accessKeyId = '', day = '', inRegion = '', service = '', end = ''] = parts.credential;
  const account = accounts.find((each) => each.accessKeyId === accessKeyId);
  if (account === undefined) return { status: 403, code: 'InvalidAccessKeyId' };
  if (account.sessionToken !== undefined && parts.token !== account.sessionToken) {
    return { status: 400, code: 'InvalidToken' };
  }
  if (account.expired === true) return { status: 400, code: 'ExpiredToken' };
  if (inRegion !== region || service !== 's3' || end !== 'aws4_request') {
    return { status: 400, code: 'AuthorizationHeaderMalformed' };
  }
  const time = timeOf(parts.time);
  if (Number.isNaN(time) || !parts.time.startsWith(day))
    return { status: 403, code: 'AccessDenied' };
  if (inQuery) {
    if (now > time + Number(given.get('X-Amz-Expires')) * 1000) {
      return { status: 403, code: 'AccessDenied' };
    }
  } else if (Math.abs(now - time) > SKEW_MS) return { status: 403, code: 'RequestTimeTooSkewed' };
  const names = parts.signed;
  const mustSign = Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'));
  if (!['host', ...mustSign].every((name) => names.includes(name))) {
    return { status: 403, code: 'AccessDenied' };
  }
  const payload = inQuery
    ? 'UNSIGNED-PAYLOAD'
    : String(request.headers['x-amz-content-sha256'] ?? '');
  const canonical = [
    request.method,
    path,
    pairs
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
    '',
    names.join(';'),
    payload,
  ].join('\n');
  const scope = [day, inRegion, service, end].join('/');
  const text = [ALGORITHM, parts.time, scope, sha256(Buffer.from(canonical))].join('\n');
  let key = hmac(Buffer.from(`AWS4${account.secretAccessKey}`), day);
  for (const step of [inRegion, service, end]) key = hmac(key, step);
  if (hmac(key, text).toString('hex') !== parts.signature) {
    return { status: 403, code: 'SignatureDoesNotMatch' };
  }
  if (payload === 'UNSIGNED-PAYLOAD') return null;
  if (!/^[0-9a-f]{64}$/.test(payload)) return { status: 411, code: 'MissingContentLength' };
  return payload === sha256(request.body)
    ? null
    : { status: 400, code: 'XAmzContentSHA256Mismatch' };
}

interface Signed {
  readonly credential: readonly string[];
  readonly signed: readonly string[];
  readonly signature: string;
  readonly time: string;
  readonly token: string | undefined;
}

function ofHeader(headers: IncomingHttpHeaders): Signed | null {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^ ,]+), ?SignedHeaders=([^ ,]+), ?Signature=([0-9a-f]{64})$/;
  const [, credential, signed, signature] = form.exec(headers.authorization ?? '') ?? [];
  if (credential === undefined || signed === undefined || signature === undefined) return null;
  return {
    credential: credential.split('/'),
    signed: signed.split(';'),
    signature,
    time: String(headers['x-amz-date'] ?? ''),
    token: headers['x-amz-security-token']?.toString(),
  };
}

function ofQuery(given: ReadonlyMap<string, string>): Signed | null {
  if (given.get('X-Amz-Algorithm') !== ALGORITHM) return null;
  return {
    credential: (given.get('X-Amz-Credential') ?? '').split('/'),
    signed: (given.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: given.get('X-Amz-Signature') ?? '',
    time: given.get('X-Amz-Date') ?? '',
    token: given.get('X-Amz-Security-Token'),
  };
}

/** Path and query of a target. */
export function split(target: string): [string, string] {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

/** Names and values of a query, decoded. */
export function pairsOf(query: string): [string, string][] {
  if (query === '') return [];
  return query.split('&').map((pair) => {
    const [name = '', ...rest] = pair.split('=');
    return [decodeURIComponent(name), decodeURIComponent(rest.join('='))];
  });
}

const UNRESERVED = /[A-Za-z0-9_.~-]/;

function encode(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    encoded += UNRESERVED.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

function timeOf(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

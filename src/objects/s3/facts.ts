/** What is stored with an object on S3, as headers, and back. Pure. */

import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import type { ObjectFacts, ObjectHead } from '../objectStore.ts';

const META = 'x-amz-meta-sha256';
/** A MIME type (RFC 9110 §8.3.1) that can stand in a header, without what a signature would change. */
const MIME = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}(?:; ?[!-~]+)*$/;
const DIGEST = /^[0-9a-f]{64}$/;

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The type and metadata of an object; what cannot be a type is none. */
export function factHeaders({ contentType, sha256 }: ObjectFacts): {
  readonly contentType: string;
  readonly metadata: { readonly sha256: string };
} {
  const isType = contentType !== null && MIME.test(contentType);
  return { contentType: isType ? contentType : 'application/octet-stream', metadata: { sha256 } };
}

/** Headers that store an object unless one is there; with its checksum where the server verifies that. */
export function putHeaders(facts: ObjectFacts, withChecksum: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': factHeaders(facts).contentType,
    'if-none-match': '*',
    [META]: facts.sha256,
  };
  if (withChecksum) headers['x-amz-checksum-sha256'] = base64Of(facts.sha256);
  return headers;
}

export function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

/** Reads the description of an object. What the server computed counts if it is known to do so. */
export function headOf(key: string, headers: IncomingHttpHeaders, computes: boolean): ObjectHead {
  const stated = headers[META];
  const checksum = headers['x-amz-checksum-sha256'];
  // That of an object in parts is one over the digests of its parts, and says so by its form.
  const whole = typeof checksum === 'string' && computes && !checksum.includes('-');
  const computed = whole ? Buffer.from(checksum, 'base64').toString('hex') : '';
  return {
    key,
    size: Number(headers['content-length'] ?? Number.NaN),
    stated: typeof stated === 'string' && DIGEST.test(stated) ? stated : null,
    computed: DIGEST.test(computed) ? computed : null,
  };
}

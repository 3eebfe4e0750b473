/**
 * The signature, against the example that AWS publishes, against the signer of the SDK, and against the
 * verifier of the strict server, which shares no code with either.
 */

import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';

import { SignatureV4 } from '@smithy/signature-v4';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  canonicalQuery,
  encodeKey,
  signerFor,
  UNSIGNED,
  type Unsigned,
} from '../../src/objects/s3/sign.ts';
import { refusalOf } from '../kit/s3Signature.ts';

/** Of AWS's documentation, "Authenticating Requests: Using Query Parameters" and its neighbours. */
const EXAMPLE = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const AT = new Date('2013-05-24T00:00:00Z');
const EMPTY = createHash('sha256').digest('hex');

class NodeSha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Buffer);
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('not needed');
  }
}

describe('the signature', () => {
  it('is the one of AWS’s example of GET with a range', () => {
    const signed = signerFor('us-east-1').sign(
      {
        method: 'GET',
        path: '/test.txt',
        query: '',
        headers: { host: 'examplebucket.s3.amazonaws.com', range: 'bytes=0-9' },
        payload: EMPTY,
      },
      EXAMPLE,
      AT,
    );
    expect(signed['authorization']).toContain(
      'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  it('is the one of AWS’s example of a list', () => {
    const signed = signerFor('us-east-1').sign(
      {
        method: 'GET',
        path: '/',
        query: canonicalQuery({ prefix: 'J', 'max-keys': '2' }),
        headers: { host: 'examplebucket.s3.amazonaws.com' },
        payload: EMPTY,
      },
      EXAMPLE,
      AT,
    );
    expect(signed['authorization']).toContain(
      'Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    );
  });

  it('is the one of AWS’s example of a URL', () => {
    const query = signerFor('us-east-1').presign(
      {
        method: 'GET',
        path: '/test.txt',
        query: '',
        headers: { host: 'examplebucket.s3.amazonaws.com' },
        payload: UNSIGNED,
      },
      EXAMPLE,
      AT,
      86_400,
    );
    expect(query).toContain(
      'X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });

  const requests = fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'PUT'),
    key: fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
      .filter((key) => key.isWellFormed()),
    query: fc.dictionary(
      fc.string({ unit: 'grapheme-ascii', minLength: 1 }),
      fc.string({ unit: 'grapheme' }),
      { maxKeys: 3 },
    ),
    meta: fc.stringMatching(/^[!-~]{1,40}$/),
    secret: fc.string({ unit: 'grapheme-ascii', minLength: 1 }),
    token: fc.option(fc.stringMatching(/^[!-~]{1,40}$/), { nil: undefined }),
    day: fc.integer({ min: 0, max: 3 }),
  });

  it('is that of the SDK, whatever is signed', async () => {
    const signer = signerFor('eu-west-1');
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, key, query, meta, secret, token, day }) => {
        const keys = {
          accessKeyId: 'AK',
          secretAccessKey: secret,
          ...(token === undefined ? {} : { sessionToken: token }),
        };
        const at = new Date(Date.UTC(2024, 1, 27 + day, 23, 59, 58));
        const headers = { host: 'h.example:8080', 'x-amz-meta-sha256': meta };
        const path = `/bucket/${encodeKey(key)}`;
        const request: Unsigned = {
          method,
          path,
          query: canonicalQuery(query),
          headers,
          payload: EMPTY,
        };
        const oracle = new SignatureV4({
          credentials: keys,
          region: 'eu-west-1',
          service: 's3',
          sha256: NodeSha256,
          uriEscapePath: false,
        });
        const theirs = await oracle.sign(
          {
            method,
            protocol: 'https:',
            hostname: 'h.example',
            path,
            query,
            headers: { ...headers, 'x-amz-content-sha256': EMPTY },
          },
          { signingDate: at },
        );
        const ours = signer.sign(request, keys, at);
        expect(ours['authorization']).toBe(theirs.headers['authorization']);
        const target = request.query === '' ? path : `${path}?${request.query}`;
        const arrived = { method, target, headers: ours, body: Buffer.alloc(0) };
        expect(refusalOf(arrived, [keys], 'eu-west-1', at.getTime())).toBeNull();
        // Negative control of the verifier.
        expect(
          refusalOf({ ...arrived, target: `${path}x` }, [keys], 'eu-west-1', at.getTime())?.code,
        ).toBe('SignatureDoesNotMatch');
      }),
    );
  });
});

/** DSSE envelopes: the published vector, the one form that is read, and judges that are not ours. */

import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  formatEnvelope,
  IN_TOTO,
  openEnvelope,
  parseEnvelope,
  preAuthEncoding,
  signEnvelope,
} from '../../src/crypto/dsse.ts';
import { writeVerifyingKey } from '../../src/crypto/signingKey.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { workFolder } from '../kit/project.ts';
import { shared } from '../shared.ts';
import { acceptedChanges } from './changedBytes.ts';
import { HAS_OPENSSL } from './judges.ts';
import { countingSigner } from './signingKeys.ts';

const signer = countingSigner(1);
const other = countingSigner(2);
const STATEMENT = Buffer.from(
  '{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"x","subject":[]}',
);
const line = signEnvelope(STATEMENT, signer);

interface Line {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

interface SpecVector {
  readonly serialized_body_utf8: string;
  readonly payload_type: string;
  readonly pae_utf8: string;
  readonly public_key_pem: string;
  readonly envelope: { readonly signatures: readonly { readonly sig: string }[] };
}

const vector = shared('vectors/dsse/spec-vector.json');

describe.skipIf(vector === null)("the specification's vector", () => {
  it('has the bytes that are signed here', () => {
    const spec = JSON.parse(readFileSync(vector ?? '', 'utf8')) as SpecVector;
    const pae = preAuthEncoding(spec.payload_type, Buffer.from(spec.serialized_body_utf8));
    expect(pae.toString()).toBe(spec.pae_utf8);
    const key = createPublicKey(spec.public_key_pem);
    const signature = Buffer.from(spec.envelope.signatures[0]?.sig ?? '', 'base64');
    expect(verify('sha256', pae, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    const changed = preAuthEncoding(spec.payload_type, Buffer.from('hello World'));
    expect(verify('sha256', changed, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(false);
  });
});

describe('an envelope', () => {
  it('is one line of canonical JSON, with all that DSSE has', () => {
    expect(line).not.toContain('\n');
    expect(canonicalJson(JSON.parse(line))).toBe(line);
    expect(JSON.parse(line)).toEqual({
      payload: STATEMENT.toString('base64'),
      payloadType: IN_TOTO,
      signatures: [{ keyid: signer.verifying.id, sig: expect.stringMatching(/^.{86}==$/) }],
    });
  });

  it('counts bytes, not characters', () => {
    expect(preAuthEncoding('ä', Buffer.from('ö€')).toString()).toBe('DSSEv1 2 ä 5 ö€');
    expect(preAuthEncoding('', Buffer.alloc(0)).toString()).toBe('DSSEv1 0  0 ');
  });

  it('gives its payload to the key that has signed it, and to no other', () => {
    expect(openEnvelope(line, signer.verifying)).toEqual({ payload: STATEMENT });
    expect(openEnvelope(line, other.verifying)).toEqual({ refused: 'other-key' });
    const renamed = line.replace(signer.verifying.id, other.verifying.id);
    expect(openEnvelope(renamed, other.verifying)).toEqual({ refused: 'not-authentic' });
    expect(openEnvelope(`${line}\n`, signer.verifying)).toEqual({ refused: 'form' });
  });

  it('is the same again if it is parsed and formatted, and opens (property)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
        const made = signEnvelope(payload, signer);
        const parsed = parseEnvelope(made);
        expect(parsed === null ? null : formatEnvelope(parsed)).toBe(made);
        expect(openEnvelope(made, signer.verifying)).toEqual({ payload: Buffer.from(payload) });
      }),
    );
  });

  it.each([
    ['another order', line.replace(/^\{(.*?),(.*?),/, '{$2,$1,')],
    ['whitespace', line.replace('{', '{ ')],
    ['another type', line.replace('in-toto', 'other')],
    ['one more member', line.replace('{"payload"', '{"a":1,"payload"')],
    ['no key id', line.replace(/"keyid":"[^"]*",/, '')],
    ['upper-case key id', line.replace(signer.verifying.id, signer.verifying.id.toUpperCase())],
    ['no signature', line.replace(/\[.*\]/, '[]')],
    ['two signatures', line.replace(/\[(.*)\]/, '[$1,$1]')],
    ['an escape', line.replace('"payload"', '"p\\u0061yload"')],
    ['base64 without padding', line.replace('=="', '"')],
    ['the same bits in another base64', line.replace(/.==/, (end) => `${next(end[0])}==`)],
    ['nothing', ''],
  ])('is refused with %s', (_, changed) => {
    expect(changed).not.toBe(line);
    expect(parseEnvelope(changed)).toBeNull();
  });

  it('is refused with any byte changed, one less, or one more', () => {
    const { tried, accepted } = acceptedChanges(
      Buffer.from(line),
      (changed) => 'payload' in openEnvelope(changed.toString(), signer.verifying),
    );
    expect(accepted).toEqual([]);
    expect(tried).toBeGreaterThan(4000);
  });

  it('would be accepted in many forms by a reader of any JSON (negative control)', () => {
    const { accepted } = acceptedChanges(Buffer.from(line), (changed) => {
      try {
        const { payload, payloadType, signatures } = JSON.parse(String(changed)) as Line;
        const pae = preAuthEncoding(payloadType, Buffer.from(payload, 'base64'));
        const signature = Buffer.from(signatures[0]?.sig ?? '', 'base64');
        return signer.verifying.verify(pae, signature);
      } catch {
        return false;
      }
    });
    // Whitespace, another key id, other spellings of base64.
    expect(accepted.length).toBeGreaterThan(500);
  });
});

/** The base64 digit whose bits are those of another but for the lowest. */
function next(digit = 'A'): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return digits[digits.indexOf(digit) ^ 1] ?? '';
}

describe.skipIf(!HAS_OPENSSL)('openssl', () => {
  it('verifies the rebuilt bytes with the public key, and refuses others', () => {
    const folder = workFolder('dsse');
    const at = (name: string): string => join(folder, name);
    // Rebuilt from the line as its reader would, by nothing of ours.
    const { payload, payloadType, signatures } = JSON.parse(line) as Line;
    const body = Buffer.from(payload, 'base64');
    writeFileSync(
      at('pae.bin'),
      `DSSEv1 ${payloadType.length} ${payloadType} ${body.length} ${body.toString()}`,
    );
    writeFileSync(at('other.bin'), 'DSSEv1 0  0 ');
    writeFileSync(at('sig.bin'), Buffer.from(signatures[0]?.sig ?? '', 'base64'));
    writeFileSync(at('pub.pem'), writeVerifyingKey(signer.verifying));
    const judge = (file: string): number | null => {
      const pub = ['-pubin', '-inkey', 'pub.pem'];
      const files = ['-rawin', '-in', file, '-sigfile', 'sig.bin'];
      const args = ['pkeyutl', '-verify', ...pub, ...files];
      return spawnSync('openssl', args, { cwd: folder }).status;
    };
    expect(judge('pae.bin')).toBe(0);
    expect(judge('other.bin')).toBe(1);
    const der = createPublicKey(readFileSync(at('pub.pem'))).export({
      type: 'spki',
      format: 'der',
    });
    expect(signatures[0]?.keyid).toBe(createHash('sha256').update(der).digest('hex'));
  });
});

/** Signatures of minisign: read by minisign itself, and by a reading of the format that is not ours. */

import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatMinisignKey, openMinisign, signMinisign } from '../../src/crypto/minisign.ts';
import { workFolder } from '../kit/project.ts';
import { acceptedChanges } from './changedBytes.ts';
import { HAS_MINISIGN } from './judges.ts';
import { countingSigner } from './signingKeys.ts';

const signer = countingSigner(1);
const MESSAGE = Buffer.from('0a  data/x\n');
const COMMENT = 'run 20250131T100000Z, sealed by ada';
const signature = signMinisign(MESSAGE, COMMENT, signer);

const open = (text: string | Buffer, message = MESSAGE): ReturnType<typeof openMinisign> =>
  openMinisign(message, Buffer.from(text), signer.verifying);

/** Verifies by the description of the format alone; the comment if both signatures are valid. */
function readIndependently(publicFile: string, message: Buffer, text: string): string | null {
  const [, keyLine = ''] = publicFile.split('\n');
  const [, first = '', trusted = '', second = ''] = text.split('\n');
  const key = Buffer.from(keyLine, 'base64');
  const own = Buffer.from(first, 'base64');
  const x = key.subarray(10).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const comment = trusted.replace(/^trusted comment: /, '');
  const digest = createHash('blake2b512').update(message).digest();
  const both = Buffer.concat([own.subarray(10), Buffer.from(comment)]);
  const isValid =
    key.toString('latin1', 0, 2) === 'Ed' &&
    own.toString('latin1', 0, 2) === 'ED' &&
    own.subarray(2, 10).equals(key.subarray(2, 10)) &&
    verify(null, digest, publicKey, own.subarray(10)) &&
    verify(null, both, publicKey, Buffer.from(second, 'base64'));
  return isValid ? comment : null;
}

describe('a signature of minisign', () => {
  it('is what its format says, read without our code', () => {
    const publicFile = formatMinisignKey(signer.verifying);
    expect(readIndependently(publicFile, MESSAGE, signature)).toBe(COMMENT);
    expect(readIndependently(publicFile, Buffer.from('other'), signature)).toBeNull();
    const otherFile = formatMinisignKey(countingSigner(2).verifying);
    expect(readIndependently(otherFile, MESSAGE, signature)).toBeNull();
  });

  it('gives its comment to the key that has signed it, and to no other', () => {
    expect(open(signature)).toEqual({ comment: COMMENT });
    expect(open(signature, Buffer.from('other'))).toEqual({ refused: 'not-authentic' });
    const other = countingSigner(2).verifying;
    expect(openMinisign(MESSAGE, Buffer.from(signature), other)).toEqual({ refused: 'other-key' });
  });

  it.each([
    ['another comment', signature.replace('ada', 'eve'), 'not-authentic'],
    ['another untrusted comment', signature.replace('signature by', 'by'), 'form'],
    ['the kind that is not prehashed', signature.replace('\nRU', '\nRW'), 'form'],
    ['no line feed at its end', signature.trimEnd(), 'form'],
    ['one more line', `${signature}x\n`, 'form'],
    ['no bytes', '', 'form'],
    ['too many bytes', signature + 'x'.repeat(20_000), 'form'],
  ])('is refused with %s', (_, changed, refused) => {
    expect(changed).not.toBe(signature);
    expect(open(changed)).toEqual({ refused });
  });

  it('is refused if it is not UTF-8', () => {
    const bytes = Buffer.from(signature);
    bytes[bytes.indexOf('ada')] = 0xff;
    expect(open(bytes)).toEqual({ refused: 'form' });
  });

  it('has no comment that would be two lines, or is none to minisign', () => {
    for (const comment of ['a\nb', 'a\rb', 'a\u0000', '\u2028', '\ud800', 'x'.repeat(8001)]) {
      expect(() => signMinisign(MESSAGE, comment, signer)).toThrow(RangeError);
    }
  });

  it('is opened exactly as it was signed (property)', () => {
    const comments = fc
      .string({ unit: 'grapheme', maxLength: 60 })
      .filter((text) => !/[\p{C}\p{Z}]/u.test(text));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), comments, (message, comment) => {
        const made = signMinisign(message, comment, signer);
        expect(open(made, Buffer.from(message))).toEqual({ comment });
      }),
    );
  });

  it('is refused with any byte changed, one less, or one more', () => {
    const { tried, accepted } = acceptedChanges(
      Buffer.from(signature),
      (changed) => 'comment' in open(changed),
    );
    expect(accepted).toEqual([]);
    expect(tried).toBeGreaterThan(2500);
  });
});

describe.skipIf(!HAS_MINISIGN)('minisign', () => {
  const folder = workFolder('minisign');

  function judge(message: Buffer, text: string): { status: number | null; said: string } {
    writeFileSync(join(folder, 'file'), message);
    writeFileSync(join(folder, 'file.minisig'), text);
    writeFileSync(join(folder, 'minisign.pub'), formatMinisignKey(signer.verifying));
    const { status, stdout, stderr } = spawnSync('minisign', ['-Vm', 'file'], { cwd: folder });
    return { status, said: `${String(stdout)}${String(stderr)}` };
  }

  it.each([COMMENT, '', 'ends with spaces  ', 'Zürich — ✓', 'x'.repeat(8000)])(
    'verifies message and comment: %s',
    (comment) => {
      for (const message of [MESSAGE, Buffer.alloc(0), Buffer.alloc(100_000, 7)]) {
        const { status, said } = judge(message, signMinisign(message, comment, signer));
        expect({ status, said }).toMatchObject({ status: 0 });
        expect(said).toContain('Signature and comment signature verified');
        expect(said).toContain(`Trusted comment: ${comment}`);
      }
    },
  );

  it('refuses what is refused here (negative control)', () => {
    expect(judge(Buffer.from('other'), signature).status).not.toBe(0);
    expect(judge(MESSAGE, signature.replace('ada', 'eve')).status).not.toBe(0);
    expect(judge(MESSAGE, signMinisign(MESSAGE, COMMENT, countingSigner(2))).status).not.toBe(0);
  });

  it('shows the key id that the public key states', () => {
    const [, id = ''] =
      /public key ([0-9A-F]{16})\n/.exec(formatMinisignKey(signer.verifying)) ?? [];
    const other = signMinisign(MESSAGE, COMMENT, countingSigner(2));
    expect(judge(MESSAGE, other).said).toContain(id);
  });
});

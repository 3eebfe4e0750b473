/** What a value is, by what is declared for its column. */

import { createCipheriv } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { a1 } from '../../src/crypto/a1.ts';
import {
  classifier,
  type Classified,
  type EnvelopeForm,
  type LegacyForm,
} from '../../src/crypto/classify.ts';
import type { EncryptionKey } from '../../src/crypto/encryptionKey.ts';
import { fernet } from '../../src/crypto/fernet.ts';
import { sealGcm3 } from '../../src/crypto/gcm3.ts';
import { REFUSALS } from '../../src/crypto/opened.ts';
import { counting, countingKey } from './keys.ts';

const ROW = { table: 't', column: 'c', key: ['1'] };
const first = countingKey(0, 'k1');
const second = countingKey(50, 'k2');
const stranger = countingKey(100, 'k3');
const nonce = counting(0, 12);
const moment = { seconds: 1, iv: counting(0, 16) };
const FORMS: readonly EnvelopeForm[] = ['a1', 'fernet', 'gcm3', 'cbc2'];

interface Declared {
  readonly legacy?: LegacyForm | null;
  readonly forms?: readonly EnvelopeForm[];
  readonly keys?: readonly EncryptionKey[];
}

/** The same keys for every form. */
function classify(value: string | null, declared: Declared = {}, row = ROW): Classified {
  const { legacy = 'base64', forms = FORMS, keys = [first, second] } = declared;
  const envelopes = Object.fromEntries(forms.map((form) => [form, keys]));
  return classifier({ legacy, envelopes, legacyKeys: keys })(value, row);
}

function cbc2(start: number, text: string): string {
  const raw = Buffer.from(Array.from({ length: 32 }, (_, index) => start + index));
  const cipher = createCipheriv('aes-256-cbc', raw, Buffer.alloc(16));
  return `enc:v1:${'00'.repeat(16)}:${cipher.update(text, 'utf8', 'hex')}${cipher.final('hex')}`;
}

const token = fernet(second).seal('sk', moment);
const ENVELOPES: Readonly<Record<string, string>> = {
  a1: a1(second).seal(ROW, 'sk', nonce),
  fernet: `enc:v1:${token}`,
  gcm3: `enc:v1:${sealGcm3(second, 'sk', nonce)}`,
  cbc2: cbc2(50, 'sk'),
};
const ENTRIES = Object.entries(ENVELOPES);

describe('a value', () => {
  it('is null, or empty', () => {
    expect(classify(null)).toEqual({ kind: 'null' });
    expect(classify('')).toEqual({ kind: 'empty' });
    expect(classify(' ', { legacy: 'plain' })).toMatchObject({ kind: 'legacy', text: ' ' });
  });

  it.each(ENTRIES)('is an envelope of the key that opens it: %s', (form, value) => {
    const expected = { kind: 'envelope', form, kid: second.kid, text: 'sk' };
    expect(classify(value)).toEqual(expected);
    expect(classify(value, { legacy: 'plain' })).toEqual(expected);
  });

  it.each(ENTRIES)('is unknown, never plain, where no key opens its envelope: %s', (_, value) => {
    for (const legacy of ['plain', 'base64', 'fernet', null] as const) {
      expect(classify(value, { legacy, keys: [first, stranger] }).kind).toBe('unknown');
      expect(classify(value, { legacy, keys: [] })).toEqual({ kind: 'unknown', why: 'other-key' });
    }
  });

  it.each(ENTRIES)('is unknown where its form is not declared: %s', (form, value) => {
    const forms = FORMS.filter((other) => other !== form);
    expect(classify(value, { forms })).toEqual({ kind: 'unknown', why: 'undeclared-form' });
  });

  it('is unknown with the prefix alone, and with more parts than any form has', () => {
    for (const value of ['enc:v1:', 'enc:v1:x', 'enc:v1:a:b:c:d', 'enc:v1:a:b:c:d:e:f:g']) {
      expect(classify(value, { legacy: 'plain' })).toEqual({ kind: 'unknown', why: 'form' });
    }
  });

  it('is a legacy value of the declared form', () => {
    const legacy = { kind: 'legacy', kid: null };
    expect(classify('c2s=')).toEqual({ ...legacy, form: 'base64', text: 'sk' });
    expect(classify('c2s=', { legacy: 'plain' })).toEqual({
      ...legacy,
      form: 'plain',
      text: 'c2s=',
    });
    const bare = { kind: 'legacy', form: 'fernet', kid: second.kid, text: 'sk' };
    expect(classify(token, { legacy: 'fernet' })).toEqual(bare);
  });

  it.each([
    ['not base64', 'sk-live!', 'base64', 'form'],
    ['base64 without padding', 'c2s', 'base64', 'form'],
    ['base64 of bytes that are no text', '/w==', 'base64', 'not-text'],
    ['a token of another key', fernet(stranger).seal('sk', moment), 'fernet', 'not-authentic'],
    ['text where none is declared', 'sk', null, 'form'],
  ] as const)('is unknown where it is %s', (_, value, legacy, why) => {
    expect(classify(value, { legacy })).toEqual({ kind: 'unknown', why });
  });

  it.each(ENTRIES)('is unknown where it opens under two keys of the list: %s', (_, value) => {
    const keys = [second, countingKey(50, 'the same again')];
    expect(classify(value, { keys })).toEqual({ kind: 'unknown', why: 'several-keys' });
  });

  it('is opened by the keys of its own form alone', () => {
    const value = ENVELOPES['fernet'] ?? '';
    const under = (fernet: readonly EncryptionKey[]): Classified =>
      classifier({ legacy: null, envelopes: { a1: [second], fernet } })(value, ROW);
    expect(under([second]).kind).toBe('envelope');
    expect(under([first])).toEqual({ kind: 'unknown', why: 'not-authentic' });
  });

  it('is not an envelope of a row that it was copied from', () => {
    const moved = classify(ENVELOPES['a1'] ?? '', {}, { ...ROW, key: ['2'] });
    expect(moved).toEqual({ kind: 'unknown', why: 'not-authentic' });
  });

  it('of which it is unknown has a sentence that says why', () => {
    expect(Object.values(REFUSALS).every((sentence) => sentence.startsWith('it'))).toBe(true);
  });
});

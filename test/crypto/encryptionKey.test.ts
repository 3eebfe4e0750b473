/** Keys: what is refused, what shows nothing, what is derived. */

import { createHash } from 'node:crypto';
import { format, inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { a1 } from '../../src/crypto/a1.ts';
import { encryptionKey, type EncryptionKey } from '../../src/crypto/encryptionKey.ts';
import { fernet } from '../../src/crypto/fernet.ts';
import { keyNamed, memoryKeyring, type Keyring } from '../../src/crypto/keyring.ts';
import { readKeyText, writeKeyText } from '../../src/crypto/keyText.ts';
import { paperscraperKey } from '../../src/crypto/paperscraperKey.ts';
import { blindIndex, journalMac } from '../../src/crypto/plaintextMac.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { countingKey } from './keys.ts';

const CANARY = Buffer.from('canary-canary-canary-canary-0123');
const key = (): EncryptionKey => encryptionKey('k1', Buffer.from(CANARY), 'test');

/** Everything that would show the canary. */
function tracesOf(bytes: Buffer): string[] {
  const hashed = createHash('sha256').update(bytes).digest();
  const decimal = [...bytes.subarray(0, 6)].join(', ');
  return [
    bytes.toString('latin1'),
    ...[bytes, hashed].flatMap((some) => [
      some.toString('hex'),
      some.toString('hex').match(/../g)?.slice(0, 6).join(' ') ?? '',
      some.toString('base64').slice(0, 40),
      some.toString('base64url').slice(0, 40),
    ]),
    decimal,
    decimal.replaceAll(' ', ''),
  ];
}

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure && error.code === 'USAGE') return error.line();
    throw error;
  }
  throw new Error('not refused');
}

describe('a key', () => {
  it('shows nothing of itself, nor does what is made of it', () => {
    const secret = key();
    const index = { table: 't', column: 'c', normalise: [] };
    const shown = [
      secret,
      a1(secret),
      fernet(secret),
      journalMac(secret),
      blindIndex(secret, index),
      memoryKeyring([secret]),
      new Map([[secret.kid, secret]]),
      new Error('failed', { cause: secret }),
    ].flatMap((value) => [
      inspect(value, { depth: 9, showHidden: true, showProxy: true }),
      JSON.stringify(value) ?? '',
      JSON.stringify({ value }),
      format('%s %o %j', value, value, value),
      value instanceof Error ? (value.stack ?? '') : '',
    ]);
    const text = shown.join('\n');
    expect(text).toContain(secret.kid);
    for (const trace of tracesOf(CANARY)) expect(text).not.toContain(trace);
  });

  it('would be seen in what shows it (negative control)', () => {
    for (const shown of [inspect({ secret: CANARY }), JSON.stringify({ secret: CANARY })]) {
      expect(tracesOf(CANARY).some((trace) => shown.includes(trace))).toBe(true);
    }
  });

  it('wipes the bytes that it is made of', () => {
    const bytes = Buffer.from(CANARY);
    encryptionKey('k1', bytes, 'test');
    expect(bytes.equals(Buffer.alloc(32))).toBe(true);
  });

  it('has an id that commits to it', () => {
    expect(countingKey(0).kid).toBe('HgnAqVARejeBbCy3oT6ASA');
    expect(countingKey(1).kid).not.toBe(countingKey(0).kid);
  });

  it.each([0, 16, 31, 33, 64])('is refused with %i bytes', (size) => {
    const line = messageOf(() => encryptionKey('k1', Buffer.alloc(size, 7), 'test'));
    expect(line).toContain(`has ${size} bytes instead of 32`);
  });

  it('is refused if it is all zero', () => {
    expect(messageOf(() => encryptionKey('k1', Buffer.alloc(32), 'test'))).toContain('is all zero');
  });
});

describe('a key as text', () => {
  const line = writeKeyText(key());

  it('is one line with a version, the key and its id, and is read back', () => {
    expect(line).toBe(`sealift-key-1:${CANARY.toString('base64url')}:${key().kid}\n`);
    for (const text of [line, line.trimEnd(), line.replace('\n', '\r\n')]) {
      expect(readKeyText('k1', text, 'test').kid).toBe(key().kid);
    }
  });

  it.each([
    ['hex', CANARY.toString('hex')],
    ['base64', `${CANARY.toString('base64')}\n`],
    ['URL-safe base64', CANARY.toString('base64url').padEnd(44, '=')],
  ])('may be %s of another program', (_, text) => {
    expect(readKeyText('k1', text, 'test').kid).toBe(key().kid);
  });

  it('is refused wherever it is cut', () => {
    for (let length = 0; length < line.length - 1; length += 1) {
      messageOf(() => readKeyText('k1', line.slice(0, length), 'test'));
    }
  });

  const mistyped = line.replace('sealift-key-1:Y', 'sealift-key-1:Z');
  const base64 = CANARY.toString('base64');
  it.each([
    ['a letter changed', mistyped, 'its id does not fit'],
    ['a later version', line.replace('-1:', '-2:'), 'of a later version'],
    ['another part', `${line.trimEnd()}:x`, 'is damaged'],
    ['a line feed inside', `${line.slice(0, 20)}\n${line.slice(20)}`, 'a line feed inside'],
    ['two line feeds at its end', `${line}\n`, 'a line feed inside'],
    ['a space before it', ` ${line}`, 'neither'],
    ['nothing in it', '', 'is empty'],
    ['a line feed alone', '\n', 'is empty'],
    ['a line feed inside its base64', `${base64.slice(0, 9)}\n${base64.slice(9)}`, 'a line feed'],
    ['no padding', base64.replace(/=+$/, ''), 'neither'],
    ['16 bytes', CANARY.toString('base64', 0, 16), 'has 16 bytes'],
    ['zeros', '0'.repeat(64), 'one byte repeated'],
    ['one byte repeated', Buffer.alloc(32, 9).toString('base64'), 'one byte repeated'],
  ])('is refused with %s, and nothing of it is said', (_, text, expected) => {
    const said = messageOf(() => readKeyText('k1', text, 'test'));
    expect(said).toContain(expected);
    expect(said).toContain('"k1"');
    for (const trace of tracesOf(CANARY)) expect(said).not.toContain(trace.slice(0, 12));
  });
});

describe("PaperScraper's key", () => {
  const own = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';

  it('is its own variable', () => {
    const env = { MODEL_KEY_ENCRYPTION_KEY: own, JWT_SECRET_KEY: 'jwt' };
    const { key: read, variable } = paperscraperKey('legacy', env);
    expect(variable).toBe('MODEL_KEY_ENCRYPTION_KEY');
    expect(read.kid).toBe(readKeyText('legacy', own, 'test').kid);
  });

  it.each([undefined, ''])('is derived from the JWT secret where that is %j', (unset) => {
    const env = { MODEL_KEY_ENCRYPTION_KEY: unset, JWT_SECRET_KEY: 'jwt-clé' };
    const { key: read, variable } = paperscraperKey('legacy', env);
    expect(variable).toBe('JWT_SECRET_KEY');
    const digest = createHash('sha256').update('jwt-clé', 'utf8').digest('base64');
    expect(read.kid).toBe(readKeyText('legacy', digest, 'test').kid);
  });

  it.each([
    ['neither', {}, 'is missing'],
    ['both empty', { MODEL_KEY_ENCRYPTION_KEY: '', JWT_SECRET_KEY: '' }, 'is missing'],
    ['a line feed', { MODEL_KEY_ENCRYPTION_KEY: `${own}\n` }, 'not URL-safe base64'],
    ['the standard alphabet', { MODEL_KEY_ENCRYPTION_KEY: own.replace('_', '/') }, 'not URL-safe'],
    ['16 bytes', { MODEL_KEY_ENCRYPTION_KEY: 'AAECAwQFBgcICQoLDA0ODw==' }, 'has 16 bytes'],
    [
      'zeros',
      { MODEL_KEY_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'), JWT_SECRET_KEY: 'jwt' },
      'all zero',
    ],
  ])('is refused with %s', (_, env, expected) => {
    expect(messageOf(() => paperscraperKey('legacy', env))).toContain(expected);
  });
});

describe('a keyring', () => {
  it('gives keys by id and by name, and says which names there are', async () => {
    const ring = memoryKeyring([countingKey(0, 'k1'), countingKey(1, 'k2')]);
    expect((await ring.key(countingKey(1).kid))?.name).toBe('k2');
    expect(await ring.key('x')).toBeNull();
    expect((await keyNamed(ring, 'k1')).kid).toBe(countingKey(0).kid);
    await expect(keyNamed(ring, 'first')).rejects.toThrow('the keyring has no key "first"');
  });

  it('has each name and each key once', () => {
    expect(messageOf(() => memoryKeyring([countingKey(0), countingKey(1)]))).toContain('"k1"');
    expect(messageOf(() => memoryKeyring([countingKey(0, 'a'), countingKey(0, 'b')]))).toContain(
      '"b"',
    );
  });

  it('may get its keys from afar, when they are needed', async () => {
    const unwrapped: string[] = [];
    const entry = { name: 'k1', kid: countingKey(0).kid };
    const remote: Keyring = {
      entries: [entry],
      key: async (kid) => {
        unwrapped.push(kid);
        return kid === entry.kid ? countingKey(0) : null;
      },
    };
    expect(unwrapped).toEqual([]);
    expect((await keyNamed(remote, 'k1')).kid).toBe(entry.kid);
    expect(unwrapped).toEqual([entry.kid]);
  });
});

describe('the HMAC of a plaintext in the journal', () => {
  const mac = journalMac(countingKey(0));
  const row = { table: 't', column: 'c', key: ['1'] };

  it('is the same for the same text in the same row, and another one otherwise', () => {
    const all = [
      mac(row, 'sk'),
      mac(row, 'sk '),
      mac({ ...row, key: ['2'] }, 'sk'),
      mac({ ...row, key: ['1', 'sk'] }, ''),
      mac({ ...row, column: 'd' }, 'sk'),
      journalMac(countingKey(1))(row, 'sk'),
      blindIndex(countingKey(0), { ...row, normalise: [] })('sk'),
      createHash('sha256').update('sk').digest('base64url'),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(mac(row, 'sk')).toBe(all[0]);
    expect(Buffer.from(all[0] ?? '', 'base64url')).toHaveLength(32);
  });

  it('needs a row', () => {
    expect(() => mac({ ...row, key: [''] }, 'sk')).toThrow('an empty row reference');
  });
});

describe('a blind index', () => {
  const column = { table: 'users', column: 'email' };
  const secret = countingKey(0);

  it.each([
    ['as they are', [], 'a', 'a', 'A'],
    ['without whitespace at their ends', ['trim'], ' a\t\n', 'a', 'a b'],
    ['in lower case', ['lower'], 'ÄB', 'äb', 'ab'],
    ['in normal form', ['nfc'], 'e\u0301', '\u00e9', 'e'],
    ['after several steps', ['nfc', 'trim', 'lower'], ' E\u0301\r\n', '\u00e9', 'e'],
    ['with spaces that are not ASCII', ['trim'], '\u00a0a', '\u00a0a', 'a'],
  ] as const)('finds equal values %s', (_, normalise, one, same, other) => {
    const index = blindIndex(secret, { ...column, normalise });
    expect(index(one)).toBe(index(same));
    expect(index(one)).not.toBe(index(other));
  });

  it('is another one in another column, table, and under another key', () => {
    const all = [
      blindIndex(secret, { ...column, normalise: [] }),
      blindIndex(secret, { ...column, column: 'e', normalise: [] }),
      blindIndex(secret, { ...column, table: 'u', normalise: [] }),
      blindIndex(countingKey(1), { ...column, normalise: [] }),
    ].map((index) => index('a'));
    expect(new Set(all).size).toBe(4);
  });

  it('trims a long run of spaces in no time', () => {
    const long = `a${' '.repeat(1_000_000)}b`;
    expect(blindIndex(secret, { ...column, normalise: ['trim'] })(long)).toHaveLength(43);
  });
});

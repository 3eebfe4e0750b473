/** docs/vectors/keys.json and docs/keys-format.md: every vector is computed again, the page's program runs. */

import { spawnSync } from 'node:child_process';
import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { a1, a1KeyId, a1Length, type A1Purpose } from '../../src/crypto/a1.ts';
import { openCbc2 } from '../../src/crypto/cbc2.ts';
import { encryptionKey, type EncryptionKey } from '../../src/crypto/encryptionKey.ts';
import { fernet } from '../../src/crypto/fernet.ts';
import { openGcm3, sealGcm3 } from '../../src/crypto/gcm3.ts';
import { readKeyText, writeKeyText } from '../../src/crypto/keyText.ts';
import { paperscraperKey } from '../../src/crypto/paperscraperKey.ts';
import { blindIndex, journalMac, type NormalStep } from '../../src/crypto/plaintextMac.ts';
import { workFolder } from '../kit/project.ts';

interface Row {
  readonly table: string;
  readonly column: string;
  readonly key: readonly string[];
  readonly text: string;
}

interface Vectors {
  readonly a1: {
    readonly key: string;
    readonly kid: string;
    readonly sealed: readonly (Row & {
      readonly purpose: A1Purpose;
      readonly nonce: string;
      readonly aad: string;
      readonly envelope: string;
    })[];
  };
  readonly fernet: {
    readonly key: string;
    readonly sealed: readonly {
      readonly iv: string;
      readonly seconds: number;
      readonly text: string;
      readonly token: string;
    }[];
  };
  readonly gcm3: {
    readonly key: string;
    readonly sealed: readonly {
      readonly nonce: string;
      readonly text: string;
      readonly sealed: string;
    }[];
  };
  readonly cbc2: {
    readonly key: string;
    readonly sealed: readonly { readonly text: string; readonly sealed: string }[];
  };
  readonly journalMac: {
    readonly key: string;
    readonly macs: readonly (Row & { readonly mac: string })[];
  };
  readonly blindIndex: {
    readonly key: string;
    readonly table: string;
    readonly column: string;
    readonly indexes: readonly {
      readonly normalise: readonly NormalStep[];
      readonly text: string;
      readonly index: string;
    }[];
  };
  readonly keyText: { readonly key: string; readonly line: string };
  readonly paperscraper: { readonly jwtSecret: string; readonly kid: string };
}

const TEXT = readFileSync('docs/vectors/keys.json', 'utf8');
const VECTORS = JSON.parse(TEXT) as Vectors;
const [PROGRAM = ''] = [
  ...readFileSync('docs/keys-format.md', 'utf8').matchAll(/^```python\n(.*?)^```$/gms),
].map(([, program = '']) => program);
const folder = workFolder('keys-format');
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const keyOf = (text: string): EncryptionKey => encryptionKey('k1', hex(text), 'test');

/** The joined parts of the page, written another time. */
function joined(parts: readonly string[]): Buffer {
  const bytes = parts.map((part) => Buffer.from(part));
  return Buffer.concat(
    bytes.flatMap((part) => [hex(part.length.toString(16).padStart(8, '0')), part]),
  );
}

function derived(key: string, info: string | Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', hex(key), '', info, 32));
}

describe('docs/vectors/keys.json', () => {
  it('has envelopes a1 as Sealift seals and opens them', () => {
    const { key, kid, sealed } = VECTORS.a1;
    expect(sealed.length).toBeGreaterThan(3);
    for (const { purpose, nonce, aad, envelope, text, ...row } of sealed) {
      const cipher = a1(keyOf(key), purpose);
      expect(cipher.seal(row, text, hex(nonce))).toBe(envelope);
      expect(cipher.open(row, envelope)).toEqual({ text });
      expect([a1KeyId(envelope), a1Length(Buffer.byteLength(text))]).toEqual([
        kid,
        envelope.length,
      ]);
      const label = purpose === 'cell' ? 'enc:v1:a1' : 'enc:v1:a1 rollback';
      expect(joined([label, kid, row.table, row.column, ...row.key]).toString('hex')).toBe(aad);
    }
  });

  it('has tokens of Fernet, gcm3 and cbc2', () => {
    const cipher = fernet(keyOf(Buffer.from(VECTORS.fernet.key, 'base64').toString('hex')));
    for (const { iv, seconds, text, token } of VECTORS.fernet.sealed) {
      expect(cipher.seal(text, { seconds, iv: hex(iv) })).toBe(token);
      expect(cipher.open(token)).toEqual({ text });
    }
    for (const { nonce, text, sealed } of VECTORS.gcm3.sealed) {
      expect(sealGcm3(keyOf(VECTORS.gcm3.key), text, hex(nonce))).toBe(sealed);
      expect(openGcm3(keyOf(VECTORS.gcm3.key), sealed)).toEqual({ text });
    }
    for (const { text, sealed } of VECTORS.cbc2.sealed) {
      expect(openCbc2(keyOf(VECTORS.cbc2.key), sealed)).toEqual({ text });
    }
    const counts = [VECTORS.fernet, VECTORS.gcm3, VECTORS.cbc2].map(({ sealed }) => sealed.length);
    expect(counts).toEqual([3, 1, 1]);
  });

  it('has HMACs of the journal, as the page describes them', () => {
    const { key, macs } = VECTORS.journalMac;
    expect(macs.length).toBeGreaterThan(1);
    for (const { mac, text, ...row } of macs) {
      expect(journalMac(keyOf(key))(row, text)).toBe(mac);
      const label = 'enc:v1:journal mac';
      const message = joined([label, row.table, row.column, ...row.key, text]);
      const again = createHmac('sha256', derived(key, label)).update(message);
      expect(again.digest('base64url')).toBe(mac);
    }
  });

  it('has blind indexes, as the page describes them', () => {
    const { key, table, column, indexes } = VECTORS.blindIndex;
    const plain = derived(key, joined(['enc:v1:blind index', table, column]));
    const normal = [' Ada@Example.ORG', 'ada@example.org', '\u00e9'];
    for (const [at, { normalise, text, index }] of indexes.entries()) {
      expect(blindIndex(keyOf(key), { table, column, normalise })(text)).toBe(index);
      const again = createHmac('sha256', plain).update(normal[at] ?? '');
      expect(again.digest('base64url')).toBe(index);
    }
    expect(indexes).toHaveLength(normal.length);
  });

  it("has a line of a key file, and PaperScraper's derived key", () => {
    const { key, line } = VECTORS.keyText;
    expect(writeKeyText(keyOf(key))).toBe(`${line}\n`);
    expect(readKeyText('k1', line, 'test').kid).toBe(VECTORS.a1.kid);
    const { jwtSecret, kid } = VECTORS.paperscraper;
    expect(paperscraperKey('k1', { JWT_SECRET_KEY: jwtSecret }).key.kid).toBe(kid);
    const digest = createHash('sha256').update(jwtSecret).digest('hex');
    expect(keyOf(digest).kid).toBe(kid);
  });
});

const able = spawnSync('python3', ['-c', 'import cryptography']).status === 0;
if (!able) {
  process.stderr.write('notice: no cryptography for Python here; its program is not run\n');
}

/** Runs it in a folder with these vectors. */
function run(name: string, vectors: string): { status: number | null; stdout: string } {
  mkdirSync(join(folder, name, 'vectors'), { recursive: true });
  writeFileSync(join(folder, name, 'vectors/keys.json'), vectors);
  const cwd = join(folder, name);
  const { status, stdout } = spawnSync('python3', ['-c', PROGRAM], { cwd, encoding: 'utf8' });
  return { status, stdout };
}

describe('the program of docs/keys-format.md', () => {
  it('has twenty lines and a few', () => {
    const lines = PROGRAM.trim().split('\n').length;
    expect([lines > 10, lines < 25]).toEqual([true, true]);
  });

  it.skipIf(!able)('opens every envelope', () => {
    const { length } = VECTORS.a1.sealed;
    expect(run('valid', TEXT)).toEqual({ status: 0, stdout: `${length} envelopes open\n` });
  });

  it.skipIf(!able)('fails where a row, a text or an envelope differs (negative control)', () => {
    const spoilt = [
      TEXT.replace('"42"', '"43"'),
      TEXT.replace('sk-test', 'sk-tesT'),
      TEXT.replace('LceUf4', 'LceUf5'),
      TEXT.replace('"cell"', '"rollback"'),
    ];
    for (const [index, text] of spoilt.entries()) {
      expect(text).not.toBe(TEXT);
      expect(run(`spoilt${index}`, text).status).toBe(1);
    }
  });
});

/** docs/vectors/treatments.json and docs/treatments.md: every vector is computed again, the programs run. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { RawJson } from '../../src/record/converted.ts';
import type { KeyValue } from '../../src/record/keyOrder.ts';
import { fingerprint } from '../../src/treatment/fingerprint.ts';
import { normalise } from '../../src/treatment/normalise.ts';
import { storedFault } from '../../src/treatment/stored.ts';
import { treater } from '../../src/treatment/treat.ts';
import { treatmentKeys } from '../../src/treatment/treatment.ts';
import { workFolder } from '../kit/project.ts';

interface Place {
  readonly module: string;
  readonly field: string;
  readonly class: string;
}

interface Vectors {
  readonly projectKey: string;
  readonly keyId: string;
  readonly keys: Readonly<Record<string, string>>;
  readonly keyed: readonly (Place & {
    readonly value: string;
    readonly normal: string;
    readonly pseudonym: string;
    readonly hash: string;
    readonly fingerprint: string;
  })[];
  readonly encrypted: readonly (Place & {
    readonly key: readonly KeyValue[];
    readonly json: string;
    readonly stored: string;
  })[];
}

const TEXT = readFileSync('docs/vectors/treatments.json', 'utf8');
const VECTORS = JSON.parse(TEXT) as Vectors;
const KEYS = treatmentKeys(Buffer.from(VECTORS.projectKey, 'hex'));
const [KEYED = '', ENCRYPTED = ''] = [
  ...readFileSync('docs/treatments.md', 'utf8').matchAll(/^```python\n(.*?)^```$/gms),
].map(([, program = '']) => program);
const folder = workFolder('treatments');

describe('docs/vectors/treatments.json', () => {
  it('has keys as Sealift derives them', () => {
    const derived = Object.entries(KEYS).map(([name, key]) => [name, key.export().toString('hex')]);
    expect(Object.fromEntries(derived)).toEqual(VECTORS.keys);
  });

  it('has pseudonyms, hashes and fingerprints as Sealift makes them', () => {
    expect(VECTORS.keyed.length).toBeGreaterThan(6);
    for (const { value, normal, pseudonym, hash, fingerprint: print, ...place } of VECTORS.keyed) {
      const { keyId } = VECTORS;
      expect(normalise(place.class, value)).toBe(normal);
      const pseudonymised = treater({ ...place, keyId, treatment: 'pseudonymised' }, KEYS);
      expect(pseudonymised(value, [])).toBe(pseudonym);
      expect(treater({ ...place, keyId, treatment: 'hashed' }, KEYS)(value, [])).toBe(hash);
      expect(fingerprint(KEYS, place.class, value)).toBe(print);
    }
  });

  it('has encrypted values as Sealift makes and opens them', () => {
    expect(VECTORS.encrypted.length).toBeGreaterThan(5);
    for (const { key, json, stored, ...place } of VECTORS.encrypted) {
      const field = { ...place, keyId: VECTORS.keyId, treatment: 'encrypted' } as const;
      const value = json.startsWith('{')
        ? new RawJson(json)
        : (JSON.parse(json) as string | number);
      expect(treater(field, KEYS)(value, key)).toBe(stored);
      expect(storedFault(field, KEYS)(stored, key)).toBe(null);
    }
  });
});

const able = spawnSync('python3', ['-c', 'import cryptography']).status === 0;
if (!able) {
  process.stderr.write('notice: no cryptography for Python here; its program is not run\n');
}

/** Runs a program in a folder with these vectors. */
function run(
  name: string,
  program: string,
  vectors: string,
): { status: number | null; stdout: string } {
  const cwd = join(folder, name);
  mkdirSync(join(cwd, 'vectors'), { recursive: true });
  writeFileSync(join(cwd, 'vectors/treatments.json'), vectors);
  const { status, stdout } = spawnSync('python3', ['-c', program], { cwd, encoding: 'utf8' });
  return { status, stdout };
}

describe('the programs of docs/treatments.md', () => {
  it('compute pseudonyms, hashes and fingerprints', () => {
    const stdout = `${VECTORS.keyed.length} values agree\n`;
    expect(run('keyed', KEYED, TEXT)).toEqual({ status: 0, stdout });
  });

  it.skipIf(!able)('open every encrypted value', () => {
    const stdout = `${VECTORS.encrypted.length} values open\n`;
    expect(run('encrypted', ENCRYPTED, TEXT)).toEqual({ status: 0, stdout });
  });

  it('fail where a value, a field or a class differs (negative control)', () => {
    const spoilt = [
      TEXT.replace('Ada.Ammann', 'Eda.Ammann'),
      TEXT.replace('"field": "email"', '"field": "mail"'),
      TEXT.replace('"class": "IBAN"', '"class": "AHV"'),
      TEXT.replace('ps:1:mig-2025-1:S', 'ps:1:mig-2025-1:T'),
    ];
    for (const [index, text] of spoilt.entries()) {
      expect(text).not.toBe(TEXT);
      expect(run(`keyed${index}`, KEYED, text).status).toBe(1);
    }
  });

  it.skipIf(!able)('fail where an encrypted value was moved (negative control)', () => {
    const moved = TEXT.replace('"key": [17]', '"key": [19]');
    expect(moved).not.toBe(TEXT);
    expect(run('moved', ENCRYPTED, moved).status).toBe(1);
  });
});

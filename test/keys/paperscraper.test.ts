/**
 * PaperScraper's own table, variables and form: what Sealift wrote is read by the library that its
 * application uses, where Python has it.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { postgresPlace, sqlitePlace, type Made } from './places.ts';
import { base64, declareKeys, KEYS, said } from './project.ts';

const work = workFolder('keys-paperscraper');
const PLACES = [sqlitePlace(), postgresPlace()].filter(({ isHere }) => isHere);
const TABLE = `CREATE TABLE model_configurations
  (id varchar(36) PRIMARY KEY, name text NOT NULL, api_key_encrypted text)`;
const COLUMN = {
  table: 'model_configurations',
  id: 'id',
  column: 'api_key_encrypted',
  legacy: [{ form: 'base64' }],
  target: 'fernet',
  key: 'app',
};
const SOURCES = { app: { source: 'derived:paperscraper' }, log: { source: 'env:SECRET_LOG' } };
const OWN = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const PLAIN = ['sk-test-0123456789abcdefghijklmnop', 'clé-🔑-ключ', 'sk-live-abc \n'];

/** Opens tokens as the application does. */
const PROGRAM = `
import json, sys
from cryptography.fernet import Fernet
key, values = json.load(sys.stdin)
print(json.dumps([Fernet(key).decrypt(v[len('enc:v1:'):].encode()).decode() for v in values]))
`;

function hasLibrary(): boolean {
  try {
    execFileSync('python3', ['-c', 'import cryptography.fernet'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('notice: Python has no cryptography here; its reading is skipped\n');
    return false;
  }
}

const LIBRARY = hasLibrary();

function readByPython(key: string, values: readonly string[]): string[] {
  const input = JSON.stringify([key, values]);
  return JSON.parse(execFileSync('python3', ['-c', PROGRAM], { input }).toString()) as string[];
}

const CASES = [
  { name: 'a key of its own', variables: { MODEL_KEY_ENCRYPTION_KEY: OWN }, key: OWN },
  {
    name: 'the key of the JWT secret',
    variables: { MODEL_KEY_ENCRYPTION_KEY: '', JWT_SECRET_KEY: 'a parent secret' },
    key: createHash('sha256')
      .update('a parent secret')
      .digest('base64')
      .replaceAll('+', '-')
      .replaceAll('/', '_'),
  },
];

describe.each(PLACES)('the model keys of PaperScraper in $name', (place) => {
  const open: Made[] = [];
  beforeAll(() => place.begin());
  afterAll(async () => {
    for (const made of open) await made.close();
    await place.end();
  });

  it.each(CASES)('are migrated under $name, and its application reads them', async (of) => {
    const project = join(work, `${place.name}-${CASES.indexOf(of)}`);
    mkdirSync(project, { recursive: true });
    const made = await place.make(project, `paperscraper${CASES.indexOf(of)}`, TABLE);
    open.push(made);
    for (const [at, text] of PLAIN.entries()) {
      const values = [`row-${at}`, `model ${at}`, base64(text)];
      await made.run('INSERT INTO model_configurations VALUES ($1, $2, $3)', values);
    }
    await made.run(`INSERT INTO model_configurations VALUES ('row-x', 'none', NULL)`);
    declareKeys(project, made.url, [COLUMN], SOURCES);
    const env = { ...made.env, SECRET_LOG: KEYS['SECRET_LOG'] ?? '', ...of.variables };
    const legacy = await said(project, ['verify', '--expect', 'enc:v1:'], { env });
    expect(legacy).toMatchObject({ code: 2 });
    expect(await said(project, ['plan'], { env })).toMatchObject({ code: 0 });
    expect(await said(project, ['migrate'], { env })).toMatchObject({ facts: { changed: 3 } });
    const verified = await said(project, ['verify', '--expect', 'enc:v1:'], { env });
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.facts.columns[0]).toMatchObject({ opened: { app: 3 }, asLogged: 3, null: 1 });
    const rows = await made.run(
      'SELECT api_key_encrypted AS value FROM model_configurations WHERE api_key_encrypted IS NOT NULL ORDER BY id',
    );
    const values = rows.map(({ value }) => String(value));
    expect(values.every((value) => value.startsWith('enc:v1:gAAAA'))).toBe(true);
    if (LIBRARY) expect(readByPython(of.key, values)).toEqual(PLAIN);
    // A second run has nothing to do, and seals nothing twice.
    expect(await said(project, ['migrate'], { env })).toMatchObject({ facts: { changed: 0 } });
    const other = { ...env, MODEL_KEY_ENCRYPTION_KEY: '', JWT_SECRET_KEY: 'rotated by mistake' };
    expect(await said(project, ['verify'], { env: other })).toMatchObject({ code: 2 });
  });
});

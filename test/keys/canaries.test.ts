/**
 * Nothing of a plaintext or a key is left anywhere: not raw, encoded, or as an unkeyed hash, in any output,
 * report, journal, log or temporary file, nor after a run that was killed.
 */

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { sealift, start } from '../kit/run.ts';
import { postgresPlace, SECRETS, sqlitePlace, type Made } from './places.ts';
import { base64, COLUMN, declareKeys, KEYS, type Column } from './project.ts';
import { sealA1, sealToken } from './seals.ts';

const CANARIES = 1000;
const PLACES = [sqlitePlace(), postgresPlace()].filter(({ isHere }) => isHere);
const work = workFolder('keys-canaries');
/** What is searched for; shorter forms would be found by chance. */
const LENGTH = 12;

const INDEXED: Column = {
  ...COLUMN,
  blindIndex: { column: 'idx', key: 'index', normalise: ['trim', 'lower'] },
};
const ROTATED: Column = { ...INDEXED, key: 'k2', retiring: ['k1'] };

/** All forms in which a secret could be left. */
function formsOf(secret: Buffer): string[] {
  const digests = ['sha256', 'sha1', 'md5', 'sha512'].flatMap((name) => {
    const digest = createHash(name).update(secret).digest();
    return [digest.toString('hex'), digest.toString('base64'), digest.toString('base64url')];
  });
  // Base64 of a text within a text has one of three forms, by its place.
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), secret])
      .toString('base64')
      .slice(4, -4),
  );
  return [
    secret.toString('latin1'),
    encodeURIComponent(secret.toString('latin1')),
    secret.toString('hex'),
    secret.toString('hex').toUpperCase(),
    ...shifted,
    ...shifted.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ...digests,
  ];
}

/** Names the forms of secrets that a text contains. */
function leaksIn(text: string, forms: ReadonlyMap<string, string>): string[] {
  const found = new Set<string>();
  for (let at = 0; at + LENGTH <= text.length; at += 1) {
    const start_ = text.slice(at, at + LENGTH);
    if (forms.has(start_)) found.add(forms.get(start_) ?? '');
  }
  return [...found];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

function broken(text: string, id: number): string | null {
  return id % 100 === 1 ? sealA1('foreign', text, { id }) : null;
}

function nested(text: string, id: number): string | null {
  return id % 100 === 2 ? base64(sealToken('k1', text)) : null;
}

describe.each(PLACES)('secrets in $name', (place) => {
  let made: Made;
  beforeAll(() => place.begin());
  afterAll(async () => {
    await made.close();
    await place.end();
  });

  it('are left nowhere but in their column', { timeout: 120_000 }, async () => {
    const project = join(work, place.name);
    const temporary = join(work, `${place.name}-tmp`);
    const data = join(work, `${place.name}-data`);
    for (const folder of [project, temporary, data]) mkdirSync(folder, { recursive: true });
    const canaries = Array.from(
      { length: CANARIES },
      () => `Canary/${randomBytes(12).toString('hex')}?ü`,
    );
    const forms = new Map<string, string>();
    for (const [at, secret] of [...canaries, ...Object.values(KEYS)].entries()) {
      const all = [Buffer.from(secret), Buffer.from(secret, at < CANARIES ? 'utf8' : 'hex')];
      const name = at < CANARIES ? `canary ${at}` : `key ${at - CANARIES}`;
      for (const form of all.flatMap(formsOf)) forms.set(form.slice(-LENGTH), name);
    }
    made = await place.make(data, 'canaries', SECRETS);
    await made.insert(
      canaries.map((text, at) => ({
        id: at + 1,
        value: broken(text, at + 1) ?? nested(text, at + 1) ?? base64(text),
      })),
    );
    await made.run('UPDATE secrets SET note = value WHERE id = 101');
    declareKeys(project, made.url, [INDEXED]);
    const env = { ...KEYS, ...made.env, TMPDIR: temporary };
    let said = '';
    const run = async (...args: string[]): Promise<void> => {
      const ran = await sealift(['keys', ...args, '--project', project], { env });
      said += ran.stdout + ran.stderr;
    };
    const kill = async (...args: string[]): Promise<void> => {
      const all = ['keys', ...args, '--project', project];
      const { child, ended } = start(all, { env: { ...env, SEALIFT_DEBUG: '1' } });
      await Promise.race([ended, wait(900)]);
      child.kill('SIGKILL');
      const ran = await ended;
      said += ran.stdout + ran.stderr;
    };
    await run('plan');
    await run('plan', '--json');
    await run('discover');
    await kill('migrate', '--batch', '20', '--max-rows-per-second', '400');
    await run('migrate', '--json');
    await run('verify');
    await run('status', '--json');
    declareKeys(project, made.url, [ROTATED]);
    await kill('rotate', '--from', 'k1', '--to', 'k2', '--max-rows-per-second', '400');
    await run('rotate', '--from', 'k1', '--to', 'k2');
    await run('verify', '--json');
    await run('rebind');
    // A key that is no key, and one that is missing.
    for (const wrong of [
      `${KEYS['SECRET_K1']}0`,
      '',
      `${KEYS['SECRET_K1']}\n${KEYS['SECRET_K2']}`,
    ]) {
      const ran = await sealift(['keys', 'plan', '--project', project], {
        env: { ...env, SECRET_K1: wrong },
      });
      expect(ran.code).toBe(64);
      said += ran.stdout + ran.stderr;
    }
    const log = await made.run('SELECT * FROM sealift_keys_log');
    const indexes = await made.run('SELECT idx FROM secrets');
    await kill('rollback', '--max-rows-per-second', '400');
    await run('rollback');
    const files = [...filesBelow(project), ...filesBelow(temporary)];
    expect(files.some((file) => file.includes('storage_journal'))).toBe(true);
    expect(files.some((file) => file.endsWith('report.html'))).toBe(true);
    expect(log.length).toBeGreaterThan(CANARIES);
    for (const [name, text] of [
      ['output', said],
      ['log', JSON.stringify(log)],
      ['blind indexes', JSON.stringify(indexes)],
      ...files.map((file) => [file, readFileSync(file, 'latin1')] as const),
    ] as const) {
      expect([name, leaksIn(text, forms)]).toEqual([name, []]);
    }
    // The search finds what is there.
    const cell = JSON.stringify(await made.rows());
    expect(leaksIn(cell, forms).length).toBeGreaterThan(CANARIES / 2);
  });
});

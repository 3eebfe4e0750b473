/** The seal of a candidate in a bag as signed notes, and how its reconciles have read. */

import { hash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { noteFindings } from '../../src/evidence/sealNotes.ts';
import { readVerifyingKey } from '../../src/crypto/signingKey.ts';
import type { VerifyingKey } from '../../src/crypto/ed25519.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import type { RunFile } from '../../src/seal/format.ts';
import { sealId } from '../../src/seal/format.ts';
import { succeed, workFolder } from '../kit/project.ts';
import { rebag } from '../kit/reviewers.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { reconciled, sealedProject, sqliteTarget } from '../reconcile/fixture.ts';

const work = workFolder('signed-seal');
const project = join(work, 'project');
let made = 0;
let bag = '';

beforeAll(async () => {
  await sealedProject(project, 200);
  const target = await sqliteTarget(project, join(work, 'target.db'));
  for (const again of [[], ['--workers', '1']]) {
    expect(await reconciled(project, target, again)).toMatchObject({ code: 0 });
  }
  for (const name of ['own', 'other'])
    await succeed(['evidence', 'key', join(work, `${name}.pem`)]);
  const how = ['--project', project, '--candidate', 'v1', '--signing-key', join(work, 'own.pem')];
  await succeed(['evidence', 'build', join(work, 'made'), ...how]);
});

beforeEach(() => {
  bag = join(work, `bag-${(made += 1)}`);
  cpSync(join(work, 'made'), bag, { recursive: true });
});

function keyOf(name: string): VerifyingKey {
  return readVerifyingKey(readFileSync(join(work, `${name}.pem.pub`), 'utf8'), name);
}

function found(key: VerifyingKey): readonly Finding[] {
  const checksums = join(bag, 'data/candidate/checksums');
  const run = JSON.parse(readFileSync(join(checksums, 'run.json'), 'utf8')) as RunFile;
  const id = sealId(readFileSync(join(checksums, 'SHA256SUMS')));
  return noteFindings(join(bag, 'data'), { sealId: id, run }, key);
}

const verify = (...more: readonly string[]): Promise<Ran> =>
  sealift(['evidence', 'verify', bag, ...more]);

const readings = (): string[] => readdirSync(join(bag, 'data/reconciles'));

describe('the seal as signed notes', () => {
  it('is verified by the key', async () => {
    expect(found(keyOf('own'))).toEqual([]);
    const ran = await verify('--public-key', join(work, 'own.pem.pub'));
    expect([ran.code, ran.stdout]).toEqual([1, expect.not.stringContaining('BLOCKER')]);
  });

  it('is not verified by another key (negative control)', async () => {
    const rules = new Set(found(keyOf('other')).map(({ rule }) => rule));
    expect(rules).toEqual(new Set(['signature']));
    const ran = await verify('--public-key', join(work, 'other.pem.pub'));
    expect([ran.code, ran.stdout]).toEqual([2, expect.stringContaining('BLOCKER signature')]);
  });

  it('lacks no note, and none is that of another module', () => {
    const notes = join(bag, 'data/seal');
    const [one = '', other = ''] = readdirSync(notes).filter((name) => !name.includes('.'));
    for (const name of ['checkpoint.note', 'receipt.tlog-proof']) {
      const before = readFileSync(join(notes, one, name));
      cpSync(join(notes, other, name), join(notes, one, name));
      expect(found(keyOf('own'))).toMatchObject([
        { rule: 'signature', file: `data/seal/${one}/${name}` },
      ]);
      rmSync(join(notes, one, name));
      expect(found(keyOf('own'))).toMatchObject([
        { rule: 'file-missing', file: `data/seal/${one}/${name}` },
      ]);
      writeFileSync(join(notes, one, name), before);
    }
    expect(found(keyOf('own'))).toEqual([]);
  });
});

describe('the reconciles of a candidate', () => {
  it('are there with queries and settings, each by its digest', () => {
    expect(readings().length).toBeGreaterThan(0);
    for (const name of readings()) {
      const text = readFileSync(join(bag, 'data/reconciles', name), 'utf8');
      expect(name).toBe(`${hash('sha256', text, 'hex')}.json`);
      expect(Object.keys(JSON.parse(text) as object)).toEqual(['queries', 'settings']);
      expect(text).toContain('SELECT');
    }
  });

  it('leave something unproven where one is missing', async () => {
    rmSync(join(bag, 'data/reconciles'), { recursive: true });
    rebag(bag);
    const ran = await verify();
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('the queries and settings of a reconcile are missing');
  });

  it('are not those that were edited', async () => {
    const [name = ''] = readings();
    const file = join(bag, 'data/reconciles', name);
    writeFileSync(file, readFileSync(file, 'utf8').replace('SELECT', 'select'));
    rebag(bag);
    const ran = await verify();
    expect(ran.code).toBe(2);
    expect(ran.stdout).toContain('no reconcile of the candidate has read by this');
  });
});

/** `state.record`: a file says what is deployed, whenever the process dies, and its way back gives what was there. */

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { stateRecord } from '../../../src/cutover/steps/stateRecord.ts';
import type { Members } from '../../../src/cutover/steps/stepType.ts';
import { localWorld } from '../world/localWorld.ts';
import { line, workOf } from './localStep.ts';

const { world, folder, run, remove } = localWorld();
const FILE = { file: 'state/known.json' };
const path = join(folder, FILE.file);
const OURS = '{"commit":"4f0c2b7a9d1e","run":"test-1"}\n';

afterAll(remove);
beforeEach(() => {
  rmSync(run, { recursive: true, force: true });
  rmSync(join(folder, 'state'), { recursive: true, force: true });
  mkdirSync(join(folder, 'state'));
});

const work = (more: Members = {}) =>
  workOf(stateRecord, { ...FILE, ...more }, world, { knownGood: OURS });
const apply = (more: Members = {}): Promise<string> => line(stateRecord.apply(work(more)));
const probe = async (more: Members = {}): Promise<string> =>
  String(await stateRecord.probe?.(work(more)));
const verify = async (more: Members = {}): Promise<string> =>
  String((await stateRecord.verify?.(work(more)))?.verdict);
const BACK = { back: true };

describe('state.record', () => {
  it.each([
    ['a file of another run', '{ "run": "test-0" }', 0o640],
    ['what is no JSON', 'by hand', 0o600],
  ])('replaces %s, and its way back gives it back with its mode', async (_, old, mode) => {
    writeFileSync(path, old);
    chmodSync(path, mode);
    expect(stateRecord.plan(FILE)).toBe('write what is deployed to "state/known.json"');
    expect(await line(stateRecord.dryRun!(work()))).toBe('PASS the file would be replaced');
    expect([await probe(), await verify()]).toEqual(['absent', 'FAIL']);
    expect(await apply()).toBe('PASS what is deployed is written');
    expect(readFileSync(path, 'utf8')).toBe(OURS);
    expect([await probe(), await verify(), await probe(BACK)]).toEqual(['there', 'PASS', 'absent']);
    // Killed before its result, it is done again: what was there before is not lost by that.
    expect(await apply()).toBe('PASS what is deployed is written');
    expect(await apply(BACK)).toBe('PASS the file is as it was before');
    expect(readFileSync(path, 'utf8')).toBe(old);
    expect([await probe(BACK), await verify(BACK)]).toEqual(['there', 'PASS']);
    expect(await apply(BACK)).toBe('PASS the file is as it was before');
    expect(readFileSync(path, 'utf8')).toBe(old);
  });

  it('makes a new file, which its way back removes', async () => {
    expect(await line(stateRecord.dryRun!(work()))).toBe('PASS the file would be new');
    expect(await apply()).toBe('PASS what is deployed is written');
    expect(await apply()).toBe('PASS what is deployed is written');
    expect(await probe(BACK)).toBe('absent');
    expect(await apply(BACK)).toBe('PASS the file is as it was before');
    expect([existsSync(path), await probe(BACK)]).toEqual([false, 'there']);
  });

  it('leaves a file alone that another program has written since where it had made one', async () => {
    await apply();
    writeFileSync(path, 'of another');
    expect(await apply(BACK)).toBe('PASS the file is as it was before');
    expect(readFileSync(path, 'utf8')).toBe('of another');
  });

  it('does not leave the folder of the runbook, or write where there is no folder', async () => {
    expect(await line(stateRecord.apply(work({ file: '../known.json' })))).toMatch(/^USAGE /);
    rmSync(join(folder, 'state'), { recursive: true });
    expect(await apply()).toMatch(/^DISK /);
  });
});

/** What a run makes is private, redacted, durable, and never replaced. */

import { readFileSync, readdirSync, rmSync, statSync, mkdtempSync, existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { artifactsIn } from '../../../src/cutover/world/artifacts.ts';
import { createRedactor } from '../../../src/redact/redactor.ts';
import type { KeptOutput } from '../../../src/cutover/world/world.ts';

const root = mkdtempSync(join(tmpdir(), 'sealift-artifacts-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('an output of a run', () => {
  it('is kept redacted and private, with its digest', () => {
    const redactor = createRedactor();
    redactor.add('KEY', 'a-secret-value');
    const told: KeptOutput[] = [];
    const artifacts = artifactsIn(join(root, 'a'), redactor, (output) => told.push(output));
    const output = artifacts.keep('rows.json', Buffer.from('it is a-secret-value'));
    const path = join(root, 'a/outputs/rows.json');
    expect(readFileSync(path, 'utf8')).toBe('it is [redacted KEY]');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, 'a/outputs')).mode & 0o777).toBe(0o700);
    expect(output).toEqual({
      name: 'rows.json',
      bytes: 20,
      sha256: createHash('sha256').update('it is [redacted KEY]').digest('hex'),
    });
    expect(told).toEqual([output]);
  });

  it('does not replace another of its name', () => {
    const artifacts = artifactsIn(join(root, 'b'), createRedactor());
    const names = ['one', 'two', 'three'].map(
      (text) => artifacts.keep('a.stdout', Buffer.from(text)).name,
    );
    expect(names).toEqual(['a.stdout', 'a.stdout.2', 'a.stdout.3']);
    expect(readdirSync(join(root, 'b/outputs')).sort()).toEqual(names);
    expect(readFileSync(join(root, 'b/outputs/a.stdout'), 'utf8')).toBe('one');
  });

  it.each(['../a', 'a/b', '.a', '', 'a\0', '-'])('has no name such as %j', (name) => {
    const artifacts = artifactsIn(join(root, 'c'), createRedactor());
    expect(() => artifacts.keep(name, Buffer.alloc(1))).toThrow('not safe');
  });
});

describe('the folder of a run', () => {
  it('is made when it is needed, and private', () => {
    const artifacts = artifactsIn(join(root, 'd/e'), createRedactor());
    expect(existsSync(join(root, 'd'))).toBe(false);
    expect(statSync(artifacts.folder).mode & 0o777).toBe(0o700);
  });
});

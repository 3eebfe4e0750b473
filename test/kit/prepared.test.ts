import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { copyPrepared, digestOf } from './prepared.ts';
import { workFolder } from './project.ts';

const folder = workFolder('prepared');
let builds = 0;

async function make(target: string): Promise<void> {
  builds += 1;
  await Promise.resolve();
  writeFileSync(join(target, 'a'), `${builds}`);
}

describe('a set-up', () => {
  let targets: readonly string[];
  beforeEach((context) => {
    builds = 0;
    targets = ['one', 'two'].map((name) => join(folder, `${context.task.id}-${name}`));
    for (const target of targets) mkdirSync(target);
    const kept = join(folder, `${context.task.id}-kept`);
    mkdirSync(kept);
    vi.stubEnv('SEALIFT_PREPARED', kept);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const read = (): string[] => targets.map((target) => readFileSync(join(target, 'a'), 'utf8'));

  it('is built once, and copied each time', async () => {
    for (const target of targets) await copyPrepared('x', target, make);
    expect([builds, ...read()]).toEqual([1, '1', '1']);
    writeFileSync(join(targets[0] ?? '', 'a'), 'changed');
    await copyPrepared('x', targets[1] ?? '', make);
    expect(read()).toEqual(['changed', '1']);
  });

  it('is whole where two build it at once', async () => {
    await Promise.all(targets.map((target) => copyPrepared('x', target, make)));
    expect(builds).toBe(2);
    expect(new Set(read()).size).toBe(1);
  });

  it('is built by each where nothing is kept', async () => {
    vi.stubEnv('SEALIFT_PREPARED', undefined);
    for (const target of targets) await copyPrepared('x', target, make);
    expect(read()).toEqual(['1', '2']);
  });
});

describe('the digest of the code', () => {
  it('changes with a name and with a content, and with nothing else', () => {
    const code = join(folder, 'code');
    mkdirSync(join(code, 'src/sub'), { recursive: true });
    writeFileSync(join(code, 'src/sub/a.ts'), '1');
    const first = digestOf(code, ['src']);
    writeFileSync(join(code, 'other'), '1');
    expect(digestOf(code, ['src'])).toBe(first);
    writeFileSync(join(code, 'src/sub/a.ts'), '2');
    const second = digestOf(code, ['src']);
    writeFileSync(join(code, 'src/b.ts'), '');
    expect(new Set([first, second, digestOf(code, ['src'])]).size).toBe(3);
    expect(existsSync(join(code, 'src/b.ts'))).toBe(true);
  });
});

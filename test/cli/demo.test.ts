/** The demo and the committed example: they run, they are what they say, and they can fail. */

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { inOrderWithin } from '../docs/transcript.ts';

let folder = '';
let project = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
  project = join(folder, 'project');
  mkdirSync(project);
  cpSync('mapping', join(project, 'mapping'), { recursive: true });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function demo(): { status: number | null; stdout: string; stderr: string } {
  const args = ['test/demo.ts', '--project', project];
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

describe('npm run demo', () => {
  it('goes from nothing to a verified candidate, twice, as the README shows it', () => {
    const readme = readFileSync('README.md', 'utf8');
    const shown = /^```console\n(?=\$ npm ci && npm run demo)(.*?)^```$/ms.exec(readme)?.[1] ?? '';
    const [, ...excerpt] = shown.trimEnd().split('\n');
    expect(excerpt.length).toBeGreaterThan(20);
    for (const time of ['first', 'second']) {
      const ran = demo();
      expect([time, ran.status, ran.stderr]).toEqual([time, 0, '']);
      expect(inOrderWithin(excerpt, ran.stdout.split('\n'))).toBeNull();
    }
  });

  it('writes nothing but what is not committed', () => {
    const ignored = readFileSync('.gitignore', 'utf8').split('\n');
    expect(readdirSync(project).sort()).toEqual([
      'legacy',
      'mapping',
      'storage_candidate',
      'storage_reports',
    ]);
    for (const line of ['/legacy/', '/storage_candidate/*', '/storage_reports/*']) {
      expect(ignored).toContain(line);
    }
    const files = readdirSync('mapping', { recursive: true }).map(String).sort();
    expect(readdirSync(join(project, 'mapping'), { recursive: true }).map(String).sort()).toEqual(
      files,
    );
    const names = files.filter((name) => /\.(json|md)$/.test(name));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      expect(readFileSync(join(project, 'mapping', name), 'utf8')).toBe(
        readFileSync(join('mapping', name), 'utf8'),
      );
    }
  });

  it('fails where the committed mapping is not what init writes (negative control)', () => {
    appendFileSync(join(project, 'mapping/modules/kunden.json'), ' ');
    const ran = demo();
    expect([ran.status, ran.stderr]).toEqual([
      1,
      'demo: this was expected, and is not so: mapping/modules/kunden.json is what init writes\n',
    ]);
  });
});

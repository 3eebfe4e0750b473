/** The demo and the committed example: they run, they are what they say, and they can fail. */

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { inOrderWithin } from '../docs/transcript.ts';
import { isLong } from '../kit/long.ts';

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

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Steps that run a command often take longer than the others together, and have tests of their own. */
const OFTEN: readonly (readonly [string, number])[] = [
  ['determinism', 8],
  ['drill', 9],
];
const LEFT_OUT = isLong('demo with its drill') ? [] : OFTEN;

function demo(leftOut: typeof OFTEN = []): Ran {
  const without = leftOut.flatMap(([name]) => ['--without', name]);
  const args = ['test/demo.ts', '--project', project, ...without];
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

/** What the README shows of it. */
function excerptOfReadme(): string[] {
  const readme = readFileSync('README.md', 'utf8');
  const shown = /^```console\n(?=\$ npm ci && npm run demo)(.*?)^```$/ms.exec(readme)?.[1] ?? '';
  return shown.trimEnd().split('\n').slice(1);
}

/** The lines of an excerpt from the title of a step to that of the next one. */
function stepOf(excerpt: readonly string[], number: number): string[] {
  const [from, to] = [number, number + 1].map((step) =>
    excerpt.findIndex((line) => line.startsWith(`${step}. `)),
  );
  return excerpt.slice(from, to);
}

function withoutSteps(excerpt: readonly string[], leftOut: typeof OFTEN): string[] {
  const text = leftOut.reduce(
    (left, [, number]) => left.replace(`${stepOf(excerpt, number).join('\n')}\n`, ''),
    excerpt.join('\n'),
  );
  return text.split('\n');
}

/** Lines of .gitignore any of which ignores what is in the project's folder of this name. */
function ignoringLines(name: string): string[] {
  return ['', '/', '/*'].map((end) => `/${name}${end}`);
}

describe('npm run demo', () => {
  it('finds all, seals the clean one, promotes it and comes back, as the README shows it', () => {
    const excerpt = excerptOfReadme();
    expect(excerpt.length).toBeGreaterThan(20);
    const ran = demo(LEFT_OUT);
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    const held = withoutSteps(excerpt, LEFT_OUT);
    expect(held.length).toBeGreaterThan(excerpt.length - 20);
    expect(inOrderWithin(held, ran.stdout.split('\n'))).toBeNull();
  });

  it('shows of the steps that are left out what their pages show', () => {
    const excerpt = excerptOfReadme();
    for (const [name, number] of OFTEN) {
      const page = readFileSync(`docs/commands/${name}.md`, 'utf8').split('\n');
      const shown = stepOf(excerpt, number).filter((line) => !/^(?:\d+\. |\$ |…|$)/.test(line));
      expect(shown.at(-1)).toBe(`${name}: PASS`);
      expect(shown.filter((line) => !page.includes(line))).toEqual([]);
    }
  });

  it('writes nothing but what is not committed', () => {
    const ignored = readFileSync('.gitignore', 'utf8').split('\n');
    const written = readdirSync(project).filter((name) => name !== 'mapping');
    expect(written).toEqual(
      expect.arrayContaining(['legacy', 'storage_candidate', 'storage_reports']),
    );
    const committed = written.filter(
      (name) => !ignoringLines(name).some((line) => ignored.includes(line)),
    );
    expect(committed).toEqual([]);
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

  it('fails where the mapping finds less than was planted (negative control)', () => {
    const file = join(project, 'mapping/modules/kunden.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(', "format": "phone"', ''));
    const ran = demo();
    expect([ran.status, ran.stderr]).toEqual([
      1,
      'demo: this was expected, and is not so: all 206 defects are found, not all but 5\n',
    ]);
    expect(ran.stdout).toContain('missed WARNING phone_invalid at kunden ');
    expect(ran.stdout).not.toContain('sealift -- migrate');
  });

  if (!isLong('demo with findings that were not planted')) return;

  it('fails where the mapping finds what was not planted (negative control)', () => {
    const file = join(project, 'mapping/modules/kunden.json');
    const text = readFileSync('mapping/modules/kunden.json', 'utf8');
    writeFileSync(file, text.replace('"aktiv", "passiv"', '"aktiv"'));
    const ran = demo();
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(
      /^demo: this was expected, and is not so: every finding has a planted defect, not all but \d+\n$/,
    );
  });
});

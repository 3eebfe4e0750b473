/** What docs/verify-without-sealift.md tells people to run does what the page says. */

import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HandMade, rootOf, seal, sha256, writeHandMade } from '../independent/handMade.ts';
import { isLong } from '../kit/long.ts';
import { blocks, runPython, runShell } from './verificationPage.ts';

const MODULES: HandMade = {
  project: { format: 1, name: 'tiny', namespace: '00000000-0000-4000-8000-000000000000' },
  modules: [
    { mapping: { module: 'dogs' }, records: people(7) },
    { mapping: { module: 'none' }, records: [] },
    { mapping: { module: 'one' }, records: [{ id: 1, name: 'Käthi \u2028 🐕' }] },
  ],
};

/** Numbers of leaves: those that differ in kind come first. */
const SIZES: readonly number[] = [0, 1, 7, 32, 65, ...Array.from({ length: 71 }, (_, n) => n)];

function people(count: number): { id: number; name: string | null }[] {
  return Array.from({ length: count }, (_, id) => ({ id, name: id % 3 === 0 ? null : `n${id}` }));
}

let folder = '';
let candidate = '';
let made = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'verify-'));
});
beforeEach(() => {
  candidate = join(folder, `v${(made += 1)}`);
  mkdirSync(candidate);
  writeHandMade(candidate, MODULES);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('docs/verify-without-sealift.md', () => {
  it('has one block of Python, short, with nothing but the standard library', () => {
    expect(blocks('python').length).toBe(1);
    const [program = ''] = blocks('python');
    expect(program.trim().split('\n').length).toBeLessThan(19);
    expect(program.match(/^import .*$/gm)).toEqual(['import hashlib, json, sys']);
  });

  it('recomputes the data root', () => {
    const ran = runPython(candidate);
    const { dataRoot } = JSON.parse(readFileSync(join(candidate, 'checksums/run.json'), 'utf8'));
    expect(ran).toEqual({ status: 0, stdout: `${String(dataRoot)}\n`, stderr: '' });
  });

  it('agrees with RFC 6962 for many numbers of leaves', () => {
    for (const count of isLong('trees of many sizes') ? SIZES : SIZES.slice(0, 5)) {
      const dir = join(candidate, `of${count}`);
      mkdirSync(dir, { recursive: true });
      writeHandMade(dir, {
        ...MODULES,
        modules: [{ mapping: { module: 'm' }, records: people(count) }],
      });
      expect([count, runPython(dir).status]).toEqual([count, 0]);
    }
  });

  it('knows the published root of one empty leaf', () => {
    const empty = '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d';
    expect(rootOf(['']).toString('hex')).toBe(empty);
  });

  it.each([
    ['a byte changed', (text: string) => text.replace('n1', 'n9')],
    ['a line is missing', (text: string) => text.replace(/.*\n/, '')],
    ['a line comes twice', (text: string) => text.replace(/(.*\n)/, '$1$1')],
    ['two lines are swapped', (text: string) => text.replace(/(.*\n)(.*\n)/, '$2$1')],
    ['lines end in CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['the last line feed is missing', (text: string) => text.slice(0, -1)],
  ])('fails where %s, even with a new SHA256SUMS (negative control)', (_, spoil) => {
    const file = join(candidate, 'dogs/data.ndjson');
    writeFileSync(file, spoil(readFileSync(file, 'utf8')));
    seal(candidate);
    expect(runPython(candidate)).toEqual({ status: 1, stdout: '', stderr: 'dogs differs\n' });
  });

  it.each(['dogs/schema.json', 'none/schema.json'])(
    'fails where the form in %s changed',
    (name) => {
      const file = join(candidate, name);
      writeFileSync(file, readFileSync(file, 'utf8').replace('false', 'true'));
      const ran = runPython(candidate);
      expect(ran).toEqual({ status: 1, stdout: '', stderr: 'the data root differs\n' });
    },
  );

  it('checks the files with sha256sum, and finds one changed byte', () => {
    expect(runShell('--strict', candidate).status).toBe(0);
    appendFileSync(join(candidate, 'mapping/project.json'), ' ');
    const ran = runShell('--strict', candidate);
    expect([ran.status, ran.stdout]).toEqual([1, expect.stringContaining('project.json: FAILED')]);
  });

  it('prints the seal id', () => {
    const ran = runShell('sha256sum checksums/SHA256SUMS', candidate);
    const sums = readFileSync(join(candidate, 'checksums/SHA256SUMS'));
    expect(ran.stdout.slice(0, 64)).toBe(sha256(sums));
  });
});

/**
 * The playbook's steps 2 to 6 and its rollback, in its own order, as docs/playbook.md shows them, and
 * what has to be so at its ends. `UPDATE_DOCS=1 npx vitest run test/cli/playbook.test.ts` writes the
 * transcript anew.
 */

import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { comparable, replay, type Step } from '../docs/transcript.ts';
import { generateDogSchool } from '../dogschool/generate.ts';
import { workFolder } from '../kit/project.ts';

const PAGE = 'docs/playbook.md';
const folder = workFolder('playbook');
const work = join(folder, 'kennel');
let steps: readonly Step[] = [];

beforeAll(async () => {
  mkdirSync(join(work, 'legacy'), { recursive: true });
  cpSync('mapping', join(work, 'mapping'), { recursive: true });
  generateDogSchool(join(work, 'legacy/dogschool.db'), { rows: 2000, seed: 1 });
  steps = await replay(PAGE, folder);
});

/** Where this command is on the page. */
function placeOf(command: string): number {
  const at = steps.findIndex((step) => step.command === command);
  expect(at, command).toBeGreaterThan(-1);
  return at;
}

function output(command: string): readonly string[] {
  return steps[placeOf(command)]?.actual ?? [];
}

/** What `echo $?` said after it. */
function exitCode(command: string): string | undefined {
  const next = steps[placeOf(command) + 1];
  expect(next?.command).toBe('echo $?');
  return next?.actual[0];
}

const FAILING = 'MIGRATE_FAIL_AFTER_MODULE=kurse sealift migrate';
const SUMMARY = 'storage_reports/latest-scan/summary.json';
const DIFF = 'diff -r storage_candidate/v1-run1 storage_candidate/v1';
const LEFT =
  'readlink storage_candidate/v1 | cmp - before.link && sealift verify-checksums | tail -1';
const ROOTS = `grep -o '"root":"[0-9a-f]*"' storage_candidate/v1/*/checksums/merkle.json`;
const SAME =
  'sha256sum < storage_candidate/v1/checksums/SHA256SUMS | cmp - seal-id.txt && echo the same';

describe('the playbook', () => {
  it('goes as its page says', () => {
    expect(steps.length).toBeGreaterThan(30);
    for (const { command, expected, actual } of steps) {
      expect([command, ...comparable(actual)]).toEqual([command, ...comparable(expected)]);
    }
  });

  it('step 2 and 3: no blocker, no warning', () => {
    expect(output('sealift dry-run').at(-1)).toBe('dry-run: PASS');
    expect(exitCode('sealift scan-all')).toBe('0');
    const counts = output(`grep -A 4 '"counts"' ${SUMMARY}`).join('').replaceAll(' ', '');
    expect(counts).toContain('"BLOCKER":0,"WARNING":0,');
    expect([exitCode(DIFF), ...output(DIFF)]).toEqual(['0']);
    expect(output('sealift determinism --workers 2').at(-1)).toBe('determinism: PASS');
  });

  it('step 4: the root of every module is there', () => {
    const modules = readdirSync('mapping/modules').filter((name) => name.endsWith('.json'));
    expect(modules.length).toBeGreaterThan(8);
    expect(output(ROOTS)).toHaveLength(modules.length);
  });

  it('step 5: a failure ends with 1, and leaves what was there before, or nothing', () => {
    expect(exitCode(FAILING)).toBe('1');
    expect(output(LEFT)).toEqual(['verify-checksums: PASS']);
    expect(exitCode(`${FAILING} --project fresh`)).toBe('1');
    expect(output('ls fresh/storage_candidate')).toEqual([]);
    const left = readdirSync(join(work, 'fresh/storage_candidate'));
    expect(left.filter((name) => !name.startsWith('.lock'))).toEqual([]);
    expect(output(SAME)).toEqual(['the same']);
  });

  it('step 6 and the rollback: the pointer is flipped, and back, and scanned', () => {
    expect(output('sealift promote --who ada').at(-1)).toBe('promote: DONE');
    expect(output('sealift rollback --who ada').at(-1)).toBe('rollback: DONE');
    expect(output('readlink storage_live | cmp - spring.link && echo spring is live')).toEqual([
      'spring is live',
    ]);
    expect(output('sealift scan-all --candidate live').at(-1)).toBe('scan-all: PASS');
    expect(output('sealift scan-all --candidate live | tail -1')).toEqual(['scan-all: PASS']);
  });

  it('is named on its page line by line, with commands that there are', () => {
    const page = readFileSync(PAGE, 'utf8');
    const commands = new Set(readdirSync('docs/commands').map((name) => name.replace(/\.md$/, '')));
    const named = [...page.matchAll(/`sealift ([a-z-]+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(12);
    expect(named.filter((name) => !commands.has(name ?? ''))).toEqual([]);
  });
});

/**
 * The whole playbook in its own order, as docs/playbook.md shows it, with an operator and a reviewer,
 * and what has to be so at its ends. `UPDATE_DOCS=1 npx vitest run test/cli/playbook.test.ts` writes
 * the transcript anew.
 */

import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { comparable, replay, type Step } from '../docs/transcript.ts';
import { generateDogSchool } from '../dogschool/generate.ts';
import { workFolder } from '../kit/project.ts';
import { HAS_SSH_KEYGEN } from '../kit/reviewers.ts';

const PAGE = 'docs/playbook.md';
const folder = workFolder('playbook');
const work = join(folder, 'kennel');
let steps: readonly Step[] = [];

beforeAll(async () => {
  if (!HAS_SSH_KEYGEN) return;
  mkdirSync(join(work, 'legacy'), { recursive: true });
  cpSync('mapping', join(work, 'mapping'), { recursive: true });
  generateDogSchool(join(work, 'legacy/dogschool.db'), { rows: 600, seed: 1 });
  steps = await replay(PAGE, folder);
});

/** Where a command that begins like this is on the page; the first after `from`. */
function placeOf(command: string, from = 0): number {
  const at = steps.findIndex((step, index) => index >= from && step.command.startsWith(command));
  expect(at, command).toBeGreaterThan(-1);
  return at;
}

/** What the command said, the one that is the `nth` to begin like this. */
function output(command: string, nth = 1): readonly string[] {
  let at = placeOf(command);
  for (let left = nth; left > 1; left -= 1) at = placeOf(command, at + 1);
  return steps[at]?.actual ?? [];
}

/** What `echo $?` said after it. */
function exitCode(command: string): string | undefined {
  const next = steps[placeOf(command) + 1];
  expect(next?.command).toBe('echo $?');
  return next?.actual[0];
}

const FAILING = 'MIGRATE_FAIL_AFTER_MODULE=kurse sealift migrate';
const LEFT = 'readlink storage_candidate/v1 | cmp';
const ROOTS = `grep -o '"root":"[0-9a-f]*"' storage_candidate/v1/*/checksums/merkle.json`;
const SAME = 'sha256sum < storage_candidate/v1/checksums/SHA256SUMS | cmp';
const APPLICATION = 'node --no-warnings application.mjs';

describe.skipIf(!HAS_SSH_KEYGEN)('the playbook', () => {
  it('goes as its page says', () => {
    expect(steps.length).toBeGreaterThan(60);
    for (const { command, expected, actual } of steps) {
      expect([command, ...comparable(actual)]).toEqual([command, ...comparable(expected)]);
    }
  });

  it('preconditions: mapping and registries are frozen, and the way back is kept', () => {
    expect(output('tail -1 registry.txt')).toEqual(['registry check: PASS']);
    expect(output('sealift freeze --check').at(-1)).toBe('freeze: PASS');
    expect(output('sealift snapshot verify').at(-1)).toBe('snapshot verify: PASS');
  });

  it('step 1: the application is refused to write', () => {
    expect(output(APPLICATION)).toEqual(['not saved: attempt to write a readonly database']);
  });

  it('steps 2 and 3: no blocker, no warning, the same bytes again', () => {
    expect(output('tail -1 dry-run.txt')).toEqual(['dry-run: PASS']);
    expect(output('MIGRATE_OPERATOR=ada sealift scan-all', 2).at(-1)).toBe('scan-all: PASS');
    expect(exitCode('sealift scan schema references invariants pii checksums')).toBe('0');
    const counts = output(`grep -E '"(BLOCKER|WARNING)": '`);
    expect(counts).toHaveLength(12);
    expect(counts.filter((line) => !line.endsWith(': 0,'))).toEqual([]);
    expect([exitCode('diff -r'), ...output('diff -r')]).toEqual(['0']);
  });

  it('step 4: the root of every module is there', () => {
    const modules = readdirSync('mapping/modules').filter((name) => name.endsWith('.json'));
    expect(modules.length).toBeGreaterThan(8);
    expect(output(ROOTS)).toHaveLength(modules.length);
  });

  it('step 5: a failure ends with 1, and leaves what was there before, or nothing', () => {
    expect(exitCode(FAILING)).toBe('1');
    expect(output(LEFT)).toEqual(['the same']);
    expect(output('tail -1 verified.txt')).toEqual(['verify-checksums: PASS']);
    expect(exitCode(`${FAILING} --project fresh`)).toBe('1');
    expect(output('ls fresh/storage_candidate')).toEqual([]);
    const left = readdirSync(join(work, 'fresh/storage_candidate'));
    expect(left.filter((name) => !name.startsWith('.lock'))).toEqual([]);
    expect(output(SAME)).toEqual(['the same']);
  });

  it('review: nothing goes live before another person approves it', () => {
    expect(output('sealift promote --dry-run').at(-1)).toContain('requires 1 approval');
    expect(output('sealift review --approve --who ada').at(-1)).toContain('their own work');
    expect(output('sealift review', 3).at(-1)).toBe('review: DONE');
    expect(output('sealift review', 3).join('\n')).toContain('approved by berta, key SHA256:');
  });

  it('steps 6 to 8: the pointer is flipped, tested, and back, and scanned', () => {
    expect(output('sealift promote --who ada', 2).at(-1)).toBe('promote: DONE');
    expect(output('sealift smoke --who ada').at(-1)).toBe('smoke: PASS');
    expect(output('sealift rollback --who ada').at(-1)).toBe('rollback: DONE');
    expect(output('readlink storage_live | cmp')).toEqual(['spring is live']);
    expect(output('tail -1 back-smoke.txt')).toEqual(['smoke: PASS']);
    expect(output('tail -1 back.txt')).toEqual(['scan-all: PASS']);
  });

  it('rollback: a registry that was changed is restored from the snapshot', () => {
    expect(output('sealift freeze --check', 2).at(-1)).toBe('freeze: FAIL');
    expect(output('sealift snapshot restore').at(-1)).toBe('snapshot restore: DONE');
    expect(output('sealift freeze --check', 3).at(-1)).toBe('freeze: PASS');
  });

  it('afterwards: what is live is scanned and tested, and the evidence verifies', () => {
    expect(output('tail -1 live.txt')).toEqual(['promote: DONE']);
    expect(output('tail -1 live-scan.txt')).toEqual(['scan-all: PASS']);
    expect(output('sealift smoke --log').at(-1)).toBe('smoke: PASS');
    expect(output('sealift evidence verify').at(-1)).toBe('evidence verify: PASS');
    expect(output('cd cutover && sha256sum')).toEqual(['all files are unchanged']);
    expect(output(APPLICATION, 2)).toEqual(['saved']);
  });
});

describe('the page of the playbook', () => {
  it('has no command that does not exist, and empties no folder', () => {
    const page = readFileSync(PAGE, 'utf8');
    const commands = new Set(readdirSync('docs/commands').map((name) => name.replace(/\.md$/, '')));
    const named = [...page.matchAll(/(?<=`|^\$ (?:[A-Z_]+=\w+ )?)sealift ([a-z-]+)/gm)];
    expect(named.length).toBeGreaterThan(30);
    expect(named.map(([, name = '']) => name).filter((name) => !commands.has(name))).toEqual([]);
    expect(page).not.toMatch(/^\$ .*\brm -/m);
  });
});

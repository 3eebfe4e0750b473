/**
 * The transcripts of the documentation are what the commands print. `UPDATE_DOCS=1 npx vitest run
 * test/docs/transcripts.test.ts` writes them anew.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { attachmentsCommand } from '../../src/cli/attachments.ts';
import { cleanCommand } from '../../src/cli/clean.ts';
import { rolloutCommand } from '../../src/cli/rollout.ts';
import { cutoverCommand } from '../../src/cli/cutover.ts';
import { diffCommand } from '../../src/cli/diff.ts';
import { determinismCommand } from '../../src/cli/determinism.ts';
import { drillCommand } from '../../src/cli/drill.ts';
import { dryRunCommand } from '../../src/cli/dryRun.ts';
import { explainCommand } from '../../src/cli/explain.ts';
import { exportCommand } from '../../src/cli/export.ts';
import { freezeCommand } from '../../src/cli/freeze.ts';
import { freezeWritesCommand } from '../../src/cli/freezeWrites.ts';
import { processHost } from '../../src/cli/host.ts';
import { initCommand } from '../../src/cli/init.ts';
import { loadCommand } from '../../src/cli/load.ts';
import { migrateCommand } from '../../src/cli/migrate.ts';
import { promoteCommand } from '../../src/cli/promote.ts';
import { pruneCommand } from '../../src/cli/prune.ts';
import { reconcileCommand } from '../../src/cli/reconcile.ts';
import { registryCommand } from '../../src/cli/registry.ts';
import { reviewCommand } from '../../src/cli/review.ts';
import { rollbackCommand } from '../../src/cli/rollback.ts';
import {
  scanAllCommand,
  scanCommand,
  scanModuleCommand,
  scanPiiCommand,
} from '../../src/cli/scan.ts';
import { scanDriftCommand } from '../../src/cli/scanDrift.ts';
import { secretsCommand } from '../../src/cli/secrets.ts';
import { smokeCommand } from '../../src/cli/smoke.ts';
import { snapshotCommand } from '../../src/cli/snapshot.ts';
import { statusCommand } from '../../src/cli/status.ts';
import { unfreezeWritesCommand } from '../../src/cli/unfreezeWrites.ts';
import { verifyChecksumsCommand } from '../../src/cli/verifyChecksums.ts';

import { evidenceCommand } from '../../src/cli/evidence.ts';
import { keysCommand } from '../../src/cli/keys.ts';
import { exitCodeOfFailure } from '../../src/outcome/exitCode.ts';
import type { FailureCode } from '../../src/outcome/failure.ts';
import { KINDS } from '../../src/record/type.ts';
import { isLong } from '../kit/long.ts';
import { HAS_SSH_KEYGEN } from '../kit/reviewers.ts';
import { comparable, inOrderWithin, makeDatabase, replay } from './transcript.ts';

const FIRST = 'docs/your-first-migration.md';
const MAPPING = 'docs/mapping.md';
const PERSONAL = 'docs/personal-data.md';
const COMMANDS = readdirSync('docs/commands')
  .filter((name) => name !== 'README.md')
  .map((name) => `docs/commands/${name}`);
/** Pages whose commands sign, or verify what is signed. */
const SIGNING = /\/(?:review|evidence)\.md$/;
/** A drill takes longer than all other pages together. */
const REPLAYED = COMMANDS.filter((page) => {
  if (SIGNING.test(page)) return HAS_SSH_KEYGEN;
  return !page.endsWith('/drill.md') || isLong('page of drill');
});
const folders: string[] = [];

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pages-'));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

describe('the transcripts', () => {
  it('are there', () => {
    expect(COMMANDS.length).toBeGreaterThan(2);
  });

  it.each([FIRST, MAPPING, PERSONAL, ...REPLAYED])(
    'of %s are what the commands print',
    async (page) => {
      const folder = freshFolder();
      if (COMMANDS.includes(page)) makeDatabase(FIRST, folder);
      const steps = await replay(page, folder);
      expect(steps.length).toBeGreaterThan(1);
      for (const { command, expected, actual } of steps) {
        expect([command, ...comparable(actual)]).toEqual([command, ...comparable(expected)]);
      }
    },
  );

  it('would show a line that is not what is printed (negative control)', async () => {
    const folder = freshFolder();
    const page = join(folder, 'page.md');
    writeFileSync(page, '```console\n$ echo one; false\ntwo\n$ echo $?\n1\n```\n');
    const steps = await replay(page, folder);
    expect(steps.map(({ expected, actual }) => [expected, actual])).toEqual([
      [['two'], ['one']],
      [['1'], ['1']],
    ]);
  });

  it('run several commands as a shell does: after a failure, into files, through a filter', async () => {
    const folder = freshFolder();
    const page = join(folder, 'page.md');
    const lines = [
      'sealift status --nonsense > one.txt && sealift --help > two.txt',
      'ls *.txt; echo $?',
      'sealift status --nonsense > one.txt; sealift --help > two.txt',
      'echo $?; ls *.txt; grep -c "^Usage" two.txt',
      'sealift --help | grep -c "^Usage"',
      'sealift --help | grep nonsense',
      'echo $?',
    ];
    const console = lines.map((line) => `$ ${line}`).join('\n');
    writeFileSync(page, `\`\`\`console\n${console}\n\`\`\`\n`);
    const steps = await replay(page, folder);
    const complaint = [expect.stringMatching(/^sealift status: unknown option/)];
    expect(steps.map(({ actual }) => actual)).toEqual([
      complaint,
      ['one.txt', '0'],
      complaint,
      ['0', 'one.txt', 'two.txt', '1'],
      ['1'],
      [],
      ['1'],
    ]);
  });

  it('may leave out lines of an excerpt, and nothing else', () => {
    const whole = ['a', 'b', 'c', 'd'];
    expect(inOrderWithin(['a', 'b', '…', 'd'], whole)).toBeNull();
    expect(inOrderWithin(['a', 'c'], whole)).toBe('a');
    expect(inOrderWithin(['c', '…', 'a'], whole)).toBe('a');
  });
});

/** The options that a command takes. */
function optionsOf(name: string): string[] {
  const commands = [
    diffCommand,
    initCommand,
    registryCommand,
    freezeCommand,
    dryRunCommand,
    freezeWritesCommand,
    unfreezeWritesCommand,
    migrateCommand,
    scanAllCommand,
    scanModuleCommand,
    scanPiiCommand,
    scanCommand,
    scanDriftCommand,
    explainCommand,
    verifyChecksumsCommand,
    determinismCommand,
    drillCommand,
    reviewCommand,
    evidenceCommand,
    promoteCommand,
    loadCommand,
    reconcileCommand,
    smokeCommand,
    rollbackCommand,
    statusCommand,
    snapshotCommand,
    exportCommand,
    cleanCommand,
    pruneCommand,
    attachmentsCommand,
    secretsCommand,
    keysCommand,
    cutoverCommand,
    rolloutCommand,
  ].map((make) => make(ignore, processHost()));
  const command = commands.find((candidate) => candidate.name() === name);
  const parts = [command, ...(command?.commands ?? [])];
  const options = parts.flatMap((part) => part?.options ?? []).map((option) => option.long ?? '');
  return [...new Set(options)];
}

function ignore(): void {}

describe('the help of a command', () => {
  it.each(COMMANDS)('%s names each option that there is, and no other', (page) => {
    const text = readFileSync(page, 'utf8');
    const name = /commands\/(.*)\.md$/.exec(page)?.[1] ?? '';
    const lines = text.matchAll(new RegExp(`^sealift ${name} (.*)$`, 'gm'));
    const synopsis = [...lines].map(([, line]) => line).join('\n');
    const options = optionsOf(name);
    expect(options.length).toBeGreaterThan(name === 'completion' ? -1 : 1);
    for (const option of options)
      expect([text, synopsis].every((t) => t.includes(option))).toBe(true);
    const named = new Set(synopsis.match(/--[a-z-]+/g));
    expect([...named].filter((option) => !options.includes(option))).toEqual([]);
  });
});

describe('docs/mapping.md', () => {
  it('lists every type, and no other', () => {
    const section = /^### Types$(.*)/ms.exec(readFileSync(MAPPING, 'utf8'))?.[1] ?? '';
    const cells = [...section.matchAll(/^\| (`[^|]*`) \|/gm)].map((match) => match[1] ?? '');
    const named = cells.flatMap((cell) => cell.match(/(?<=`)[a-z]+/g) ?? []);
    expect([...new Set(named)].sort()).toEqual(KINDS);
  });
});

describe('docs/exit-codes.md', () => {
  it('gives each code of a failure the exit code that it has', () => {
    const page = readFileSync('docs/exit-codes.md', 'utf8');
    const rows = [...page.matchAll(/^\| (`[A-Z_`, ]+`) \| (\d+) \| (\d+) \|$/gm)];
    const listed = new Map<string, readonly number[]>();
    for (const [, codes = '', action, check] of rows) {
      for (const code of codes.match(/[A-Z_]+/g) ?? []) {
        listed.set(code, [Number(action), Number(check)]);
      }
    }
    const source = readFileSync('src/outcome/failure.ts', 'utf8');
    const codes = [...source.matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map((match) => match[1] ?? '');
    expect(codes.length).toBeGreaterThan(10);
    const real = codes.map((code): [string, readonly number[]] => [
      code,
      [
        exitCodeOfFailure(code as FailureCode, 'action'),
        exitCodeOfFailure(code as FailureCode, 'check'),
      ],
    ]);
    expect(listed).toEqual(new Map(real));
  });
});

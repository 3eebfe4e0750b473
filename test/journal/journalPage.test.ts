/** What docs/journal.md says to a third party is true. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { EVENT_NAMES } from '../../src/journal/readEvent.ts';
import { appendMembers, readJournal } from '../../src/journal/journal.ts';

const PAGE = readFileSync('docs/journal.md', 'utf8');
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython)
  process.stderr.write('notice: python3 is not here; tests that need it are skipped\n');

let parent: string;
let file: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'journal-'));
  const folder = join(parent, 'storage_journal');
  file = join(folder, 'journal.ndjson');
  for (const number of [1, 2, 3]) {
    const writer = { command: 'test', pid: process.pid, at: '2025-01-31T10:00:00.000Z' };
    appendMembers(folder, writer, [{ event: 'scan', number, text: 'Bärli' }]);
  }
});

afterEach(() => {
  rmSync(parent, { recursive: true });
});

function verify(): { status: number | null; stdout: string; stderr: string } {
  const script = /^```python\n(.*?)^```$/ms.exec(PAGE)?.[1] ?? '';
  expect(script.split('\n').length).toBeGreaterThan(10);
  return spawnSync('python3', ['-c', script, file], { encoding: 'utf8' });
}

describe.skipIf(!hasPython)('the Python on the page', () => {
  it('finds the same head', () => {
    expect(verify().stdout).toBe(`4 ${readJournal(join(parent, 'storage_journal')).head}\n`);
  });

  it('leaves out what a killed writer left', () => {
    const before = verify().stdout;
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"at":"20`);
    expect(verify().stdout).toBe(before);
  });

  it('names a line after one that was changed', () => {
    writeFileSync(file, readFileSync(file, 'utf8').replace('"number":1', '"number":7'));
    expect(verify()).toMatchObject({ status: 1, stdout: '' });
    expect(verify().stderr).toBe('line 3 does not follow from the one before\n');
  });
});

describe('the commands on the page', () => {
  it('give the same digest twice', () => {
    const [block = ''] = /^```\n(sed .*?)^```$/ms.exec(PAGE)?.slice(1) ?? [];
    const { stdout } = spawnSync('sh', ['-c', block], { cwd: parent, encoding: 'utf8' });
    const digests = stdout.match(/[0-9a-f]{64}/g) ?? [];
    expect(digests).toHaveLength(2);
    expect(digests[0]).toBe(digests[1]);
  });
});

describe('the events on the page', () => {
  it('are those that the code writes', () => {
    const table = PAGE.slice(PAGE.indexOf('| `event` | members |'), PAGE.indexOf('`recovered` is'));
    const named = [...table.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].flatMap(([, names]) =>
      (names ?? '').split(', ').map((name) => name.replaceAll('`', '')),
    );
    expect(named.filter((name) => name !== 'event').toSorted()).toEqual(EVENT_NAMES.toSorted());
  });
});

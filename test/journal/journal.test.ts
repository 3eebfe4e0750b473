/** The journal: what is in it stays, what was changed is seen, and a killed writer harms nothing. */

import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { assert, integer, nat, property } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { parseJournal, type JournalMembers } from '../../src/journal/line.ts';
import { appendMembers, readJournal } from '../../src/journal/journal.ts';

let parent: string;
let folder: string;
let file: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'journal-'));
  folder = join(parent, 'storage_journal');
  file = join(folder, 'journal.ndjson');
});

afterEach(() => {
  rmSync(parent, { recursive: true });
});

const WRITER = { command: 'test', pid: process.pid, at: '2025-01-31T10:00:00.000Z' };

function append(...events: JournalMembers[]): void {
  appendMembers(folder, WRITER, events);
}

const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

/** Three entries after the first line. */
function fill(): Buffer {
  append({ event: 'one', text: 'Ä "quoted"' });
  append({ event: 'two', list: [1, null] }, { event: 'three' });
  return readFileSync(file);
}

describe('a journal', () => {
  it('is empty where there is none, and reading makes none', () => {
    expect(readJournal(folder)).toMatchObject({ entries: [], head: '0'.repeat(64), length: 0 });
    expect(existsSync(folder)).toBe(false);
  });

  it('begins with its format; each line holds the digest of the one before', () => {
    const lines = fill().toString().trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'begin', format: 1, seq: 1 });
    for (const [index, line] of lines.entries()) {
      const before = index === 0 ? '0'.repeat(64) : sha256(`${lines[index - 1]}\n`);
      expect(JSON.parse(line)).toMatchObject({ prev: before, seq: index + 1, at: WRITER.at });
    }
    expect(readJournal(folder).head).toBe(sha256(`${lines[3]}\n`));
    expect(readJournal(folder).entries[1]).toMatchObject({ event: 'one', text: 'Ä "quoted"' });
  });

  it('only grows', () => {
    const before = fill();
    append({ event: 'four' });
    expect(readFileSync(file).subarray(0, before.length)).toEqual(before);
  });

  it('lets no event set what is the journal’s', () => {
    expect(() => append({ event: 'one', seq: 7 })).toThrow('has a member that the journal sets');
    expect(existsSync(file) ? readFileSync(file).length : 0).toBe(0);
  });

  it('takes all events of many processes, one after the other', async () => {
    const entry = fileURLToPath(new URL('./appender.ts', import.meta.url));
    const ends = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, [entry, folder, '10'], { stdio: 'inherit' });
      return new Promise((resolve) => child.on('close', resolve));
    });
    expect(await Promise.all(ends)).toEqual([0, 0, 0, 0]);
    expect(readJournal(folder).entries).toHaveLength(41);
  });
});

describe('a writer that dies', () => {
  it('leaves a part of its line anywhere: it is not read, and the next one notes it', () => {
    const whole = fill();
    const lastLine = whole.lastIndexOf(0x0a, -2) + 1;
    const kept = `${folder}-kept`;
    copyFileSync(file, kept);
    for (let length = lastLine + 1; length < whole.length; length += 7) {
      copyFileSync(kept, file);
      truncateSync(file, length);
      const torn = readFileSync(file).subarray(lastLine);
      const read = readJournal(folder);
      expect(read.entries).toHaveLength(3);
      expect(read.torn.length).toBe(torn.length);
      append({ event: 'next' });
      const { entries } = readJournal(folder);
      expect(entries.slice(3)).toMatchObject([
        { event: 'cut', bytes: torn.length, sha256: sha256(torn) },
        { event: 'next' },
      ]);
    }
  });

  it('leaves more than the next one writes: nothing of it stays', () => {
    fill();
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(5000, 'x')]));
    append({ event: 'next' });
    expect(readJournal(folder).entries.map(({ event }) => event)).toEqual([
      'begin',
      'one',
      'two',
      'three',
      'cut',
      'next',
    ]);
    expect(readJournal(folder).torn).toHaveLength(0);
  });

  it('leaves a part of the very first line', () => {
    mkdirSync(folder);
    writeFileSync(file, '{"at":"2025');
    append({ event: 'next' });
    const events = readJournal(folder).entries.map(({ event }) => event);
    expect(events).toEqual(['begin', 'cut', 'next']);
  });
});

describe('a journal that was changed', () => {
  it('is refused, whichever byte of any line but the last it was, or has another head', () => {
    const bytes = fill();
    const lastLine = bytes.lastIndexOf(0x0a, -2) + 1;
    const { head } = parseJournal(bytes, 'journal');
    let refused = 0;
    assert(
      property(nat(bytes.length - 2), integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        try {
          expect(parseJournal(changed, 'journal').head).not.toBe(head);
          expect(at).toBeGreaterThanOrEqual(lastLine);
        } catch (error) {
          expect(error).toMatchObject({ code: 'JOURNAL' });
          refused += 1;
        }
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });

  it.each([
    ['without its first line', (lines: string[]) => lines.slice(1)],
    ['without a line', (lines: string[]) => lines.toSpliced(1, 1)],
    ['with a line twice', (lines: string[]) => lines.toSpliced(1, 0, lines[1] ?? '')],
    ['in another order', ([a = '', b = '', c = '', d = '']: string[]) => [a, c, b, d]],
    ['with an empty line', (lines: string[]) => lines.toSpliced(2, 0, '')],
    ['in another layout', (lines: string[]) => lines.map((line) => line.replace(':', ': '))],
  ])('is refused %s, by readers and writers', (_, change) => {
    const lines = fill().toString().trimEnd().split('\n');
    writeFileSync(file, `${change(lines).join('\n')}\n`);
    expect(() => readJournal(folder)).toThrow(expect.objectContaining({ code: 'JOURNAL' }));
    const before = readFileSync(file);
    expect(() => append({ event: 'next' })).toThrow(expect.objectContaining({ code: 'JOURNAL' }));
    expect(readFileSync(file)).toEqual(before);
  });

  it('is refused with a format that is not known', () => {
    const line = fill().toString().split('\n')[0] ?? '';
    writeFileSync(file, `${line.replace('"format":1', '"format":2')}\n`);
    expect(() => readJournal(folder)).toThrow('does not know the format');
  });

  it('at its end is seen by whoever kept its head elsewhere', () => {
    const { head } = parseJournal(fill(), 'journal');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n`);
    expect(readJournal(folder).head).not.toBe(head);
  });
});

describe('an unexpected file in its place', () => {
  it.each(['folder', 'file'] as const)('is not written through: a link for the %s', (what) => {
    const elsewhere = join(parent, 'elsewhere');
    if (what === 'folder') {
      mkdirSync(elsewhere);
      symlinkSync(elsewhere, folder);
    } else {
      mkdirSync(folder);
      writeFileSync(elsewhere, '');
      symlinkSync(elsewhere, file);
    }
    expect(() => append({ event: 'one' })).toThrow('in place of the journal');
    expect(() => readJournal(folder)).toThrow('in place of the journal');
    if (what === 'file') expect(readFileSync(elsewhere)).toHaveLength(0);
  });
});

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { acquireLock, type Lock } from '../../src/disk/lock.ts';
import { Failure } from '../../src/outcome/failure.ts';

const HOLDER = { command: 'migrate', pid: 4711, since: '2025-01-31T10:00:00.000Z' };

describe('the lock of a folder', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealift-lock-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const take = (): Lock => acquireLock(folder, HOLDER);
  const refusal = (): Failure => {
    try {
      take().release();
    } catch (error) {
      if (error instanceof Failure) return error;
      throw error;
    }
    throw new Error('the lock was given');
  };

  it('is held by one, and free again after its release', () => {
    const lock = take();
    expect(refusal().code).toBe('BUSY');
    lock.release();
    take().release();
    expect(existsSync(join(folder, '.lock.json'))).toBe(false);
  });

  it('says who holds it since when, in one line', () => {
    const lock = take();
    expect(refusal().line()).toBe(
      'sealift migrate (process 4711, since 2025-01-31T10:00:00.000Z) is at work in this project' +
        ` (${join(folder, '.lock')}): wait until it has ended, then run again`,
    );
    lock.release();
  });

  it.each(['', 'null', '{', '{"command":"\\u001b[31m","pid":1,"since":"x"}', '[]', '1', '"x"'])(
    'is busy and shows nothing of a note that reads %j',
    (text) => {
      const lock = take();
      writeFileSync(join(folder, '.lock.json'), text);
      expect(refusal().message).toBe('another run is at work in this project');
      lock.release();
    },
  );

  it('does not mind what a crashed run left', () => {
    writeFileSync(join(folder, '.lock.json'), JSON.stringify(HOLDER));
    writeFileSync(join(folder, '.lock.json.new'), '{');
    writeFileSync(join(folder, '.lock'), '');
    take().release();
  });

  it.each(['.lock', '.lock.json'])('never follows a link at %s', (name) => {
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'precious');
    symlinkSync(elsewhere, join(folder, name));
    expect(refusal().code).toBe('CANDIDATE');
    expect(readFileSync(elsewhere, 'utf8')).toBe('precious');
  });

  it('never follows a link at the draft of its note', () => {
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'precious');
    symlinkSync(elsewhere, join(folder, '.lock.json.new'));
    take().release();
    expect(readFileSync(elsewhere, 'utf8')).toBe('precious');
  });

  it.each(['.lock', '.lock.json', '.lock-journal', '.lock-wal'])(
    'gives one line when a folder stands at %s',
    (name) => {
      mkdirSync(join(folder, name));
      try {
        take().release();
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
      expect(existsSync(join(folder, name))).toBe(true);
    },
  );

  it('gives one line when its file is something else', () => {
    writeFileSync(
      join(folder, '.lock'),
      'this is not a lock, but somebody wrote it here\n'.repeat(99),
    );
    expect(refusal().code).toBe('CANDIDATE');
    expect(readFileSync(join(folder, '.lock'), 'utf8')).toMatch(/^this is not a lock/);
  });
});

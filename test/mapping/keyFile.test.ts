/** Where keys come from, and which files are refused. */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseKeySource, readKey, writeNewKey, type KeyHost } from '../../src/mapping/keyFile.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { workFolder } from '../kit/project.ts';

const folder = workFolder('keys');
const SECRET = 'canary-canary-canary-canary-0123';
const userId = process.getuid?.() ?? null;
const host: KeyHost = { env: {}, userId };
let made = 0;

function newPath(): string {
  return join(folder, `key${(made += 1)}`);
}

/** A key file as `keys generate` makes it. */
function keyFile(): string {
  const path = newPath();
  writeNewKey('k1', Buffer.from(SECRET), path);
  return path;
}

const read = (path: string, about: Partial<KeyHost> = {}): string =>
  readKey('k1', { from: 'file', path }, { ...host, ...about }).kid;

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.line()).not.toContain('canary');
    expect(error.line()).not.toContain(Buffer.from(SECRET).toString('base64url').slice(0, 8));
    return error.line();
  }
  throw new Error('not refused');
}

describe('a key file', () => {
  it('is written for its owner alone, whatever the umask, and read back', () => {
    const before = process.umask(0);
    const path = newPath();
    const { kid } = writeNewKey('k1', Buffer.from(SECRET), path);
    process.umask(before);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(read(path)).toBe(kid);
  });

  it('is never overwritten, even as a link to nothing', () => {
    const path = keyFile();
    const content = readFileSync(path, 'utf8');
    const other = Buffer.alloc(32, 'x1');
    expect(messageOf(() => writeNewKey('k1', other, path))).toContain('is not overwritten');
    expect(readFileSync(path, 'utf8')).toBe(content);
    const link = newPath();
    symlinkSync(newPath(), link);
    expect(messageOf(() => writeNewKey('k1', Buffer.alloc(32, 'x1'), link))).toContain('exists');
  });

  it('is not made of zeros, and leaves nothing then', () => {
    const path = newPath();
    expect(messageOf(() => writeNewKey('k1', Buffer.alloc(32), path))).toContain('all zero');
    expect(messageOf(() => read(path))).toContain('is missing');
  });

  it('cannot be written where there is no folder', () => {
    const path = join(newPath(), 'key');
    expect(messageOf(() => writeNewKey('k1', Buffer.from(SECRET), path))).toContain(path);
  });

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666])(
    'is refused with mode %o',
    (mode) => {
      const path = keyFile();
      chmodSync(path, mode);
      expect(messageOf(() => read(path))).toContain('others can open');
      chmodSync(path, 0o400);
      expect(read(path)).toHaveLength(22);
    },
  );

  it('is refused if another user owns it', () => {
    const path = keyFile();
    expect(messageOf(() => read(path, { userId: (userId ?? 0) + 1 }))).toContain('another user');
  });

  it('is refused as a symbolic link, and below one', () => {
    const path = keyFile();
    const link = newPath();
    symlinkSync(path, link);
    expect(messageOf(() => read(link))).toContain('symbolic link');
    const below = newPath();
    symlinkSync(folder, below);
    const through = join(below, path.slice(folder.length + 1));
    if (process.platform === 'linux') {
      expect(messageOf(() => read(through))).toContain('symbolic link');
    }
  });

  it('is refused if it is a folder, a pipe, large, cut or missing', () => {
    const directory = newPath();
    mkdirSync(directory, { mode: 0o700 });
    expect(messageOf(() => read(directory))).toContain('small ordinary file');
    const pipe = newPath();
    if (spawnSync('mkfifo', ['-m', '600', pipe]).status === 0) {
      expect(messageOf(() => read(pipe))).toContain('small ordinary file');
    }
    const large = newPath();
    writeFileSync(large, 'canary'.repeat(1000), { mode: 0o600 });
    expect(messageOf(() => read(large))).toContain('small ordinary file');
    const cut = newPath();
    writeFileSync(cut, readFileSync(keyFile(), 'utf8').slice(0, -3), { mode: 0o600 });
    expect(messageOf(() => read(cut))).toContain('is damaged');
    expect(messageOf(() => read(newPath()))).toContain('is missing');
  });
});

describe('a key', () => {
  const path = keyFile();
  const line = readFileSync(path, 'utf8');
  const kid = read(path);

  it('comes from a descriptor', () => {
    const descriptor = openSync(path, 'r');
    expect(readKey('k1', { from: 'fd', descriptor }, host).kid).toBe(kid);
    // It is read to its end by then.
    expect(messageOf(() => readKey('k1', { from: 'fd', descriptor }, host))).toContain('is empty');
    closeSync(descriptor);
    expect(messageOf(() => readKey('k1', { from: 'fd', descriptor: 9999 }, host))).toContain(
      'cannot be read',
    );
  });

  it('is not read without end', () => {
    const descriptor = openSync('/dev/zero', 'r');
    expect(messageOf(() => readKey('k1', { from: 'fd', descriptor }, host))).toContain('too long');
    closeSync(descriptor);
  });

  it('comes from the environment', () => {
    const source = { from: 'env', variable: 'K1' } as const;
    expect(readKey('k1', source, { env: { K1: line }, userId }).kid).toBe(kid);
    expect(messageOf(() => readKey('k1', source, host))).toContain('set K1');
    expect(messageOf(() => readKey('k1', source, { env: { K1: '' }, userId }))).toContain('empty');
  });

  it("comes from PaperScraper's variables", () => {
    const env = { JWT_SECRET_KEY: SECRET };
    expect(readKey('k1', { from: 'paperscraper' }, { env, userId }).kid).toHaveLength(22);
  });

  it('has a source that is written as one word', () => {
    expect(parseKeySource('file:keys/k1:old.key')).toEqual({
      from: 'file',
      path: 'keys/k1:old.key',
    });
    expect(parseKeySource('fd:3')).toEqual({ from: 'fd', descriptor: 3 });
    expect(parseKeySource('env:K_1')).toEqual({ from: 'env', variable: 'K_1' });
    expect(parseKeySource('derived:paperscraper')).toEqual({ from: 'paperscraper' });
  });

  it.each([
    line,
    SECRET,
    `key:${SECRET}`,
    'file:',
    'fd:',
    'fd:x',
    'fd:-1',
    'env:',
    `env:${SECRET}`,
    'env:A=B',
    'derived:other',
    '',
  ])('is never an argument, nor repeated in a message (%#)', (text) => {
    expect(messageOf(() => parseKeySource(text))).toContain('use file:PATH');
  });
});

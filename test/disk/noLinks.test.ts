/** Paths over no link: what is planted on the way is not followed, and what is open stays the same. */

import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createFile, makeFolder, swapLink } from '../../src/disk/durable.ts';
import { acquireLock } from '../../src/disk/lock.ts';
import {
  entriesOf,
  inFolder,
  makeTemporary,
  openHandleNoLinks,
  openNoLinks,
  realFolder,
  remove,
  removeFile,
  rename,
  statOf,
} from '../../src/disk/noLinks.ts';

const openFiles = (): number => readdirSync('/proc/self/fd').length;

// Elsewhere names are all there is.
describe.skipIf(process.platform !== 'linux')('a path over no link', () => {
  let root: string;
  let inside: string;
  let outside: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sealift-links-'));
    [inside, outside] = [join(root, 'inside'), join(root, 'outside')];
    mkdirSync(join(inside, 'folder'), { recursive: true });
    mkdirSync(join(outside, 'folder'), { recursive: true });
    writeFileSync(join(inside, 'folder/file'), 'ours');
    writeFileSync(join(outside, 'folder/file'), 'theirs');
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  /** As somebody does who is quicker. */
  function swap(): void {
    renameSync(inside, join(root, 'aside'));
    symlinkSync(outside, inside);
  }

  const unchanged = (): void => {
    expect(readdirSync(outside, { recursive: true })).toEqual(['folder', 'folder/file']);
    expect(readFileSync(join(outside, 'folder/file'), 'utf8')).toBe('theirs');
  };

  it('leads to what is there, as any other', () => {
    const file = openNoLinks(join(inside, 'folder/file'), constants.O_RDONLY);
    expect(readFileSync(file, 'utf8')).toBe('ours');
    closeSync(file);
    expect(entriesOf(inside).map(({ name }) => name)).toEqual(['folder']);
    expect(statOf(join(inside, 'folder'))?.isDirectory()).toBe(true);
    expect(statOf(join(inside, 'nothing/at/all'))).toBeUndefined();
    expect(entriesOf('/').length).toBeGreaterThan(1);
  });

  it('leads nowhere where a folder on it is a link', async () => {
    swap();
    const file = join(inside, 'folder/file');
    const acts: (() => unknown)[] = [
      () => openNoLinks(file, constants.O_RDONLY),
      () => createFile(join(inside, 'folder/new')),
      () => makeFolder(join(inside, 'folder/new/newer')),
      () => makeFolder(inside),
      () => makeTemporary(join(inside, 'folder/new-')),
      () => entriesOf(join(inside, 'folder')),
      () => entriesOf(inside),
      () => statOf(file),
      () => remove(file),
      () => removeFile(file),
      () => rename(file, join(root, 'aside/file')),
      () => rename(join(root, 'aside/folder/file'), join(inside, 'file')),
      () => swapLink(join(inside, 'link'), 'folder'),
      () => acquireLock(inside, { command: 'migrate', pid: 1, since: '-' }),
    ];
    for (const act of acts) expect(act, String(act)).toThrow();
    await expect(openHandleNoLinks(file, constants.O_RDONLY)).rejects.toThrow('ENOTDIR');
    unchanged();
  });

  it('does not follow its last name either', () => {
    const link = join(inside, 'link');
    symlinkSync(join(outside, 'folder'), link);
    expect(() => entriesOf(link)).toThrow('ENOTDIR');
    expect(statOf(link)?.isSymbolicLink()).toBe(true);
    remove(link);
    expect(existsSync(link)).toBe(false);
    symlinkSync(join(outside, 'folder/file'), link);
    expect(() => openNoLinks(link, constants.O_RDONLY)).toThrow('ELOOP');
    removeFile(link);
    expect(existsSync(link)).toBe(false);
    unchanged();
  });

  it('stays in the folder that is open, whatever its name leads to by now', () => {
    inFolder(join(inside, 'folder'), (at) => {
      swap();
      expect(readFileSync(join(at, 'file'), 'utf8')).toBe('ours');
      rename(join(at, 'file'), join(at, 'moved'));
      writeFileSync(join(at, 'new'), '');
    });
    expect(readdirSync(join(root, 'aside/folder'))).toEqual(['moved', 'new']);
    unchanged();
  });

  it('of a real folder is found before, be it there or not', () => {
    symlinkSync(inside, join(root, 'link'));
    expect(realFolder(join(root, 'link/folder'))).toBe(join(inside, 'folder'));
    expect(realFolder(join(root, 'link/not/there'))).toBe(join(inside, 'not/there'));
  });

  it('leaves no folder open', () => {
    const before = openFiles();
    for (let round = 0; round < 10; round += 1) {
      entriesOf(inside);
      expect(() => entriesOf(join(inside, 'folder/file/deeper'))).toThrow();
      expect(() => openNoLinks(join(inside, 'nothing'), constants.O_RDONLY)).toThrow();
    }
    expect(openFiles()).toBe(before);
  });
});

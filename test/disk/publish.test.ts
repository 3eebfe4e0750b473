/** What happens on the disk when a candidate is sealed and published, and in which order. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createFile, linkState, swapLink, writeFileDurably } from '../../src/disk/durable.ts';
import { writeReport } from '../../src/disk/reportFolder.ts';
import { Failure } from '../../src/outcome/failure.ts';
import {
  nameToPublish,
  openStaging,
  openStore,
  publishCandidate,
} from '../../src/seal/candidateStore.ts';

const { log } = vi.hoisted(() => ({ log: [] as string[] }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const paths = new Map<number, string>();
  // Names in a folder that is open, by the folder's own.
  const named = (path: string): string =>
    path.replace(/^\/proc\/self\/fd\/\d+/, (folder) => fs.readlinkSync(folder));
  return {
    ...fs,
    openSync: (...args: Parameters<typeof fs.openSync>) => {
      const file = fs.openSync(...args);
      paths.set(file, named(String(args[0])));
      return file;
    },
    fsyncSync: (file: number) => {
      fs.fsyncSync(file);
      log.push(`sync ${paths.get(file)}`);
    },
    renameSync: (from: string, to: string) => {
      fs.renameSync(from, to);
      log.push(`rename ${named(from)} ${named(to)}`);
    },
    rmSync: (...args: Parameters<typeof fs.rmSync>) => {
      const path = String(args[0]);
      const isThere = fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
      fs.rmSync(...args);
      if (isThere) log.push(`remove ${named(path)}`);
    },
    symlinkSync: (target: string, path: string) => {
      fs.symlinkSync(target, path);
      log.push(`link ${named(path)} ${target}`);
    },
  };
});

const ID = 'c'.repeat(64);

function* brokenChunks(): Generator<Uint8Array> {
  yield Buffer.from('half');
  throw new Error('no more');
}

describe('publishing', () => {
  let folder: string;
  let store: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealift-disk-'));
    store = join(folder, 'storage_candidate');
    log.length = 0;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const events = (): string[] => log.map((line) => line.replaceAll(`${folder}/`, ''));

  function publish(): void {
    openStore(store);
    const staging = openStaging(store);
    writeFileDurably(join(staging.candidate, 'file'), 'content');
    publishCandidate(store, staging, nameToPublish(store, ID));
  }

  it('moves the candidate, syncs both folders, and only then swaps the link', () => {
    publish();
    const s = 'storage_candidate';
    expect(events()).toEqual([
      // The folder that the store was made in.
      `sync ${folder}`,
      `sync ${s}/.staging/candidate/file`,
      `rename ${s}/.staging/candidate ${s}/sealed/${ID}`,
      `sync ${s}/sealed`,
      `sync ${s}`,
      `link ${s}/.v1.new sealed/${ID}`,
      `rename ${s}/.v1.new ${s}/v1`,
      `sync ${s}`,
    ]);
  });

  it('keeps the candidate before, also where the new one has the same seal', () => {
    publish();
    publish();
    expect(readlinkSync(join(store, 'v1'))).toBe(`sealed/${ID}.2`);
    publish();
    expect(readlinkSync(join(store, 'v1'))).toBe(`sealed/${ID}.3`);
    for (const name of [ID, `${ID}.2`, `${ID}.3`]) {
      expect(readFileSync(join(store, 'sealed', name, 'file'), 'utf8')).toBe('content');
    }
  });

  it('makes folders and files that only their owner can read, and nobody can write', () => {
    publish();
    expect(statSync(store).mode & 0o777).toBe(0o700);
    expect(statSync(join(store, 'sealed', ID)).mode & 0o777).toBe(0o500);
    expect(statSync(join(store, 'v1/file')).mode & 0o777).toBe(0o400);
  });

  it('throws away what an earlier run left in staging, and follows no link there', () => {
    openStore(store);
    const { candidate } = openStaging(store);
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'precious'), '');
    symlinkSync(elsewhere, join(candidate, 'link'));
    openStaging(store);
    expect(existsSync(join(candidate, 'link'))).toBe(false);
    expect(existsSync(join(elsewhere, 'precious'))).toBe(true);
  });

  it('never shows a reader anything but the old target or the new one', () => {
    const link = join(folder, 'link');
    symlinkSync('old', link);
    log.length = 0;
    swapLink(link, 'new');
    expect(events()).toEqual(['link .link.new new', 'rename .link.new link', `sync ${folder}`]);
    expect(linkState(link)).toEqual({ target: 'new' });
  });

  it('swaps a link although a crashed run left its draft', () => {
    symlinkSync('draft', join(folder, '.link.new'));
    swapLink(join(folder, 'link'), 'target');
    expect(linkState(join(folder, 'link'))).toEqual({ target: 'target' });
    expect(linkState(join(folder, '.link.new'))).toBe('absent');
  });

  it('says what stands in the place of a link', () => {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('nowhere', join(folder, 'dangling'));
    expect(linkState(join(folder, 'nothing'))).toBe('absent');
    expect(linkState(join(folder, 'file'))).toBe('occupied');
    expect(linkState(folder)).toBe('occupied');
    expect(linkState(join(folder, 'dangling'))).toEqual({ target: 'nowhere' });
  });

  it('creates a file only where nothing is, a dangling link included', () => {
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'dangling'));
    expect(() => createFile(join(folder, 'dangling'))).toThrow(/EEXIST/);
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
  });

  it.each([
    'v1/a-folder',
    'v1',
    'v1->/elsewhere',
    'v1->sealed/../../elsewhere',
    `v1->sealed/${ID}/..`,
    'v1->.staging',
    'sealed->/elsewhere',
    '.staging->/elsewhere',
    'sealed',
    '.staging',
  ])('refuses a store that has %s', (what) => {
    const [name = '', target] = what.split('->');
    mkdirSync(store);
    if (target !== undefined) symlinkSync(target, join(store, name));
    else if (name.includes('/')) mkdirSync(join(store, name), { recursive: true });
    else writeFileSync(join(store, name), '');
    expect(() => {
      openStore(store);
    }).toThrow(Failure);
  });

  function report(text: string): string {
    return writeReport(folder, { command: 'migrate', pid: 1 }, new Map([['a', text]]));
  }

  describe('of reports', () => {
    it('keeps each, and links the newest', () => {
      for (const text of ['one', 'two', 'three']) {
        const latest = report(text);
        expect(readFileSync(join(latest, 'a'), 'utf8')).toBe(text);
      }
      const first = join(folder, 'history/migrate-000001/a');
      expect(readFileSync(first, 'utf8')).toBe('one');
      expect(readlinkSync(join(folder, 'latest-migrate'))).toBe('history/migrate-000003');
    });

    it('writes the files, syncs them and their folder, and only then shows the report', () => {
      report('text');
      expect(events().filter((event) => !event.includes('.lock'))).toEqual([
        'sync history/.migrate.new/a',
        'sync history/.migrate.new',
        'rename history/.migrate.new history/migrate-000001',
        'sync history',
        'link .latest-migrate.new history/migrate-000001',
        'rename .latest-migrate.new latest-migrate',
        `sync ${folder}`,
      ]);
    });

    it('takes files in chunks, one after the other', () => {
      const chunks = ['one', ' ', 'two'].map((text) => Buffer.from(text));
      const latest = writeReport(folder, { command: 'migrate', pid: 1 }, new Map([['a', chunks]]));
      expect(readFileSync(join(latest, 'a'), 'utf8')).toBe('one two');
    });

    it('shows no report whose chunks end with an error', () => {
      report('before');
      const files = new Map([['a', brokenChunks()]]);
      expect(() => writeReport(folder, { command: 'migrate', pid: 1 }, files)).toThrow(/no more/);
      expect(readFileSync(join(folder, 'latest-migrate/a'), 'utf8')).toBe('before');
      expect(readFileSync(join(report('after'), 'a'), 'utf8')).toBe('after');
    });

    it.each(['history', 'latest-migrate'])('writes through no link at %s', (name) => {
      const elsewhere = mkdtempSync(join(tmpdir(), 'sealift-elsewhere-'));
      symlinkSync(elsewhere, join(folder, name));
      expect(() => report('text')).toThrow(/an unexpected file or link/);
      expect(existsSync(join(elsewhere, 'a'))).toBe(false);
      rmSync(elsewhere, { recursive: true });
    });
  });
});

/**
 * What a run publishes is on the disk before anybody can see it: every file and every folder of a
 * candidate, and each entry of the journal. Syncs are recorded in this process; on power cuts see
 * torture/powerCuts.ts.
 */

import { readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { listCandidate } from '../../src/seal/files.ts';
import { migrateHere, newProject } from './fixture.ts';
import { promoteHere, scanHere } from '../promote/fixture.ts';

/** Paths in the order in which they were synced, as they were called then. */
const { synced, note } = vi.hoisted(() => {
  const paths: string[] = [];
  const read = process.getBuiltinModule('node:fs').readlinkSync;
  return { synced: paths, note: (file: number) => paths.push(read(`/proc/self/fd/${file}`)) };
});

vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>();
  const fsyncSync: typeof fs.fsyncSync = (file) => {
    note(file);
    fs.fsyncSync(file);
  };
  const fsync = (file: number, done: (error: Error | null) => void): void => {
    note(file);
    fs.fsync(file, done);
  };
  return { ...fs, fsyncSync, fsync, default: { ...fs, fsyncSync, fsync } };
});
vi.mock('node:fs/promises', async (load) => {
  const promises = await load<typeof import('node:fs/promises')>();
  const open: typeof promises.open = async (...args) => {
    const handle = await promises.open(...args);
    const sync = handle.sync.bind(handle);
    handle.sync = () => {
      note(handle.fd);
      return sync();
    };
    return handle;
  };
  return { ...promises, open, default: { ...promises, open } };
});

const JOURNAL = 'storage_journal';

/** Its folder and its file, as often as they were synced, in order. */
function syncedOfJournal(project: string): string[] {
  const root = realpathSync(project);
  return synced
    .map((path) => relative(root, path))
    .filter((path) => path === JOURNAL || path === `${JOURNAL}/journal.ndjson`);
}

describe.skipIf(process.platform !== 'linux')('what is published', () => {
  let project = '';
  beforeAll(async () => {
    project = await newProject(20);
  });
  beforeEach(() => {
    synced.length = 0;
  });
  afterAll(() => rmSync(project, { recursive: true }));

  it('was synced before: every file and folder of a candidate, and of a journal that is new', async () => {
    await migrateHere(project);
    const folder = realpathSync(join(project, 'storage_candidate/v1'));
    const staging = realpathSync(join(project, 'storage_candidate'));
    const inStaging = synced
      .filter((path) => path.startsWith(join(staging, '.staging/candidate')))
      .map((path) => relative(join(staging, '.staging/candidate'), path));
    const files = listCandidate(folder).files;
    expect(files.length).toBeGreaterThan(15);
    expect(files.filter((file) => !inStaging.includes(file))).toEqual([]);
    const folders = ['', 'checksums', 'mapping', 'mapping/modules', 'dogs', 'dogs/checksums'];
    expect(folders.filter((one) => !inStaging.includes(one))).toEqual([]);
    // The seal comes last of the files, and its folders after it.
    expect(inStaging.findLast((path) => files.includes(path))).toBe('checksums/SHA256SUMS');
    // Then the journal in its new folder, and only then the candidate's own name.
    const journal = realpathSync(join(project, JOURNAL));
    const journaled = [realpathSync(project), journal, join(journal, 'journal.ndjson')];
    expect(synced.slice(-6)).toEqual([...journaled, join(staging, 'sealed'), staging, staging]);
  });

  it('was synced before: each entry of the journal', async () => {
    await scanHere(project);
    expect(syncedOfJournal(project)).toEqual([`${JOURNAL}/journal.ndjson`]);
    const journal = realpathSync(join(project, JOURNAL, 'journal.ndjson'));
    synced.length = 0;
    await promoteHere(project);
    // The intent, the link in its folder, then that it is done.
    const entries = synced.flatMap((path, at) => (path === journal ? [at] : []));
    expect(entries).toHaveLength(2);
    expect(synced.slice(entries[0], entries[1])).toContain(realpathSync(project));
    expect(readlinkSync(join(project, 'storage_live'))).toContain('sealed/');
  });
});

/** A sync that fails behind the swap of a link: what may not survive a power cut does not count as done. */

import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sealift } from '../kit/run.ts';
import { hasProgram } from '../kit/project.ts';
import { liveOf, storeOf } from '../promote/fixture.ts';
import { template } from '../torture/attack.ts';
import { traced } from '../torture/systemCalls.ts';

const HAS_STRACE = hasProgram('strace');

describe.skipIf(!HAS_STRACE)('a sync that fails behind the swap of a link', () => {
  let project: string;
  let scratch: string;

  beforeAll(async () => {
    project = await template();
    scratch = mkdtempSync(join(tmpdir(), 'sealift-sync-'));
  });
  afterAll(() => {
    rmSync(project, { recursive: true });
    rmSync(scratch, { recursive: true });
  });

  const current = (): string => readlinkSync(join(storeOf(project), 'v1'));

  /** Runs a command of which the last sync of a folder fails. */
  async function failing(command: string, path: string): ReturnType<typeof sealift> {
    const args = [command, '--project', project, '--workers', '1'];
    const env = { MIGRATE_RUN_ID: 'run-sync' };
    const call = { name: 'fsync', path, when: 2 };
    return traced(args, scratch, { fault: { call, with: 'EIO' }, env });
  }

  it('leaves promote with what was live, and the journal says that it was not done', async () => {
    const before = liveOf(project);
    const { code, stderr } = await failing('promote', project);
    expect(stderr).toContain('EIO');
    expect(code).toBe(1);
    expect(liveOf(project)).toBe(before);
    const { stdout } = await sealift(['status', '--project', project]);
    expect(stdout).toContain('before it took effect');
  });

  it('leaves migrate with the candidate before, and the next one works', async () => {
    const before = current();
    const { code, stderr } = await failing('migrate', storeOf(project));
    expect(code).toBe(1);
    expect(stderr).toContain('the file system returned EIO, nothing was published');
    expect(current()).toBe(before);
    expect((await sealift(['migrate', '--project', project])).code).toBe(0);
    expect(current()).not.toBe(before);
  });
});

/** Output that nobody reads any more: a command ends as it would have. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { initialise, temporaryFolder, writeKennel } from '../fault/fixture.ts';
import { COMPILED } from '../kit/compiled.ts';
import { sealift } from '../kit/run.ts';

const MAIN: string = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs a command whose standard output is closed before it writes; its exit code and errors. */
function unread(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: COMPILED },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

it('a command whose reader has gone away ends by its own exit code', async () => {
  const project = temporaryFolder();
  writeKennel(join(project, 'legacy.db'), 5);
  await initialise(project);
  for (const command of ['migrate', 'scan-all', 'promote', 'status']) {
    const { code, stderr } = await unread([command, '--project', project]);
    expect({ command, code }).toEqual({ command, code: 0 });
    expect(stderr).not.toContain('EPIPE');
  }
  expect(existsSync(join(project, 'storage_live'))).toBe(true);
  const refused = await unread(['promote', 'ffffffff', '--project', project]);
  expect(refused.code).toBe(1);
});

it('temporary files that have no place are a failure in one line', async () => {
  const project = temporaryFolder();
  writeKennel(join(project, 'legacy.db'), 5);
  await initialise(project);
  await sealift(['migrate', '--project', project]);
  const env = { TMPDIR: join(project, 'absent') };
  const { code, stderr } = await sealift(['scan-all', '--project', project], {
    env,
    process: true,
  });
  expect(code).toBe(2);
  expect(stderr).not.toContain('defect');
  expect(stderr).toContain(env.TMPDIR);
});

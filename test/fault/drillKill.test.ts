/**
 * A drill that is killed while its small disk is mounted, and what the next command finds. In a
 * mount namespace of its own; where that is not allowed it is skipped, with a notice.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { COMPILED } from '../kit/compiled.ts';
import { isLong } from '../kit/long.ts';
import { sealift } from '../kit/run.ts';
import { initialise, temporaryFolder, writeKennel } from './fixture.ts';

const MAIN: string = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Starts a drill, sends it a signal once its disk is there, then runs determinism. */
const SCRIPT = `
cd "$1"; main="$2"; signal="$3"
node=${JSON.stringify(process.execPath)}
"$node" "$main" drill --module dogs > drill.out 2>&1 &
drill=$!
for turn in $(seq 1 1500); do
  grep -q " $1/storage_candidate/.shadow-" /proc/mounts && break
  kill -0 $drill 2> /dev/null || break
  sleep 0.02
done
grep -c " $1/storage_candidate/.shadow-" /proc/mounts
kill -s "$signal" $drill; wait $drill; echo "drill $?"
"$node" "$main" determinism > determinism.out 2>&1; echo "determinism $?"
echo "mounts $(grep -c " $1/storage_candidate/.shadow-" /proc/mounts)"
`;

function canMount(): boolean {
  const script = 'mount -t tmpfs -o size=64k tmpfs /tmp';
  const able =
    process.platform === 'linux' && spawnSync('unshare', ['-m', 'sh', '-c', script]).status === 0;
  if (!able) process.stderr.write('notice: mounts are not allowed here; no drill is killed\n');
  return able;
}

function shadowsOf(project: string): string[] {
  return readdirSync(join(project, 'storage_candidate')).filter((name) =>
    name.startsWith('.shadow'),
  );
}

let project: string;
/** A link that is called like a shadow leads there. */
let elsewhere: string;
const PLANTED = '.shadow-planted';
beforeAll(async () => {
  project = temporaryFolder();
  writeKennel(join(project, 'legacy.db'), 20);
  await initialise(project);
  elsewhere = temporaryFolder();
  mkdirSync(join(elsewhere, 'full-disk'));
  mkdirSync(join(project, 'storage_candidate'));
  symlinkSync(elsewhere, join(project, 'storage_candidate', PLANTED));
});
afterAll(() => {
  for (const folder of [project, elsewhere]) rmSync(folder, { recursive: true });
});

const MOUNTS = canMount();

describe.skipIf(!MOUNTS)('a drill that ends early', () => {
  // What is killed cannot clean up, so that the other is the milder case.
  const interrupted: [string, number][] = isLong('drill interrupted') ? [['INT', 130]] : [];
  it.each([...interrupted, ['KILL', 137] as const])(
    'by SIG%s leaves nothing to the command that follows',
    (signal, code) => {
      const args = ['-m', 'sh', '-c', SCRIPT, 'sh', project, MAIN, signal];
      const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', NODE_COMPILE_CACHE: COMPILED };
      const { stdout } = spawnSync('unshare', args, { env, encoding: 'utf8' });
      expect(stdout).toBe(`1\ndrill ${code}\ndeterminism 0\nmounts 0\n`);
      expect(shadowsOf(project)).toEqual([PLANTED]);
    },
  );
});

describe('a link that is called like a shadow', () => {
  it('is not followed: nothing changes where it leads', async () => {
    // Where drills were killed, commands that clean up have been run beside it.
    if (!MOUNTS || isLong('a link beside shadows')) {
      const { code } = await sealift(['determinism', '--project', project], { process: true });
      expect(code).toBe(0);
    }
    expect(readdirSync(elsewhere)).toEqual(['full-disk']);
    expect(shadowsOf(project)).toEqual([PLANTED]);
  });
});

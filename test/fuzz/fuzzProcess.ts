/** Tries damaged copies one after the other, in a process that can be ended where one has no end. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { soundDatabases } from './databases.ts';
import { trial } from './trial.ts';

const [seed = 1, first = 0, count = 0] = process.argv.slice(2).map(Number);
// What is written is thrown away: in memory where there is such a folder.
const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const folder = mkdtempSync(join(base, 'sealift-damage-'));
const orphaned = (): never => process.exit(1);
process.on('disconnect', orphaned);
process.umask(0o077);
const sounds = soundDatabases(folder);
for (let number = first; number < first + count; number += 1) {
  process.send?.(await trial(sounds, seed, number, join(folder, 'project')));
}
rmSync(folder, { recursive: true });
process.off('disconnect', orphaned);
process.disconnect();

/**
 * Damaged copies of small databases, each of which has to be refused, or to be sound for SQLite's own
 * integrity check and arrive as an independent reading finds it. On demand:
 *
 *     npm run fuzz -- --count 10000 --seed 1 [--first 4200]
 *
 * A copy is made from its seed and number alone, so that a run goes on with --first, and one copy is
 * looked at again with --first N --count 1 --keep FILE, which writes it down as well.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { KINDS } from './damage.ts';
import { soundDatabases } from './databases.ts';
import { runTrials, type Ended } from './runTrials.ts';
import { copyOf } from './trial.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    keep: { type: 'string' },
  },
});
const range = {
  seed: Number(values.seed),
  first: Number(values.first),
  count: Number(values.count),
};
const EVERY = 500;

if (values.keep !== undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'sealift-damage-'));
  writeFileSync(values.keep, copyOf(soundDatabases(folder), range.seed, range.first).bytes);
  rmSync(folder, { recursive: true });
}

const shares = KINDS.map(({ name, share }) => `${name} ${share} %`);
say(`seed ${range.seed}, copies ${range.first} to ${range.first + range.count - 1}`);
say(`damaged in ${shares.join(', ')}`);

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const GOOD: readonly Ended['result'][] = ['refused', 'equal'];
const BAD: readonly Ended['result'][] = [
  'different',
  'accepted though damaged',
  'endless',
  'defect',
  'died',
];
const counts = new Map<string, number>([...GOOD, ...BAD].map((result) => [result, 0]));
const byKind = new Map<string, Map<string, number>>();
let [done, guarded] = [0, 0];

function add(to: Map<string, number>, name: string): void {
  to.set(name, (to.get(name) ?? 0) + 1);
}

function line(of: ReadonlyMap<string, number>): string {
  return [...of].map(([name, count]) => `${name} ${count}`).join(', ');
}

await runTrials(range, (ended) => {
  done += 1;
  add(counts, ended.result);
  const kind = byKind.get(ended.kind) ?? new Map<string, number>();
  byKind.set(ended.kind, kind);
  add(kind, ended.result);
  if (ended.guarded) guarded += 1;
  if (BAD.includes(ended.result) || range.count === 1) {
    const { number, database, kind: name, result, detail } = ended;
    say(`copy ${number} of ${database}, ${name}: ${result}\n  ${detail}`);
  }
  if (done % EVERY === 0) say(`${done}: ${line(counts)}`);
});
for (const [kind, of] of byKind) say(`${kind}: ${line(of)}`);
say(`${guarded} of the refused were refused without the check, too`);
say(`${done} copies: ${line(counts)}`);
const bad = BAD.reduce((sum, result) => sum + (counts.get(result) ?? 0), 0);
process.exitCode = bad === 0 && done === range.count && counts.get('equal') !== 0 ? 0 : 1;

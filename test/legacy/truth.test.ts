/**
 * The committed mapping finds every planted defect, and next to nothing else: in the legacy database
 * beside the checkout, in generated ones of other seeds, and in clean ones.
 *
 * `DOGSCHOOL_ROWS=1000000 npx vitest run test/legacy` adds a database of that many rows;
 * `DOGSCHOOL_SEEDS=11,12,13` takes other seeds, and prints the figures.
 */

import { describe, expect, it } from 'vitest';
import { join } from 'node:path';
import Database from 'better-sqlite3';

import { isLong } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { plantDefects } from '../dogschool/defects.ts';
import { generateDogSchool } from '../dogschool/generate.ts';
import { shared } from '../shared.ts';
import { assessAgainst, dryRunOf, readTruth } from './dryRun.ts';
import { describeAssessment, KINDS, type Assessment } from './truth.ts';

const LEGACY = shared('data/legacy/a10k.db');
const TRUTH = shared('data/legacy/a10k.truth.json');
const LARGE = Number(process.env['DOGSCHOOL_ROWS'] ?? 0);
const USUAL_SEEDS = isLong('DOGSCHOOL_SEEDS') ? '1,2,3' : '1';
const SEEDS = (process.env['DOGSCHOOL_SEEDS'] ?? USUAL_SEEDS).split(',').map(Number);
const UNMATCHED_SHARE = 0.01;
const FOLDER = workFolder('legacy');

/** Everything found, and at most one in a hundred findings that nobody planted. */
function expectTruth(assessment: Assessment, planted: number): void {
  const { missed, unmatched, judged, broken } = assessment;
  expect(assessment.planted).toBe(planted);
  expect(broken).toEqual([]);
  expect({ missed, lines: describeAssessment({ ...assessment, unmatched: [] }) }).toEqual({
    missed: [],
    lines: [],
  });
  const most = Math.floor(judged * UNMATCHED_SHARE);
  const lines = describeAssessment({ ...assessment, missed: [] });
  expect(lines, `at most ${most} of ${judged}`).toEqual(lines.slice(0, most));
  expect(unmatched.length).toBeLessThanOrEqual(most);
}

describe.skipIf(LEGACY === null || TRUTH === null)('the legacy database', () => {
  it('has its planted defects found, and no others', async () => {
    const [file, truth] = [LEGACY ?? '', readTruth(TRUTH ?? '')];
    const kinds = new Set(truth.defects.map(({ kind }) => kind));
    expect(KINDS.filter((kind) => !kinds.has(kind))).toEqual([]);
    const { ran, findings } = await dryRunOf(join(FOLDER, 'a10k'), file);
    expect(ran.code).toBe(2);
    expectTruth(assessAgainst(file, findings, truth), 205);
  });
});

describe('generated databases', () => {
  it.each(SEEDS)('seed %i has its planted defects found', (seed) => plantAndFind(seed, 5000, 5));

  it.each([
    [1, isLong('a clean legacy database') ? 10_000 : 3000],
    [2, 600],
  ])('seed %i of %i rows is clean', async (seed, rows) => {
    const file = join(FOLDER, `clean-${seed}.db`);
    generateDogSchool(file, { seed, rows });
    const { ran, findings } = await dryRunOf(join(FOLDER, `clean-${seed}`), file);
    expect(findings.filter(({ severity }) => severity !== 'INFO')).toEqual([]);
    expect(ran.code).toBe(0);
  });

  it('says of the copies of a spoilt name what they follow from', async () => {
    const file = join(FOLDER, 'copies.db');
    generateDogSchool(file, { seed: 5, rows: 600 });
    const db = new Database(file);
    const id = db.prepare<[], string>('SELECT trainerId FROM kurse').pluck().get() ?? '';
    const spoil = db.prepare("UPDATE trainer SET name = 'ZoÃ«' WHERE id = ? RETURNING rowid");
    const rowid = spoil.pluck().get(id) as number;
    const courses = db.prepare('SELECT count(*) FROM kurse WHERE trainerId = ?').pluck().get(id);
    db.close();
    const { findings } = await dryRunOf(join(FOLDER, 'copies'), file);
    const at = { table: 'trainer', rowid, column: 'name' };
    const planted = { kind: 'enc_mojibake', ...at, severity: 'WARNING' } as const;
    const assessment = assessAgainst(file, findings, { defects: [planted] });
    expectTruth(assessment, 1);
    expect(assessment.because.map(({ rule, module }) => [rule, module])).toEqual(
      Array.from({ length: Number(courses) }, () => ['copy', 'kurse']),
    );
    expect(courses).toBeGreaterThan(0);
  });

  it.skipIf(LARGE === 0)('a large one has its planted defects found', { timeout: 3_600_000 }, () =>
    plantAndFind(4, LARGE, Math.max(5, Math.floor(LARGE / 2000))),
  );
});

async function plantAndFind(seed: number, rows: number, perKind: number): Promise<void> {
  const file = join(FOLDER, `planted-${seed}-${rows}.db`);
  generateDogSchool(file, { seed, rows });
  const truth = plantDefects(file, { seed, perKind });
  expect(Object.keys(truth.defects_by_kind).sort()).toEqual(KINDS);
  const { findings } = await dryRunOf(join(FOLDER, `project-${seed}-${rows}`), file, rows > 10_000);
  const assessment = assessAgainst(file, findings, truth);
  if (process.env['DOGSCHOOL_SEEDS'] !== undefined) printFigures(seed, assessment);
  expectTruth(assessment, truth.defects.length);
  expect(
    findings.filter((finding) => truth.decoys.some((decoy) => touches(finding, decoy))),
  ).toEqual([]);
}

function printFigures(seed: number, { planted, missed, unmatched, judged }: Assessment): void {
  const recall = (1 - missed.length / planted).toFixed(4);
  const precision = (1 - unmatched.length / judged).toFixed(4);
  process.stdout.write(
    `seed ${seed}: ${planted} planted, recall ${recall}; precision ${precision}\n`,
  );
}

function touches(
  { source, field }: { source?: { table: string; row: number | string }; field?: string },
  decoy: { table: string; rowid: number; column: string },
): boolean {
  return source?.table === decoy.table && source.row === decoy.rowid && field === decoy.column;
}

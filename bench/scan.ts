/**
 * How fast each check of a scan is, and how much memory it takes, over a clean generated dog school:
 * the table in docs/commands/scan-all.md. Each check runs in a process of its own.
 *
 *     node bench/scan.ts --rows 1000000 --seed 1
 */

import { CHECKS, type Check } from '../src/outcome/checks.ts';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { WORKER } from '../src/cli/workerModule.ts';
import { createPool } from '../src/threads/pool.ts';
import { loadMapping } from '../src/mapping/loadMapping.ts';
import { scanCandidate } from '../src/scan/scanCandidate.ts';
import { verifyCandidate } from '../src/seal/verify.ts';
import { generateDogSchool } from '../test/dogschool/generate.ts';

const CHECKSUMS = 'checksums';
const MEMORY = 2 ** 30;
const WORKERS = 2;

interface Measured {
  readonly check: string;
  /** Known to the checksums alone. */
  readonly records: number;
  readonly findings: number;
  readonly seconds: number;
  /** MiB. */
  readonly peak: number;
}

/** Runs one check over a candidate, in this process. */
async function measure(check: string, candidate: string): Promise<Measured> {
  const mapping = await loadMapping(candidate);
  const scratch = mkdtempSync(join(tmpdir(), 'sealift-bench-'));
  let findings = 0;
  let records = 0;
  const begun = performance.now();
  const pool = createPool(WORKER, WORKERS, null);
  if (check === CHECKSUMS) {
    const verified = await verifyCandidate(candidate, null, pool);
    [findings, records] = [verified.findings.length, verified.records];
  } else {
    const scan = scanCandidate({
      folder: candidate,
      mapping,
      checks: [check as Check],
      pool,
      scratch,
      memory: MEMORY,
    });
    for await (const finding of scan) findings += finding.severity === 'INFO' ? 0 : 1;
  }
  const seconds = (performance.now() - begun) / 1000;
  await pool.close();
  rmSync(scratch, { recursive: true });
  return { check, records, findings, seconds, peak: process.resourceUsage().maxRSS / 1024 };
}

/** The table, in Markdown. */
function tableOf(all: readonly Measured[], records: number): string {
  const lines = all.map(({ check, seconds, peak }) => {
    const rate = Math.round(records / seconds / 1000) * 1000;
    const memory = Math.round(peak);
    return `| ${check} | ${seconds.toFixed(1)} s | ${rate.toLocaleString('en')} | ${memory} MiB |`;
  });
  const head = ['| check | time | records/s | peak memory |', '| --- | ---: | ---: | ---: |'];
  return [...head, ...lines, ''].join('\n');
}

function run(args: readonly string[]): string {
  return execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
}

function main(rows: number, seed: number): void {
  const project = mkdtempSync(join(tmpdir(), 'sealift-bench-'));
  try {
    generateDogSchool(join(project, 'legacy.db'), { rows, seed });
    cpSync(new URL('../mapping', import.meta.url), join(project, 'mapping'), { recursive: true });
    const sealift = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
    const source = `sqlite:${join(project, 'legacy.db')}`;
    run([sealift, 'migrate', '--project', project, '--source', source]);
    // A scan follows no link.
    const candidate = realpathSync(join(project, 'storage_candidate/v1'));
    const self = fileURLToPath(import.meta.url);
    const all = [CHECKSUMS, ...CHECKS].map(
      (check) => JSON.parse(run([self, '--check', check, '--candidate', candidate])) as Measured,
    );
    const records = all[0]?.records ?? 0;
    const found = all.reduce((sum, { findings }) => sum + findings, 0);
    if (records === 0 || found > 0) throw new Error(`${records} records, ${found} findings`);
    process.stdout.write(`${records} records\n\n${tableOf(all, records)}`);
  } finally {
    rmSync(project, { recursive: true });
  }
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    check: { type: 'string' },
    candidate: { type: 'string' },
  },
});
if (values.check === undefined) main(Number(values.rows), Number(values.seed));
else {
  const measured = await measure(values.check, values.candidate ?? '');
  process.stdout.write(JSON.stringify(measured));
}

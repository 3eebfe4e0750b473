/** `sealift scan CHECK…`: single checks, each with a report of its own, and their run id. */

import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CHECKS, SCANNED } from '../../src/outcome/checks.ts';
import { newProject } from '../fault/fixture.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { eventsOf } from '../promote/fixture.ts';

let project: string;

beforeAll(async () => {
  project = await newProject();
  expect((await sealift(['migrate', '--project', project])).code).toBe(0);
});

afterAll(() => {
  rmSync(project, { recursive: true });
});

const scan = (args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  sealift(['scan', ...args, '--project', project], { env });

interface Report {
  readonly command: string;
  readonly status: string;
  readonly runId: string;
  readonly checked: { readonly checks: string[]; readonly records: number };
}

function reportOf(name: string): Report {
  const path = join(project, 'storage_reports', `latest-${name}`, 'summary.json');
  return JSON.parse(readFileSync(path, 'utf8')) as Report;
}

describe('scan CHECK', () => {
  it('has each check by name, and what users call them', () => {
    expect([...SCANNED.keys()]).toEqual(['checksums', 'schema', ...CHECKS]);
  });

  it('runs each check alone, into a report of its own', async () => {
    const { code, stdout } = await scan([...SCANNED.keys()]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('scan pii: PASS')]);
    for (const [name, checks] of SCANNED) {
      const { command, status, checked, runId } = reportOf(`scan-${name}`);
      expect([command, status, runId]).toEqual([`scan ${name}`, 'PASS', 'scan-all']);
      expect(checked.checks).toEqual(['checksums', ...checks]);
      if (name !== 'invariants' && name !== 'copies') expect(checked.records).toBeGreaterThan(0);
    }
    expect(existsSync(join(project, 'storage_reports/latest-scan'))).toBe(false);
    // A scan of a check is no full scan.
    expect(eventsOf(project)).toEqual(['sealed']);
  });

  it('says where a check has nothing to do', async () => {
    const { stdout } = await scan(['invariants']);
    expect(stdout).toContain('declares no invariant, so this check proves nothing');
  });

  it('takes no other name, and one check for JSON', async () => {
    const wrong = await scan(['schema', 'piii']);
    expect([wrong.code, wrong.stdout]).toEqual([64, '']);
    expect(wrong.stderr).toMatch(
      /^sealift scan: .*'piii' is invalid, use one of checksums, schema,/,
    );
    expect(await scan(['pii', 'schema', '--json'])).toMatchObject({
      code: 64,
      stderr:
        'sealift scan: --json prints the summary of one check, and several are named: run sealift scan --help\n',
    });
    const one = await scan(['pii', '--json']);
    expect(JSON.parse(one.stdout)).toMatchObject({ command: 'scan pii', status: 'PASS' });
  });

  it('has a run id, which a variable gives', async () => {
    await scan(['pii'], { SCAN_RUN_ID: 'rehearsal-3' });
    expect(reportOf('scan-pii').runId).toBe('rehearsal-3');
    const html = join(project, 'storage_reports/latest-scan-pii/report.html');
    expect(readFileSync(html, 'utf8')).toContain('rehearsal-3');
    const bad = await scan(['pii'], { SCAN_RUN_ID: 'a\nb' });
    expect([bad.code, bad.stderr]).toEqual([64, expect.stringContaining('(SCAN_RUN_ID)')]);
  });

  it('ends with the worst of its checks (negative control)', async () => {
    const path = join(project, 'storage_candidate/v1/dogs/data.ndjson');
    const before = readFileSync(path);
    chmodSync(path, 0o600);
    writeFileSync(path, before.subarray(1));
    const { code, stdout } = await scan(['checksums', 'pii']);
    expect([code, stdout]).toEqual([2, expect.stringContaining('scan pii: FAIL')]);
    writeFileSync(path, before);
    expect((await scan(['checksums'])).code).toBe(0);
  });
});

/** sealift explain: what it says of a finding, and that values are shown on a terminal alone. */

import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

import { explain } from '../../src/flow/explain.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { succeed, workFolder } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { accept, KEY_VARIABLES, PLANTED, writePersonalProject } from './personalProject.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const project = join(workFolder('explain'), 'project');
const env = KEY_VARIABLES;
const hasScript = spawnSync('script', ['--version']).status === 0;

let mail: Finding;
let iban: Finding;
let row: Finding;

beforeAll(async () => {
  writePersonalProject(project);
  await succeed(['migrate', '--project', project], { env });
  expect((await sealift(['scan-all', '--project', project], { env })).code).toBe(2);
  const found = reported('scan');
  const undeclared = found.filter(({ rule }) => rule === 'pii-undeclared');
  [iban, mail] = ['IBAN', 'EMAIL'].map((of) => undeclared.find((one) => one.class === of)) as [
    Finding,
    Finding,
  ];
  [row] = reported('migrate') as [Finding];
});

/** The findings of a report, each with its id. */
function reported(name: string): Finding[] {
  const path = join(project, `storage_reports/latest-${name}/findings.ndjson`);
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Finding);
}

function explained({ id = '' }: Finding, ...more: string[]): Promise<Ran> {
  return sealift(['explain', id, '--project', project, ...more], { env });
}

/** The lines with values that the flow would show on a terminal, and its other lines. */
async function shown(finding: Finding, report: string | null = null): Promise<[string[], string]> {
  const lines: string[] = [];
  const { notes } = await explain({
    project,
    cwd: '/',
    finding: finding.id ?? '',
    report,
    showValues: (line) => lines.push(line),
  });
  return [lines, notes.join('\n')];
}

function leaks(text: string): string[] {
  return Object.values(PLANTED).filter((value) => text.includes(value));
}

describe('sealift explain', () => {
  it('says what a finding means, where it is, how it was recognised, and what to do', async () => {
    const { code, stdout } = await explained(mail);
    expect(code).toBe(0);
    expect(stdout).toContain(`finding        ${mail.id ?? ''}, in the report of scan-all`);
    expect(stdout).toMatch(/^rule +pii-undeclared \(BLOCKER\): Personal data is in a field/m);
    expect(stdout).toMatch(/^module +owner$/m);
    expect(stdout).toContain(`record         ${mail.recordId ?? ''}\n`);
    expect(stdout).toMatch(/^place +characters 13 to 38 of the text$/m);
    expect(stdout).toMatch(/^recognised by +its form, which is sufficient \(checked\)$/m);
    expect(stdout).toMatch(/^what to do +\S/m);
    expect(stdout).toMatch(/explain: DONE\n$/);
    expect((await explained(iban)).stdout).toContain('its check digit, which is right');
  });

  it('gives the acceptance to paste, which then accepts the finding', async () => {
    const { stdout } = await explained(mail);
    const [json = ''] = /\{.*\}/.exec(stdout) ?? [];
    const filled = { reason: 'an office', by: 'Ada', until: '2099-12-31' };
    const before = readFileSync(join(project, 'mapping/modules/owner.json'), 'utf8');
    accept(project, 'owner', { ...(JSON.parse(json) as object), ...filled });
    const { stdout: rehearsed } = await sealift(['dry-run', '--project', project], { env });
    writeFileSync(join(project, 'mapping/modules/owner.json'), before);
    expect(rehearsed).toMatch(/^INFO pii-undeclared owner .*accepted until 2099-12-31$/m);
    const summary = JSON.parse(
      readFileSync(join(project, 'storage_reports/latest-dry-run/summary.json'), 'utf8'),
    ) as object;
    expect(summary).toMatchObject({
      personalData: { acceptances: [{ ...filled, fp: mail.fp, ended: false, findings: 1 }] },
    });
    // What is no personal data has no fingerprint, and nothing to paste.
    expect((await explained(row)).stdout).not.toContain('fingerprint');
  });

  it('holds no value, as text or as JSON', async () => {
    for (const finding of [mail, iban, row]) {
      for (const more of [[], ['--json']]) {
        const { stdout, stderr } = await explained(finding, ...more);
        expect(leaks(stdout + stderr)).toEqual([]);
        expect(stdout).toContain(finding.id);
      }
    }
    const { stdout } = await explained(mail, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      facts: { finding: mail, report: { name: 'scan' } },
    });
  });

  it('takes the newest report that has it, or the one that is named', async () => {
    for (const report of ['scan', 'scan-all']) {
      expect((await explained(mail, '--report', report)).code).toBe(0);
    }
    const other = await explained(mail, '--report', 'migrate');
    expect(other.code).toBe(64);
    expect(other.stderr).toContain('no report has a finding of this id');
    const wrong = await explained(mail, '--report', 'scam-all');
    expect(wrong.code).toBe(64);
    expect(wrong.stderr).toContain('did you mean "scan-all"?');
  });

  it('offers the nearest id for one that it does not know', async () => {
    const id = (mail.id ?? '').replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const { code, stderr } = await explained({ ...mail, id });
    expect(code).toBe(64);
    expect(stderr).toContain(`did you mean ${mail.id ?? ''}?`);
    const far = await explained({ ...mail, id: 'zzzzzzzzzzzzzzzz' });
    expect([far.code, far.stderr]).toEqual([64, expect.stringContaining('copy the id from')]);
  });

  it('reads no candidate but one that a seal id names', async () => {
    const path = join(project, 'storage_reports/latest-scan/summary.json');
    const before = readFileSync(path, 'utf8');
    const summary = { ...(JSON.parse(before) as object), sealId: 'storage_candidate/v1' };
    writeFileSync(path, JSON.stringify(summary));
    const [lines, notes] = await shown(mail);
    writeFileSync(path, before);
    expect([lines, notes]).toEqual([[], expect.stringContaining('not about a sealed candidate')]);
  });

  it('reads no report through a link of another', async () => {
    const latest = join(project, 'storage_reports/latest-scan');
    renameSync(latest, `${latest}.kept`);
    symlinkSync(join(project, 'storage_reports/history'), latest);
    const { code } = await explained(mail);
    rmSync(latest);
    renameSync(`${latest}.kept`, latest);
    expect(code).toBe(64);
    expect((await explained(mail)).code).toBe(0);
  });
});

describe('the value of a finding', () => {
  it('is refused where the output goes to a pipe, or is JSON', async () => {
    for (const more of [['--show-values'], ['--show-values', '--json']]) {
      const { code, stdout, stderr } = await explained(mail, ...more);
      expect(code).toBe(64);
      expect(stderr).toContain('values are shown on a terminal only');
      expect(leaks(stdout + stderr)).toEqual([]);
    }
  });

  it.skipIf(!hasScript)('is shown on a terminal, with control characters escaped', () => {
    const line = `'${process.execPath}' '${MAIN}' explain ${mail.id ?? ''} --project '${project}' --show-values`;
    const { stdout, status } = spawnSync('script', ['-qec', line, '/dev/null'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', ...env },
    });
    expect(status).toBe(0);
    expect(stdout).toContain(String.raw`Ruf\u{1b}[31mrot »${PLANTED.mail}« an, `);
    expect(stdout).not.toContain('\u001b[31m');
  });

  it('is marked in its text, and is the whole text where the finding has no place', async () => {
    expect((await shown(iban))[0]).toEqual([`value of remark  »${PLANTED.iban}«`]);
    const control = reported('scan').find((one) => one.start === undefined);
    const [lines] = await shown(control ?? mail);
    expect(lines.join('')).toBe(
      `value of note  ${PLANTED.before} ${PLANTED.mail} an, ${PLANTED.name}`,
    );
  });

  it('is not shown of a row that became no record, with the reason', async () => {
    const [lines, notes] = await shown(row, 'migrate');
    expect(lines).toEqual([]);
    expect(notes).toContain('the value is not shown: the finding is not on one record');
    expect(leaks(notes)).toEqual([]);
  });

  it('is not shown of a rehearsal, or of a candidate that is gone, with the reason', async () => {
    await sealift(['dry-run', '--project', project], { env });
    const rehearsed = reported('dry-run').find(({ rule }) => rule === 'pii-undeclared');
    const [lines, notes] = await shown(rehearsed ?? mail, 'dry-run');
    expect([lines, notes]).toEqual([[], expect.stringContaining('not about a sealed candidate')]);
    const sealed = join(project, 'storage_candidate/sealed');
    renameSync(sealed, `${sealed}.kept`);
    const [none, why] = await shown(mail);
    renameSync(`${sealed}.kept`, sealed);
    expect([none, why]).toEqual([[], expect.stringContaining('the value is not shown: ')]);
    expect((await shown(mail))[0]).toHaveLength(1);
  });
});

it('a scan has pages on personal data, and they hold no value', () => {
  const folder = join(project, 'storage_reports/latest-scan');
  const [page = '', summary = ''] = ['report.html', 'summary.json'].map((name) => {
    return readFileSync(join(folder, name), 'utf8');
  });
  expect(page).toContain('id="personal-data"');
  for (const treatment of [
    'plain',
    'pseudonymised',
    'hashed',
    'encrypted',
    'masked',
    'generalised',
    'dropped',
  ])
    expect(page).toContain(`<div>${treatment}</div>`);
  expect(leaks(page + summary)).toEqual([]);
  expect(JSON.parse(summary)).toMatchObject({
    personalData: { cellsPresent: 108, cellsScanned: 108, declaring: 1, withoutPolicy: ['course'] },
  });
});

/** What a run leaves as files: artifacts by the names of the runbook, made again of journal and outputs alone. */

import { hash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runDocuments } from '../../../src/cutover/evidence/runDocuments.ts';
import { runEvidence } from '../../../src/cutover/evidence/runEvidence.ts';
import { workFolder } from '../../kit/project.ts';
import { makeRelease, startHealth, TOKEN, type Health, type Release } from './release.ts';

const work = workFolder('run-documents');
let health: Health;
let release: Release;

beforeAll(async () => {
  health = await startHealth();
  release = makeRelease(join(work, 'green'), health.origin);
  const ran = await release.run();
  expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
}, 120_000);
afterAll(() => health.close());

function documents(of: Release = release): ReadonlyMap<string, string> {
  return new Map(
    runDocuments(runEvidence(of.sources())).map(({ path, content }) => [
      path,
      Buffer.from(content).toString(),
    ]),
  );
}

/** A copy of the release that a test may harm. */
function copy(name: string): Release {
  const folder = join(work, name);
  cpSync(release.folder, folder, { recursive: true });
  return makeRelease(folder, health.origin);
}

function artifact(name: string, of: Release = release): string {
  return documents(of).get(`artifacts/${name}`) ?? '';
}

describe('the artifacts of a run', () => {
  it('are those that the runbook names, with the approvals and the summary', () => {
    const names = [...documents().keys()].filter((path) => path.startsWith('artifacts/'));
    expect(names).toEqual(
      `approval_record.json ci.json cutover_summary.json health.txt migration_log.txt noisy.json
       readiness.txt settings.json`
        .split(/\s+/)
        .map((name) => `artifacts/${name}`),
    );
  });

  it('are the output of a step that has left exactly one, byte for byte', () => {
    const output = readFileSync(join(release.runFolder, 'outputs/migrate.stdout'), 'utf8');
    expect(artifact('migration_log.txt')).toBe(output);
    expect(artifact('ci.json')).toContain('--token=[redacted');
  });

  it('are the record of a step that has left several outputs, or none', () => {
    expect(JSON.parse(artifact('noisy.json'))).toMatchObject({
      step: 'dry-run',
      use: 'exec',
      verdict: 'PASS',
      says: 'exit code 0',
      outputs: [{ name: 'dry-run.stdout' }, { name: 'dry-run.stderr', bytes: 10 }],
    });
    expect(JSON.parse(artifact('settings.json'))).toMatchObject({ step: 'enforce', outputs: [] });
    const lines = artifact('health.txt').split('\n');
    expect(lines.slice(0, 3)).toEqual(['run: release-1', 'step: healthz', 'use: http.check']);
    const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual(['step-intended', 'step-ended']);
  });

  it('say who approved what, and that it counted', () => {
    const { approvals } = JSON.parse(artifact('approval_record.json'));
    expect(approvals).toHaveLength(9);
    expect(approvals[0]).toMatchObject({
      step: 'rotated',
      kind: 'attestation',
      role: 'support',
      statement: 'The secret of the endpoint is rotated',
      reviewer: 'dee',
      signer: null,
      file: 'intact',
      counted: true,
    });
    expect(approvals.at(-1)).toMatchObject({ step: 'go', kind: 'approval', reviewer: 'bo' });
  });

  it('have a summary with the digest of each other one, of outputs and of approvals', () => {
    const summary = JSON.parse(artifact('cutover_summary.json'));
    expect(summary).toMatchObject({ run: 'release-1', status: 'COMPLETED', operators: ['ada'] });
    for (const [name, digest] of Object.entries(summary.artifacts)) {
      expect([name, digest]).toEqual([name, hash('sha256', artifact(name), 'hex')]);
    }
    expect(Object.keys(summary.artifacts)).toHaveLength(7);
    expect(Object.keys(summary.documents)).toEqual(['checklist.md', 'last-known-good.json']);
    for (const [path, digest] of Object.entries(summary.documents)) {
      expect([path, digest]).toEqual([path, hash('sha256', documents().get(path) ?? '', 'hex')]);
    }
    expect(summary.steps[0]).toMatchObject({
      id: 'rc',
      says: 'exit code 0',
      who: ['ada'],
      undone: null,
    });
    expect(summary.steps.at(-1)).toMatchObject({ id: 'go', who: ['bo'] });
    expect(summary.approvals).toHaveLength(9);
    for (const { name, sha256 } of summary.outputs) {
      const bytes = readFileSync(join(release.runFolder, 'outputs', name));
      expect([name, sha256]).toEqual([name, hash('sha256', bytes, 'hex')]);
    }
    const journal = readFileSync(join(release.runFolder, 'journal.ndjson'), 'utf8');
    const last = journal.slice(journal.lastIndexOf('\n', journal.length - 2) + 1);
    expect(summary.journal.head).toBe(hash('sha256', last, 'hex'));
  });

  it('are the same bytes whenever and wherever they are made', () => {
    expect([...documents(copy('elsewhere'))]).toEqual([...documents()]);
  });

  it('are not made of an output or an approval that was changed since (negative control)', () => {
    const changed = copy('changed');
    writeFileSync(join(changed.runFolder, 'outputs/migrate.stdout'), 'all is well\n');
    rmSync(join(changed.runFolder, 'outputs/ci.stdout'));
    const log = artifact('migration_log.txt', changed);
    expect(log).toMatch(/^output: migrate\.stdout, \d+ bytes, SHA-256 [0-9a-f]{64}, changed$/m);
    expect(log).not.toContain('all is well');
    expect(JSON.parse(artifact('ci.json', changed)).outputs[0].found).toBe('missing');
    const [one] = JSON.parse(artifact('approval_record.json')).approvals;
    writeFileSync(join(changed.runFolder, `approvals/${one.sha256}.json`), '{}');
    const [edited] = JSON.parse(artifact('approval_record.json', changed)).approvals;
    expect(edited).toMatchObject({ step: 'rotated', reviewer: 'dee', time: null, file: 'changed' });
  });

  it('hold no secret', () => {
    for (const text of documents().values()) expect(text).not.toContain(TOKEN);
  });
});

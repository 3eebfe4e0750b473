/** Findings that a policy accepts by their fingerprints, until a day. */

import { describe, expect, it } from 'vitest';

import type { Finding } from '../../src/outcome/finding.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import { KEY_ID, projectOf, said, SECRETS, type Source } from '../rules/flows.ts';

const OTHER = { SEALIFT_KEY_RULES: 'fedcba9876543210'.repeat(4) };
const TODAY = '2025-03-05T12:00:00Z';

/** Notes, two of which have the address of the office, and its policy. */
function notes(pii: object = {}): Source {
  const fields = { k: { column: 'k', type: 'integer' }, v: { column: 'v', type: 'string' } };
  const key = [{ column: 'k', type: 'integer' }];
  const policy = { policy: 1, default: 'allow', keyId: KEY_ID, ...pii };
  return {
    sql: `CREATE TABLE m (k INTEGER PRIMARY KEY, v TEXT);
      INSERT INTO m VALUES (1, 'ask office@example.org'), (2, 'Office@example.org knows'), (3, 'of ada@example.org');`,
    modules: { m: { source: { table: 'm' }, key, id: { rule: 'keep' }, fields, pii: policy } },
  };
}

async function findingsOf(
  source: Source,
  variables: Readonly<Record<string, string>> = SECRETS,
): Promise<readonly Finding[]> {
  const project = projectOf(source);
  const options = { project, cwd: project, sources: new Map<string, string>(), workers: 1 };
  const environment = { ...ENVIRONMENT, variables, now: () => new Date(TODAY) };
  const { findings } = await said((found) =>
    dryRun({ ...options, memory: 2 ** 27 }, environment, found),
  );
  return findings;
}

function acceptance(fp: string | undefined, until: string): object {
  return { fp, rule: 'pii-undeclared', reason: 'a public address', by: 'Ada', until };
}

const told = (findings: readonly Finding[]): string[] =>
  findings.map(({ severity, reason }) => `${severity}: ${reason}`);

const FOUND = 'BLOCKER: it holds EMAIL, which is not declared';

describe('a finding of a value', () => {
  it('names it by the fingerprint under the key, however it is spelled', async () => {
    const prints = (await findingsOf(notes())).map(({ fp }) => fp);
    const others = (await findingsOf(notes(), OTHER)).map(({ fp }) => fp);
    expect(prints).toEqual(
      Array.from({ length: 3 }, () => expect.stringMatching(/^f:[0-9a-f]{16}$/)),
    );
    expect(prints[0]).toBe(prints[1]);
    expect(prints[0]).not.toBe(prints[2]);
    expect(others.filter((one) => prints.includes(one))).toEqual([]);
  });

  it('has none without the key, which is not needed', async () => {
    const findings = await findingsOf(notes(), {});
    expect(told(findings)).toEqual([FOUND, FOUND, FOUND]);
    expect(findings.filter((finding) => 'fp' in finding)).toEqual([]);
  });

  it('is accepted on its last day, and no other with it', async () => {
    const [office] = await findingsOf(notes());
    const findings = await findingsOf(notes({ accept: [acceptance(office?.fp, '2025-03-05')] }));
    const accepted = 'INFO: it holds EMAIL, which is not declared; accepted until 2025-03-05';
    expect(told(findings)).toEqual([accepted, accepted, FOUND]);
  });

  it('is a BLOCKER again from the next day', async () => {
    const [office] = await findingsOf(notes());
    const findings = await findingsOf(notes({ accept: [acceptance(office?.fp, '2025-03-04')] }));
    const ended = `${FOUND}; its acceptance ended on 2025-03-04`;
    expect(told(findings)).toEqual([ended, ended, FOUND]);
  });

  it('is not accepted under another rule or key', async () => {
    const [office] = await findingsOf(notes());
    const accept = [{ ...acceptance(office?.fp, '2025-12-31'), rule: 'pii-id' }];
    expect(told(await findingsOf(notes({ accept })))).toEqual([FOUND, FOUND, FOUND]);
    const ours = { accept: [acceptance(office?.fp, '2025-12-31')] };
    expect(told(await findingsOf(notes(ours), OTHER))).toEqual([FOUND, FOUND, FOUND]);
  });
});

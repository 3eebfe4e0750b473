/**
 * The committed mapping over the legacy database beside the checkout: the personal data that was planted in
 * it is found at its field and with its class, and nothing else is.
 */

import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import { workFolder } from '../kit/project.ts';
import { figures } from '../pii/figures.ts';
import { shared } from '../shared.ts';

const LEGACY = shared('data/legacy/a10k.db');
const TRUTH = shared('data/legacy/a10k.truth.json');
const MAPPING = fileURLToPath(new URL('../../mapping', import.meta.url));

interface Planted {
  readonly kind: string;
  readonly table: string;
  readonly rowid: number;
  readonly column: string;
  readonly pii: string;
}
interface Truth {
  readonly defects: readonly (Planted & { readonly pii?: string })[];
}

async function personalIn(source: string): Promise<Finding[]> {
  const project = workFolder('personal');
  mkdirSync(project, { recursive: true });
  cpSync(MAPPING, join(project, 'mapping'), { recursive: true });
  const found = openFindings(project);
  const sources = new Map([['main', `sqlite:${source}`]]);
  const options = { project, cwd: project, sources, workers: 1, memory: 2 ** 28 };
  const { findings } = await dryRun(options, ENVIRONMENT, found);
  const personal = [...findings].filter(({ rule }) => rule.startsWith('pii-'));
  found.close();
  return personal;
}

const placeOf = ({ source }: Finding): string => `${source?.table ?? ''} ${String(source?.row)}`;

/** Whether a finding is at the place of what was planted, with its class. */
function right(one: Planted): (finding: Finding) => boolean {
  return (finding) =>
    placeOf(finding) === `${one.table} ${one.rowid}` &&
    finding.class === one.pii &&
    finding.field === one.column;
}

describe.skipIf(LEGACY === null || TRUTH === null)('the committed mapping', () => {
  // Nothing is read where the tests are skipped.
  if (LEGACY === null || TRUTH === null) return;
  const truth = JSON.parse(readFileSync(TRUTH, 'utf8')) as Truth;
  const planted = truth.defects.filter(({ kind }) => kind.startsWith('pii_'));

  it('finds what was planted, at its field and with its class, and nothing else', async () => {
    const findings = await personalIn(LEGACY);
    const result = figures('planted in the legacy database, by dry-run');
    for (const one of planted) {
      result.add(one.kind, { hits: findings.some(right(one)) ? 1 : 0, expected: 1, wrong: 0 });
    }
    process.stdout.write(result.table());
    expect(result.of('pii_free_text').recall).toBe(1);
    expect(result.of('pii_wrong_column').recall).toBe(1);
    expect(result.of('pii_free_text_hard').recall).toBeGreaterThanOrEqual(0.75);
    const others = findings.filter((finding) => !planted.some((one) => right(one)(finding)));
    expect(others).toEqual([]);
    expect(findings.filter(({ field }) => field === 'chipNummer')).toEqual([]);
  });
});

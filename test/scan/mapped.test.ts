/** What was sealed of the mapping of rows is found again, weighed by the sealed mapping. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { ModuleMapping, ProjectMapping } from '../../src/mapping/model.ts';
import { HASHING } from '../fault/fixture.ts';
import { mappingOf, module, scanned, text, writeCandidate } from './candidate.ts';

const DOGS = module('dogs', { name: text('name'), note: text('note') });

/** Findings as `severity rule record field: reason`, given the lines of findings.ndjson. */
async function found(
  lines: readonly string[],
  dogs: ModuleMapping = DOGS,
  project: Partial<ProjectMapping> = {},
): Promise<string[]> {
  const folder = writeCandidate({ dogs: [{ id: 'a', name: null, note: null }] });
  if (lines.length > 0) {
    writeFileSync(join(folder, 'dogs/findings.ndjson'), lines.map((line) => `${line}\n`).join(''));
  }
  const options = { pool: HASHING, checks: ['mapped'] } as const;
  const findings = await scanned(mappingOf([dogs], project), folder, options);
  return findings.map(
    ({ severity, rule, recordId = '-', field = '-', reason }) =>
      `${severity} ${rule} ${recordId} ${field}: ${reason}`,
  );
}

const SAID = 'found when its row became this record';
const nul = '{"field":"name","id":["a"],"rule":"text-nul"}';
const sentinel = '{"field":"note","id":["a"],"rule":"sentinel"}';

describe('what the mapper has found', () => {
  it('is found again, with the severity of its rule', async () => {
    expect(await found([nul, sentinel])).toEqual([
      `BLOCKER text-nul ["a"] name: ${SAID}`,
      `WARNING sentinel ["a"] note: ${SAID}`,
    ]);
  });

  it('is nothing where nothing was sealed', async () => {
    expect(await found([])).toEqual([]);
  });

  it('weighs what the sealed mapping says, field by field', async () => {
    const severities = [
      { rule: 'text-nul', severity: 'INFO' },
      { rule: 'sentinel', module: 'dogs', field: 'note', severity: 'BLOCKER' },
      { rule: 'sentinel', module: 'dogs', field: 'name', severity: 'INFO' },
    ] as const;
    expect(await found([nul, sentinel], DOGS, { severities })).toEqual([
      `INFO text-nul ["a"] name: ${SAID}`,
      `BLOCKER sentinel ["a"] note: ${SAID}`,
    ]);
  });

  it('keeps a key to itself that is personal', async () => {
    const personal = module('dogs', { id: text('id', { pii: 'AHV' }), name: text('name') });
    expect(await found([nul], personal)).toEqual([`BLOCKER text-nul - name: ${SAID}`]);
  });

  it('is refused where it is no rule, no field or no finding at all', async () => {
    const strange = [
      nul.replace('text-nul', 'no-such-rule'),
      nul.replace('text-nul', 'checksum'),
      nul.replace('name', 'fur'),
      '{"field":"name"}',
      'no JSON',
    ];
    for (const line of strange) {
      expect(await found([line, sentinel])).toEqual([
        `WARNING sentinel ["a"] note: ${SAID}`,
        'BLOCKER seal-format - -: findings of no rule or field that there is: 1',
      ]);
    }
  });
});

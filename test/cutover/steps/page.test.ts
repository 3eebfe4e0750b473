/** The page on these steps: its examples are as it says. */

import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';

import { lintRunbook } from '../../../src/cutover/lintRunbook.ts';
import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import { CASES_SCHEMA, readCases } from '../../../src/cutover/steps/http/caseFile.ts';
import { STEP_TYPES, type StepName } from '../../../src/cutover/steps/stepTypes.ts';

const PAGE = readFileSync('docs/steps/application.md', 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text);
const TYPES: readonly StepName[] = [
  'http.check',
  'http.cases',
  'http.deprecation',
  'app.deploy',
  'app.writes',
  'config.set',
  'cache.verify',
  'ci.green',
  'notify',
  'link.check',
];

describe('the page on steps of an application', () => {
  it('has a runbook with each of them, without a finding that blocks', () => {
    const text = BLOCKS.find((block) => block.startsWith('runbook:')) ?? '';
    const loaded = parseRunbook(text, 'a.yaml');
    expect(new Set(loaded.runbook.steps.map(({ use }) => use))).toEqual(new Set(TYPES));
    const found = lintRunbook(loaded, new Date('2026-11-30T12:00:00Z'));
    expect(found.filter(({ severity }) => severity === 'BLOCKER')).toEqual([]);
  });

  it('has a file of cases', () => {
    const text = BLOCKS.find((block) => block.startsWith('groups:')) ?? '';
    const groups = readCases(Buffer.from(text), 'auth.yaml', ['password']);
    expect(groups.map(({ cases }) => cases.length)).toEqual([6, 2]);
  });

  it.each(TYPES)('names every member of %s', (name) => {
    const [, section = ''] = PAGE.split(`\n## ${name}\n`);
    const own =
      (section.split('\n## ')[0] ?? '') +
      (PAGE.split('## How a change is made')[1]?.split('\n## ')[0] ?? '');
    for (const member of Object.keys(STEP_TYPES[name].members))
      expect(own).toContain(`\`${member}`);
  });
});

describe('the schema of cases', () => {
  it('is JSON Schema 2020-12', () => {
    expect(new Ajv2020({ strict: true }).validateSchema(CASES_SCHEMA)).toBe(true);
  });
});

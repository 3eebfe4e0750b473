/** The pages on steps: every type is there, and the example of docs/steps/local.md is a valid runbook. */

import { readdirSync, readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import { STEP_TYPES } from '../../../src/cutover/steps/stepTypes.ts';

const PAGES = [
  'docs/commands/cutover.md',
  ...readdirSync('docs/steps').map((name) => `docs/steps/${name}`),
];
const PAGE = readFileSync('docs/steps/local.md', 'utf8');

it('the example of the page is a runbook with every type of the page, and every member has its line', () => {
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(PAGE) ?? [];
  const { runbook } = parseRunbook(yaml, 'local.yaml');
  const used = new Set([...runbook.steps, ...runbook.monitor].map(({ use }) => use));
  const sections = PAGE.split(/^## /m).filter((text) => /^(?:exec|\w+\.\w+)\n/.test(text));
  expect(sections).toHaveLength(10);
  for (const section of sections) {
    const name = section.split('\n')[0] as keyof typeof STEP_TYPES;
    expect(used).toContain(name);
    for (const member of Object.keys(STEP_TYPES[name].members)) {
      expect(section, `${name} ${member}`).toContain(`\`${member}\``);
    }
  }
});

it('each type of step is on a page', () => {
  const text = PAGES.map((page) => readFileSync(page, 'utf8')).join('');
  const types = Object.keys(STEP_TYPES).filter((name) => !name.startsWith('sealift.'));
  expect(types.filter((name) => !new RegExp(`^## ${name}$|\`${name}\``, 'm').test(text))).toEqual(
    [],
  );
  expect(types).toContain('rollout.soak');
});

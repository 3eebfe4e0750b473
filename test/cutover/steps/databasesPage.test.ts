/** docs/steps/databases.md: its examples are valid steps of a runbook, with one for each type. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { parseRunbook } from '../../../src/cutover/readRunbook.ts';

const PAGE = readFileSync('docs/steps/databases.md', 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);

function runbookOf(block: string): string {
  if (block.startsWith('inputs:')) {
    return `runbook: a\n${block}steps: [{ id: a, use: git.clean }]\n`;
  }
  const step = block.startsWith('    undo:') ? `  - id: a\n    use: git.clean\n${block}` : block;
  return `runbook: a\nsteps:\n${step}`;
}

describe('the page of the steps on databases', () => {
  it.each(BLOCKS)('has an example that is valid: %s', (block) => {
    expect(() => parseRunbook(runbookOf(block), 'a.yaml')).not.toThrow();
  });

  it('has one of each type', () => {
    const used = new Set(BLOCKS.join('\n').match(/(?<=use: )[a-z_.]+/g));
    expect([...used].toSorted()).toEqual([
      'pg.acl',
      'pg.backup',
      'pg.restore_swap',
      'sql.count',
      'sql.migrate',
      'sql.rows',
      'sqlite.backup',
    ]);
  });
});

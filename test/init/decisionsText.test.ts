import { describe, expect, it } from 'vitest';
import { decisionLines, decisionsMarkdown } from '../../src/init/decisionsText.ts';
import type { Proposal } from '../../src/init/propose.ts';
import { proposalFor } from './database.ts';

const SECRET = 'geheim-4711';

function hostile(name: string): string {
  return `CREATE TABLE "${name.replaceAll('"', '""')}" (c); INSERT INTO "${name.replaceAll('"', '""')}"
    VALUES (1), ('${SECRET}')`;
}

describe('decisions as text', () => {
  it('never hold a value of a record', async () => {
    const proposal = await proposalFor(hostile('t'), 'uuid');
    const text = decisionsMarkdown(proposal) + decisionLines(proposal).join('\n');
    expect(text).toContain('1 number, 1 text');
    expect(text).not.toContain(SECRET);
  });

  it('show a hostile name as text, on one line and without control characters', async () => {
    const name = '<script>`x`</script>\n# [a](https://evil) \u001B[31m\u202E*';
    const proposal = await proposalFor(hostile(name), 'uuid');
    const markdown = decisionsMarkdown(proposal);
    const markup = /<script|^# .?\[|[^\\]\]|https:\/\/|(?![\n])[\p{Cc}\p{Cf}]/mu;
    expect(name).toMatch(markup);
    expect(markdown).not.toMatch(markup);
    expect(markdown).toContain('&#60;script&#62;');
    for (const line of decisionLines(proposal)) expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('show warnings on the terminal, notes in the file only', async () => {
    const proposal = await proposalFor(
      'CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (x); INSERT INTO b VALUES (1)',
      'keep',
    );
    expect(decisionLines(proposal)).toEqual([
      '2 modules, 1 warning, 1 note: see mapping/DECISIONS.md',
      'warning: "b": no primary key is declared: ids are made from the content of the records',
    ]);
    expect(decisionsMarkdown(proposal)).toContain('(empty-table)');
  });

  it('do not flood the terminal', async () => {
    const proposal = await proposalFor('CREATE TABLE b (x)', 'keep');
    const [decision] = proposal.decisions;
    const many = Array.from({ length: 25 }, () => decision).filter((one) => one !== undefined);
    const lines = decisionLines({ ...proposal, decisions: many } satisfies Proposal);
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe('and 5 warnings more in mapping/DECISIONS.md');
  });
});

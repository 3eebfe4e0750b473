/**
 * What the HTML report says of a rule is what its page says. `UPDATE_DOCS=1 npx vitest run
 * test/report/html/ruleTexts.test.ts` takes it over from the pages.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { RULE_TEXTS, type RuleText } from '../../../src/report/html/ruleTexts.ts';

const FILE = 'src/report/html/ruleTexts.ts';

/** Text of a page without its marks. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Title and the first thing to do, up to its end. */
function textOfPage(text: string): RuleText {
  const title = plain(/^# `[^`]*`: (.*)$/m.exec(text)?.[1] ?? '');
  const todo = /## What to do\n\n- (.*?)(?=\n- |\n*$(?![\s\S]))/s.exec(text)?.[1] ?? '';
  return {
    title,
    todo: plain(todo)
      .replace(/, or$|,$/, '.')
      .replace(/([^.])$/, '$1.'),
  };
}

function pages(): Map<string, RuleText> {
  const names = readdirSync('docs/rules').filter((name) => name !== 'README.md');
  return new Map(
    names
      .sort()
      .map((name) => [
        name.replace('.md', ''),
        textOfPage(readFileSync(`docs/rules/${name}`, 'utf8')),
      ]),
  );
}

/** As oxfmt quotes it. */
function quoted(text: string): string {
  if (text.includes("'") && !text.includes('"')) return JSON.stringify(text);
  return `'${text.replaceAll("'", String.raw`\'`)}'`;
}

function source(texts: ReadonlyMap<string, RuleText>): string {
  const head = readFileSync(FILE, 'utf8').split('= {\n')[0] ?? '';
  const lines = [...texts].map(([rule, { title, todo }]) => {
    const name = /^[a-z]+$/.test(rule) ? rule : `'${rule}'`;
    return `  ${name}: {\n    title: ${quoted(title)},\n    todo: ${quoted(todo)},\n  },\n`;
  });
  return `${head}= {\n${lines.join('')}};\n`;
}

describe('what the report says of rules', () => {
  it('is what their pages say', () => {
    const texts = pages();
    expect(texts.size).toBeGreaterThan(40);
    if (process.env['UPDATE_DOCS'] === '1') {
      writeFileSync(FILE, source(texts));
      return;
    }
    expect(new Map(Object.entries(RULE_TEXTS))).toEqual(texts);
    for (const { title, todo } of texts.values())
      expect(title.length * todo.length).toBeGreaterThan(0);
  });

  it('would differ where a page does (negative control)', () => {
    const page =
      '# `x`: A `title`\n\n## What to do\n\n- Look [here](a.md)\n  and there, or\n- away.\n';
    expect(textOfPage(page)).toEqual({ title: 'A title', todo: 'Look here and there.' });
    expect(textOfPage(page.replace('away', 'on'))).toEqual(textOfPage(page));
    expect(textOfPage(page.replace('title', 'tale'))).not.toEqual(textOfPage(page));
  });
});

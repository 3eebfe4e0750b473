/** docs/rules: each rule has a page, and each page has a rule. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { RULES, type Rule } from '../../src/outcome/rules.ts';

/** What of a reason is not the code's own words: digests, numbers, names, and what follows them. */
const PLACEHOLDERS: readonly RegExp[] = [
  /\d+ (?:values|findings)/,
  /\d+(?= )/,
  /[0-9a-f]{4}…/,
  /"[^"]*"/,
  /module \w+/,
  /(?:a|the) date/,
  /no email/,
  /EMAIL/,
  /CREDIT_CARD/,
  /(?<=was read as) .*/,
  /(?<=is violated: ).*/,
  /(?<=json does not declare) .*/,
  /(?<=the value cannot be )\w+/,
  /(?<=share these values: ).*/,
  /(?<=could not be compared: ).*/,
  /(?<=could not be compared \().*/,
  /(?<=object in the store has other bytes).*/,
];
const PLACEHOLDER = new RegExp(` ?(?:${PLACEHOLDERS.map(({ source }) => source).join('|')}) ?`);

function textsOf(folder: string): { path: string; text: string }[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/** The rules that no code names. */
function unused(rules: readonly string[], texts: readonly string[]): string[] {
  return rules.filter((rule) => !texts.some((text) => text.includes(`'${rule}'`)));
}

const PAGES = readdirSync('docs/rules').filter((name) => name !== 'README.md');

describe('docs/rules', () => {
  const sources = textsOf('src').filter(({ path }) => !/^src.(init|outcome.rules)/.test(path));
  const rules = Object.keys(RULES).sort();

  it('has a page for each rule, and no other', () => {
    expect(rules.length).toBeGreaterThan(40);
    expect(PAGES.map((page) => page.replace('.md', '')).sort()).toEqual(rules);
  });

  it('tells of no rule that nothing finds', () => {
    const texts = sources.map(({ text }) => text);
    expect(texts.length).toBeGreaterThan(50);
    expect(unused(rules, texts)).toEqual([]);
  });

  it('lists every page with its title', () => {
    const list = readFileSync('docs/rules/README.md', 'utf8');
    for (const page of PAGES) {
      const rule = page.replace('.md', '');
      const [, title = '?'] = /: (.*)$/m.exec(readFileSync(`docs/rules/${page}`, 'utf8')) ?? [];
      expect(list).toContain(`| [${rule}](${page}) | ${title} |`);
    }
  });

  it('says of every rule what it weighs and where it is found, as the table of rules has it', () => {
    const list = readFileSync('docs/rules/README.md', 'utf8');
    const told = [...list.matchAll(/^\| \[([a-z-]+)\]\(\1\.md\) \|[^|]*\| (.*) \| (.*) \|$/gm)];
    const lines = told.map(([, rule, severity, stages]) => [rule, severity, stages] as const);
    const facts = Object.entries(RULES).map(([rule, { severity, stages, fixed }]) => {
      return [rule, `${fixed ? 'always ' : ''}${severity}`, stages.join(', ')] as const;
    });
    expect(new Map(lines.map(([rule, ...about]) => [rule, about]))).toEqual(
      new Map(facts.map(([rule, ...about]) => [rule, about])),
    );
    expect(lines.length).toBe(facts.length);
    const explained = new Set(
      [...list.matchAll(/^\| ([a-z, ]+) \| .* \|$/gm)].flatMap(([, names = '']) =>
        names.split(', '),
      ),
    );
    const stages = new Set(Object.values(RULES).flatMap((rule) => rule.stages));
    expect([...stages].filter((stage) => !explained.has(stage))).toEqual([]);
  });

  it.each(PAGES)('%s says what it means, why it matters, an example and what to do', (page) => {
    const rule = page.replace('.md', '');
    const text = readFileSync(`docs/rules/${page}`, 'utf8');
    expect(text.startsWith(`# \`${rule}\`: `)).toBe(true);
    const heads = [...text.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(heads).toEqual(['Why it matters', 'Example', 'What to do']);
    const { severity } = RULES[rule as Rule];
    expect(text).toMatch(new RegExp(`^${severity} ${rule}[ :]`, 'm'));
  });

  it('shows reasons that the code gives', () => {
    const code = sources.map(({ text }) => text.replaceAll(/\s+/g, ' ')).join('\n');
    for (const page of PAGES) {
      const text = readFileSync(`docs/rules/${page}`, 'utf8');
      const [, reason = '?'] = /^(?:BLOCKER|WARNING|INFO) [^:]*: (.*)$/m.exec(text) ?? [];
      const words = reason.split(PLACEHOLDER);
      for (const part of words)
        expect([page, part, code.includes(part)]).toEqual([page, part, true]);
    }
  });

  it('would find a rule that nothing finds (negative control)', () => {
    const text = "log.refuse(name, new Rejection('type', 'the value is wrong'));";
    expect(unused(['no-such-rule', 'type'], [text])).toEqual(['no-such-rule']);
  });
});

describe('docs/commands/init.md', () => {
  it('lists every rule of a decision, and no other', () => {
    const code = readFileSync('src/init/decision.ts', 'utf8');
    const rules = [...code.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map((match) => match[1]);
    const page = readFileSync('docs/commands/init.md', 'utf8');
    const listed = [...page.matchAll(/^\| `([a-z][a-z-]*)` \|/gm)].map((match) => match[1]);
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(listed)).toEqual(new Set(rules));
    expect(listed.length).toBe(rules.length);
  });
});

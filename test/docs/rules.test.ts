/** docs/rules: each rule that the code can emit has a page, and each page has a rule. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const EMITTED: readonly RegExp[] = [
  /\bnew Rejection\(\s*'([a-z-]+)'/g,
  /\bfileFinding\(\s*'([a-z-]+)'/g,
  /\bfail\(\s*'([a-z-]+)'/g,
  /\brule: '([a-z-]+)',\s*severity: 'BLOCKER'/g,
  /\brejections\.add\(\s*[^,]+,\s*'([a-z-]+)'/g,
];

function textsOf(folder: string): { path: string; text: string }[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

function rulesIn(texts: readonly string[]): string[] {
  const found = texts.flatMap((text) =>
    EMITTED.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? '')),
  );
  return [...new Set(found)].sort();
}

const PAGES = readdirSync('docs/rules').filter((name) => name !== 'README.md');

describe('docs/rules', () => {
  const sources = textsOf('src').filter(({ path }) => !path.startsWith('src/init/'));
  const rules = rulesIn(sources.map(({ text }) => text));

  it('has a page for each rule in src, and no other', () => {
    expect(rules.length).toBeGreaterThan(15);
    expect(PAGES.sort()).toEqual(rules.map((rule) => `${rule}.md`));
  });

  it('lists every page with its title', () => {
    const list = readFileSync('docs/rules/README.md', 'utf8');
    for (const page of PAGES) {
      const rule = page.replace('.md', '');
      const [, title = '?'] = /: (.*)$/m.exec(readFileSync(`docs/rules/${page}`, 'utf8')) ?? [];
      expect(list).toContain(`| [${rule}](${page}) | ${title} |`);
    }
  });

  it.each(PAGES)('%s says what it means, why it matters, an example and what to do', (page) => {
    const rule = page.replace('.md', '');
    const text = readFileSync(`docs/rules/${page}`, 'utf8');
    expect(text.startsWith(`# \`${rule}\`: `)).toBe(true);
    const heads = [...text.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(heads).toEqual(['Why it matters', 'Example', 'What to do']);
    expect(text).toMatch(new RegExp(`^BLOCKER ${rule} `, 'm'));
  });

  it('shows reasons that the code gives', () => {
    const code = sources.map(({ text }) => text.replaceAll(/\s+/g, ' ')).join('\n');
    for (const page of PAGES) {
      const text = readFileSync(`docs/rules/${page}`, 'utf8');
      const [, reason = '?'] = /^BLOCKER [^:]*: (.*)$/m.exec(text) ?? [];
      // Numbers, names and digests of an example stand for whatever the code puts there.
      const words = reason.split(/ ?(?:\d+(?= )|[0-9a-f]{4}…|module dog|a date) ?/);
      for (const part of words)
        expect([page, part, code.includes(part)]).toEqual([page, part, true]);
    }
  });

  it('would find a rule that has no page (negative control)', () => {
    const text = "const X = new Rejection(\n  'no-such-rule', 'the value is wrong');";
    expect(rulesIn([text])).toEqual(['no-such-rule']);
    expect(PAGES).not.toContain('no-such-rule.md');
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

/** Links between the pages lead to files and headings that are there. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Link {
  readonly page: string;
  readonly target: string;
}

const PAGES = [...globSync('*.md'), ...globSync('docs/**/*.md')];

function linksOf(page: string, text: string): Link[] {
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ page, target: match[1] ?? '' }));
}

/** Null when the link leads somewhere; else what is not there. */
function broken({ page, target }: Link): string | null {
  if (/^https?:/.test(target)) return null;
  const [file = '', heading] = target.split('#');
  const path = file === '' ? page : join(dirname(page), file);
  if (!existsSync(path)) return `${page}: ${target}`;
  if (heading === undefined) return null;
  const heads = [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  return heads.includes(heading) ? null : `${page}: ${target}`;
}

describe('the pages', () => {
  it('link to what is there', () => {
    const links = PAGES.flatMap((page) => linksOf(page, readFileSync(page, 'utf8')));
    expect([PAGES.length, links.length].every((count) => count > 25)).toBe(true);
    expect(links.map(broken).filter((fault) => fault !== null)).toEqual([]);
  });

  it('are all reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      for (const { target } of linksOf(page, readFileSync(page, 'utf8'))) {
        const path = join(dirname(page), target.split('#')[0] ?? '');
        if (path.endsWith('.md') && existsSync(path)) reached.add(path);
      }
    }
    const docs = PAGES.filter((page) => page.startsWith('docs/'));
    expect(docs.filter((page) => !reached.has(page))).toEqual([]);
  });

  it('would be found where they link to nothing (negative control)', () => {
    const text = '[a](docs/nowhere.md) [b](README.md#no-such-head) [c](LICENSE)';
    expect(linksOf('README.md', text).map(broken)).toEqual([
      'README.md: docs/nowhere.md',
      'README.md: README.md#no-such-head',
      null,
    ]);
  });
});

/** The HTML report as text: what it says, what it never holds, and that it is one and the same. */

import { grouped } from '../../../src/outcome/counted.ts';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Finding } from '../../../src/outcome/finding.ts';
import type { Outcome } from '../../../src/outcome/outcome.ts';
import { groupFindings } from '../../../src/report/html/groups.ts';
import { html, jsonMarkup } from '../../../src/report/html/markup.ts';
import { duration } from '../../../src/report/html/parts.ts';
import { COLORS, STYLE } from '../../../src/report/html/style.ts';
import { DONE, EVIL, evilOutcome, manyFindings, outcomeOf, pageOf } from './examples.ts';

describe('markup', () => {
  it('escapes any text, so that nothing but text comes of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const { markup } = html`<a title="${text}">${[text, null, 7]}</a>`;
        expect(markup.replaceAll(/&(amp|lt|gt|quot|#39);/g, '')).toMatch(
          /^<a title="[^<>"'&]*">[^<>"'&]*<\/a>$/,
        );
        expect(JSON.parse(jsonMarkup({ text }).markup)).toEqual({ text });
        expect(jsonMarkup({ text }).markup).not.toMatch(/[<\u2028\u2029]/);
      }),
    );
    expect(html`<p>${{ markup: '<b>' }}</p>`.markup).toBe('<p><b></p>');
  });

  it('writes numbers for people', () => {
    expect([0, 999, 1000, 1234567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([7, 12_345, 245_000, 7_380_000].map(duration)).toEqual([
      '7 ms',
      '12.3 s',
      '4 min 5 s',
      '2 h 3 min',
    ]);
  });
});

describe('groups of findings', () => {
  it('count all and hold the first, small groups whole', () => {
    const findings = manyFindings(1000);
    const extra = { ...findings[0], rule: 'cycle', severity: 'BLOCKER', reason: 'once' } as const;
    const groups = groupFindings([...findings, extra], 100);
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(1001);
    const rows = groups.flatMap((group) => group.rows);
    expect(rows.length).toBeGreaterThan(90);
    expect(rows.length).toBeLessThanOrEqual(100);
    expect(groups.find(({ rule }) => rule === 'cycle')?.rows).toHaveLength(1);
    expect(groups[0]?.severity).toBe('BLOCKER');
    expect(groups.at(-1)?.severity).toBe('INFO');
    expect(groupFindings(findings).flatMap((group) => group.rows)).toHaveLength(1000);
  });

  it('believe the counts of a list that knows them', () => {
    const findings = manyFindings(10);
    const cause = { module: 'x', rule: 'y', severity: 'INFO', field: '', reason: '' } as const;
    const byCause = [{ ...cause, count: 9e9 }];
    const list = { byCause, [Symbol.iterator]: () => findings[Symbol.iterator]() };
    expect(groupFindings(list)).toEqual([{ ...byCause[0], rows: [] }]);
  });
});

describe('the page', () => {
  it('says the verdict first, then what to do, and has its headings in order', () => {
    const page = pageOf(outcomeOf(manyFindings(100)));
    const heads = [...page.matchAll(/<h([1-6])[^>]*>(.*?)<\/h\1>/gs)].map(([, level]) =>
      Number(level),
    );
    expect(heads[0]).toBe(1);
    expect(heads.filter((level) => level === 1)).toHaveLength(1);
    for (const [at, level] of heads.entries()) {
      expect(level - (heads[at - 1] ?? 0)).toBeLessThanOrEqual(1);
    }
    const order = [
      'id="verdict"',
      'id="next"',
      'id="accounting"',
      'id="findings"',
      'id="timeline"',
    ];
    const places = order.map((id) => page.indexOf(id));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(page).toContain('dry-run: FAIL');
    expect(page).toContain('<a href="#rule-reference">reference</a>');
  });

  it('shows ids whole, to be copied, and what comes next', () => {
    const page = pageOf(DONE);
    expect(page).toContain('migrate: DONE');
    expect(page).toContain(`<code>${'ab'.repeat(32)}</code>`);
    expect(page).toContain(`data-copy="${'cd'.repeat(32)}"`);
    expect(page).toContain('sealift scan-all');
    expect(page).not.toContain('id="findings"');
  });

  it('loads nothing, and lets nothing run but its own script', () => {
    const page = pageOf(outcomeOf(manyFindings(50)));
    expect(page).not.toMatch(/(src|href)="(?!#)/);
    expect(page).not.toMatch(/url\(|@import|https?:/);
    expect(page).not.toMatch(/ style="| on[a-z]+="/);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    const script = /<script>([^]*?)<\/script>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(script).digest('base64');
    expect(script.length).toBeGreaterThan(1000);
    expect(policy).toContain(`script-src 'sha256-${hash}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('makes no markup of names, whoever chose them', () => {
    const page = pageOf(evilOutcome());
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<script>window');
    expect(page).not.toContain('\u202E');
    expect(page.match(/<\/script>/g)?.length).toBe((page.match(/<script/g) ?? []).length);
    expect(page).toContain('&lt;img src=x');
    expect(html`${EVIL}`.markup.length).toBeGreaterThan(EVIL.length);
  });

  it('gives every element an id of its own, also where a rule has two severities', () => {
    const lower = manyFindings(200).map(({ id = '', reason }, at): Finding => {
      return { id, rule: 'type', severity: at % 2 === 0 ? 'INFO' : 'BLOCKER', reason };
    });
    const page = pageOf(outcomeOf([...lower, ...manyFindings(300).slice(200)]));
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
    expect(ids.length).toBeGreaterThan(50);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#(rule-[^"]*)"/g)) expect(ids).toContain(target);
  });

  it('is the same for the same outcome', () => {
    expect(pageOf(outcomeOf(manyFindings(500)))).toBe(pageOf(outcomeOf(manyFindings(500))));
  });
});

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = (color.slice(1).match(/../g) ?? [])
    .map((part) => Number.parseInt(part, 16) / 255)
    .map((part) => (part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe('the colours', () => {
  const pairs = [
    ...['text', 'quiet', 'link'].flatMap((name) =>
      ['page', 'card', 'soft'].map((on) => [name, on]),
    ),
    ...['good', 'warn', 'bad'].flatMap((name) => [
      [name, `${name}-soft`],
      ['text', `${name}-soft`],
      [name, 'card'],
    ]),
  ];

  it.each(pairs)('%s on %s can be read, light and dark (AA)', (name = '', on = '') => {
    for (const mode of [0, 1] as const) {
      expect(contrast(COLORS[name]?.[mode] ?? '', COLORS[on]?.[mode] ?? '')).toBeGreaterThan(4.5);
    }
    expect(STYLE).toContain(`--${on}:`);
  });

  it('are measured (negative control)', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
    expect(contrast('#777777', '#ffffff')).toBeLessThan(4.5);
  });
});

function failedPage(failure: NonNullable<Outcome['failure']>): string {
  return pageOf(outcomeOf([], { status: 'FAILED', command: 'migrate', failure }));
}

function firstStep(page: string): string {
  return /<ol class="card next">\s*<li>(.*?)<\/li>/s.exec(page)?.[1] ?? '';
}

describe('what to do after a failure', () => {
  const parts = { code: 'DISK', what: 'it failed: why is not known', where: 'x: y' } as const;

  it('is its hint, whole', () => {
    const page = failedPage({ ...parts, hint: 'choose one of two: this or that' });
    expect(firstStep(page)).toBe('choose one of two: this or that');
    expect(page).toContain('it failed: why is not known (x: y): choose one of two: this or that');
  });

  it('is to run it again where there is no hint, whatever the message says', () => {
    expect(firstStep(failedPage({ ...parts, hint: undefined }))).toBe(
      'Fix the problem above, then run sealift migrate again.',
    );
  });
});

/** The report of a cutover run as text: what it says, what it never holds, and that it is one and the same. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { RunStory } from '../../../src/outcome/runStory.ts';
import { htmlReport } from '../../../src/report/html/page.ts';
import { numberText } from '../../../src/report/html/sampleChart.ts';
import { timeScale } from '../../../src/report/html/timeScale.ts';
import { EVIL, outcomeOf, TIMING } from './examples.ts';
import { COMPLETED, FAILED, minute, ROLLED_BACK, storyPage, withTexts } from './stories.ts';

/** What a person reads, without the markup. */
function textOf(page: string): string {
  return page
    .replace(/<style>[^]*?<\/style>/, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&gt;', '>')
    .replaceAll('&lt;', '<')
    .replaceAll(/\s+/g, ' ');
}

/** The text of a part, from its heading to the next one of its level. */
function partOf(page: string, id: string): string {
  const [, part = ''] = page.split(`<h2 id="${id}"`);
  return textOf(`<h2${part.split('<h2 ')[0] ?? ''}`);
}

/** How many lines the first chart draws. */
function lines(story: RunStory): number {
  const [, path = ''] = /class="line"\s+d="([^"]*)"/.exec(storyPage(story)) ?? [];
  return (path.match(/M/g) ?? []).length;
}

const tags = (page: string): number => (page.match(/<[a-z]/g) ?? []).length;

const labels = (hours: number): string[] =>
  timeScale(minute(0), minute(hours * 60)).ticks.map(({ label }) => label);

const back = storyPage(ROLLED_BACK);

describe('the report of a cutover run', () => {
  it('says first what it came to, who began it, when, and how long it took', () => {
    const text = textOf(back);
    expect(text).toContain('shop-1 was rolled back');
    expect(text).toContain(
      'It went back by itself on 6 Dec 2026, 02:30:00 UTC, because http5xx > 0.01 for 5m (S1), with the value 0.02. 1 step was undone in 2 min 0 s. Later writes were kept.',
    );
    expect(text).toContain(
      'The shop moves. Run on production, begun by ada on 6 Dec 2026, 02:00:00 UTC',
    );
    expect(text).toContain('Ended on 6 Dec 2026, 02:32:00 UTC, after 32 min 0 s');
    expect(back.indexOf('id="verdict"')).toBeLessThan(back.indexOf('id="timeline"'));
  });

  it.each<[string, Partial<RunStory>, string]>([
    ['COMPLETED', COMPLETED, 'shop-1 was completed Of 4 steps: 4 passed. Approved by bo.'],
    [
      'WAITING',
      { ...COMPLETED, status: 'WAITING', isOver: false },
      'shop-1 is waiting It waits for people at approve (1 of 2).',
    ],
    [
      'PAUSED',
      {
        ...COMPLETED,
        status: 'PAUSED',
        stretches: [{ kind: 'held', from: minute(1), to: null, step: 'open', says: 'status 503' }],
      },
      'shop-1 is held It is held at open, as status 503.',
    ],
    [
      'ABORTED',
      { ...COMPLETED, status: 'ABORTED', why: 'it is late' },
      'shop-1 was aborted It was ended where it was, as it is late: what it had done stays as it is.',
    ],
    [
      'a step that failed, and was taken back',
      FAILED,
      'migrate failed: exit code 19. ada took it back on 6 Dec 2026, 02:07:00 UTC: too late.',
    ],
    [
      'a step that failed, and is held',
      {
        ...FAILED,
        status: 'PAUSED',
        waysBack: [],
        steps: FAILED.steps.map((step) => ({
          ...step,
          status: step.id === 'migrate' ? 'FAIL' : step.status,
        })),
        stretches: [
          { kind: 'held', from: minute(3), to: null, step: 'migrate', says: 'exit code 19' },
        ],
      },
      'It is held at migrate, which failed: exit code 19. Of 4 steps: 1 passed, 1 failed, 2 not',
    ],
    [
      'a step that failed before an abort',
      { ...FAILED, status: 'ABORTED', waysBack: [] },
      'migrate failed: exit code 19. It was ended where it was, as too late: what it had done',
    ],
    [
      'a trigger that holds',
      {
        ...COMPLETED,
        status: 'PAUSED',
        triggers: ROLLED_BACK.triggers,
        stretches: [
          {
            kind: 'held',
            from: minute(1),
            to: null,
            step: null,
            says: 'http5xx > 0.01 for 5m (S1)',
          },
        ],
      },
      'It is held, as http5xx > 0.01 for 5m (S1), with the value 0.02.',
    ],
    [
      'a rehearsal',
      { isRehearsal: true, isRehearsed: true, target: null },
      'shop-1 passed its rehearsal, and went back',
    ],
  ])('says of %s what it is', (_, differs, words) => {
    expect(textOf(storyPage({ ...ROLLED_BACK, ...differs }))).toContain(words);
  });

  it('counts the steps of each verdict by themselves', () => {
    const tiles = textOf(/<dl class="tiles">([^]*?)<\/dl>/.exec(back)?.[1] ?? '');
    expect(tiles).toContain('steps passed 1 steps inconclusive 1 steps undone 1 steps not begun 1');
    const failed = /<dl class="tiles">([^]*?)<\/dl>/.exec(storyPage(FAILED))?.[1] ?? '';
    expect(textOf(failed)).toContain(
      'steps passed 1 steps failed, then undone 1 steps not begun 2 took 8 min 0 s way back',
    );
    expect(failed).toMatch(/then undone<\/dt>\s*<dd class="fail">/);
  });

  it('writes times that would look the same so that they can be told from each other', () => {
    const text = partOf(storyPage(FAILED), 'timeline');
    expect(text).toContain('02:03:00.1 02:03:00.3 220 ms');
    const [backup, migrate, ...rest] = FAILED.steps;
    if (migrate === undefined || backup === undefined) throw new Error('there is none');
    const attempts = migrate.attempts.map((one) => ({ ...one, to: one.from + 3 }));
    const short = { ...FAILED, steps: [backup, { ...migrate, attempts }, ...rest] };
    expect(partOf(storyPage(short), 'timeline')).toContain('02:03:00.120 02:03:00.123 3 ms');
  });

  it('says where the output of a step is that failed', () => {
    const text = partOf(storyPage(FAILED), 'timeline');
    expect(text).toContain('its output: outputs/migrate.stderr');
    expect(partOf(back, 'timeline')).not.toContain('its output');
    expect(partOf(back, 'outputs')).toContain('They are in storage_cutovers/shop-1/outputs of');
  });

  it('has the steps in their order, under their phases, with begin, end and verdict', () => {
    const text = partOf(back, 'timeline');
    const order = ['Before', '1 backup', 'The migration', '2 migrate', '3 approve', '4 open'];
    const places = order.map((one) => text.indexOf(one));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places[0]).toBeGreaterThan(0);
    expect(text).toContain('02:00:00 02:03:00 3 min 0 s ✓ PASS');
    expect(text).toContain('done 02:03:00 to 02:05:00 : UNKNOWN, it has ended');
    expect(text).toContain('taken back 02:30:00 to 02:32:00 : UNDONE');
    expect(text).toContain('The window, Sun 03:00 Europe/Vienna, is from 6 Dec 2026, 02:00:00 UTC');
    expect(text).toContain('waited for people approve 02:10:00 02:30:00 20 min 0 s 1 of 2');
    for (const look of ['work', 'done pass', 'waits', 'held', 'undo', 'back', 'window']) {
      expect(back).toMatch(new RegExp(`<rect\\s+class="${look}"`));
    }
  });

  it('shows gates with who opened them, by which key, and what they said', () => {
    const text = partOf(back, 'gates');
    expect(text).toContain(
      'Needed 2 approvals by the role approver (bo, cy), not an operator. Steps that had to pass first: migrate. An approval counts for 1h.',
    );
    const waits = { ...ROLLED_BACK, isOver: false, status: 'WAITING' };
    expect(partOf(storyPage(waits), 'gates')).toContain(
      'Needs 2 approvals by the role approver (bo, cy), not an operator. Steps that have to pass',
    );
    expect(text).toContain('the shop is closed');
    expect(text).toContain(`bo 02:12:00 SHA256:bo ${'ef'.repeat(32)}`);
    expect(text).toContain('cy of an earlier look of the gate 02:11:00 no key has signed it');
  });

  it('draws samples on their bands, marks breaches and firings, and says the same in words', () => {
    const label =
      'http5xx: 31 looks from 6 Dec 2026, 02:00:00 UTC to 6 Dec 2026, 02:30:00 UTC; lowest 0.002, highest 0.025, last 0.02; 6 in breach';
    expect(back).toContain(`role="img" aria-label="${label}"`);
    const [, chart = ''] = /<figure[^]*?(<svg[^]*?<\/svg>\s*(?:<rect[^]*?)?)<dl>/.exec(back) ?? [];
    expect(chart.match(/class="band /g)).toHaveLength(3);
    expect(chart.match(/class="breach"/g)).toHaveLength(6);
    expect(chart.match(/▼1/g)).toHaveLength(1);
    const text = partOf(back, 'samples');
    expect(text).toContain('highest 0.025 at 02:25:00');
    expect(text).toContain('<= 0.005 passes all else holds http5xx > 0.01 for 5m: rollback');
    expect(text).toContain('▼1 02:30:00 http5xx > 0.01 for 5m (S1): the way back began');
  });

  it('does not say how often people give a number', () => {
    const [series] = ROLLED_BACK.series;
    if (series === undefined) throw new Error('there is none');
    const told = { ...series, use: 'attest', every: Infinity };
    expect(storyPage({ ...ROLLED_BACK, series: [told] })).toContain('attest, said by people');
  });

  it('draws no line between looks that were missed', () => {
    const [series] = ROLLED_BACK.series;
    if (series === undefined) throw new Error('there is none');
    const parts = series.parts.filter((_, at) => at < 10 || at > 15);
    expect(lines(ROLLED_BACK)).toBe(1);
    expect(lines({ ...ROLLED_BACK, series: [{ ...series, parts }] })).toBe(2);
  });

  it('tells of the way back: who, why, in which order, and what was lost', () => {
    const text = partOf(back, 'back');
    expect(text).toContain('A trigger or monitor took the run back, because http5xx > 0.01 for 5m');
    expect(text).toContain('No action of the way back loses what was written later.');
    expect(text).toContain('1 migrate ✓ undone 02:30:00 02:32:00');
    expect(text).toContain('exec done at 02:32:00 , as ada told: by hand');
    expect(text).toContain('still be there: backup');
    expect(partOf(storyPage(COMPLETED), 'back')).not.toContain('undone');
    expect(partOf(storyPage(FAILED), 'back')).toContain('ada took the run back: too late. From');
    expect(partOf(storyPage(FAILED), 'back')).toContain(
      'Everything that the run changed has been undone.',
    );
  });

  it('shows outputs, equal roots and the digests that prove it', () => {
    expect(partOf(back, 'outputs')).toContain(`backup backup.stderr 1.2 kB ${'cd'.repeat(32)}`);
    expect(partOf(back, 'reported')).toContain(
      `backup 41 counted, 0 failed file backup.dump root ${'ab'.repeat(32)} ✓ equal to migrate root`,
    );
    // What has counted nothing says nothing.
    expect(partOf(storyPage(FAILED), 'reported')).not.toContain('migrate');
    const text = partOf(back, 'proof');
    expect(text).toContain(`${'45'.repeat(32)} of application app, database db`);
    for (const one of ['01', '23', '45', '67', '89', 'fe']) expect(text).toContain(one.repeat(32));
    expect(text).toContain('(line 74)');
    expect(partOf(back, 'people')).toContain('02:12:00 bo approved the gate approve');
    expect(partOf(back, 'triggers')).toContain('✗ fired trigger when http5xx > 0.01 for 5m (S1)');
    expect(partOf(back, 'triggers')).toContain('(S1), with the value 0.02: the way back began');
    expect(partOf(back, 'triggers')).toContain('✓ not fired trigger when migrate.failed > 0');
  });

  it('tells what comes next only where a command wrote it', () => {
    expect(storyPage(ROLLED_BACK)).not.toContain('id="next"');
    expect(partOf(storyPage(ROLLED_BACK, 'go on with sealift'), 'next')).toContain('go on with');
    const outcome = outcomeOf([], { command: 'cutover tick', story: COMPLETED });
    const page = Buffer.concat([...htmlReport(outcome, TIMING)]).toString('utf8');
    expect(page).toBe(storyPage(COMPLETED));
  });

  it('loads nothing, and lets nothing run', () => {
    expect(back).not.toMatch(/(src|href)="(?!#)/);
    expect(back).not.toMatch(/url\(|@import|https?:|<script/);
    expect(back).not.toMatch(/ style="| on[a-z]+="/);
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(back) ?? [];
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|script-src/);
  });

  it('makes no markup of texts, whatever they are', () => {
    const page = storyPage(withTexts(ROLLED_BACK, EVIL), EVIL);
    expect(page).not.toMatch(/<img|<script|\u202E/);
    expect(page).toContain('&lt;img src=x');
    const plain = storyPage(withTexts(ROLLED_BACK, 'plain'), 'plain');
    expect(tags(page)).toBe(tags(plain));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const one = withTexts(ROLLED_BACK, `a${text}`);
        expect(tags(storyPage(one, text))).toBe(tags(plain));
      }),
      { numRuns: 30 },
    );
  });

  it('gives every element an id of its own, and has its headings in order', () => {
    const ids = [...back.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
    expect(ids.length).toBeGreaterThan(15);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, name] of back.matchAll(/aria-labelledby="([^"]*)"/g)) expect(ids).toContain(name);
    const heads = [...back.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    expect(heads.filter((level) => level === 1)).toHaveLength(1);
    for (const [at, level] of heads.entries()) {
      expect(level - (heads[at - 1] ?? 0)).toBeLessThanOrEqual(1);
    }
    for (const [head] of back.matchAll(/<th(?:\s[^>]*)?>/g)) expect(head).toContain('scope=');
    for (const [svg] of back.matchAll(/<svg(?![^>]*viewBox)[^>]*>/g)) {
      expect(svg).toMatch(/aria-hidden="true"|role="img"/);
    }
  });

  it('is the same for the same story', () => {
    expect(storyPage(structuredClone(ROLLED_BACK))).toBe(back);
  });
});

describe('the axis of times', () => {
  it('has at most six marks, within the run, whatever its length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * 86_400 }), (seconds) => {
        const scale = timeScale(minute(7), minute(7) + seconds * 1000);
        expect(scale.ticks.length).toBeLessThanOrEqual(6);
        for (const { percent } of scale.ticks) {
          expect(Number.parseFloat(percent)).toBeGreaterThanOrEqual(0);
          expect(Number.parseFloat(percent)).toBeLessThanOrEqual(100);
        }
        expect([scale.at(scale.from), scale.at(scale.to)]).toEqual([0, 100]);
      }),
    );
  });

  it('names hours within a day, and days beyond', () => {
    expect(labels(4)).toEqual(['02:00', '03:00', '04:00', '05:00', '06:00']);
    expect(labels(72)).toEqual(['7 Dec', '8 Dec', '9 Dec']);
  });

  it('stands beside numbers that people can read', () => {
    expect([0.012_345_6, 1_234_567, -3, 0].map(numberText)).toEqual([
      '0.01235',
      '1,234,567',
      '-3',
      '0',
    ]);
  });
});

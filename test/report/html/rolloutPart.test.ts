/** The picture of a rollout as text: what it shows, what it never holds, and that it is one and the same. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { RunStory } from '../../../src/outcome/runStory.ts';
import { laneScale } from '../../../src/report/html/laneScale.ts';
import { placedMarks } from '../../../src/report/html/rolloutStairs.ts';
import { timeScale } from '../../../src/report/html/timeScale.ts';
import { rolloutRun } from '../../cutover/engine/rolloutJournal.ts';
import { EVIL } from './examples.ts';
import { ROLLED_BACK, storyPage, withTexts } from './stories.ts';

const BACK = rolloutRun({
  truth: (stage, hour) => (stage === '50' && hour > 8 ? { success: 92.5 } : {}),
});
const ANEW = rolloutRun({
  truth: (stage, hour) => (stage === '50' && hour > 20 && hour < 25 ? { stuck: 4 } : {}),
  isAway: (stage, hour) => stage === '50' && hour > 30 && hour < 43,
  endsAt: (stage, hour) => stage === '50' && hour > 70,
});
const page = storyPage(BACK);

/** What a person reads, without the markup. */
function textOf(markup: string): string {
  return markup
    .replaceAll(/<style>[^]*?<\/style>|<desc[^]*?<\/desc>|<title[^]*?<\/title>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&gt;', '>')
    .replaceAll('&lt;', '<')
    .replaceAll(/\s+/g, ' ');
}

const count = (text: string, pattern: RegExp): number => (text.match(pattern) ?? []).length;
const tags = (text: string): number => count(text, /<[a-z]/g);

describe('the picture of a rollout', () => {
  it('comes right after the verdict, and only for a rollout', () => {
    const places = ['id="verdict"', 'id="rollout"', 'class="tiles"', 'id="timeline"'];
    const found = places.map((one) => page.indexOf(one));
    expect(found).toEqual(found.toSorted((one, other) => one - other));
    expect(found[0]).toBeGreaterThan(0);
    expect(storyPage(ROLLED_BACK)).not.toContain('id="rollout"');
  });

  it('says first where it stands: what was decided, by which metric, and when', () => {
    expect(textOf(page)).toContain(
      'Rolled back at 50 % on 3 Dec 2026, 18:03:00 UTC. Why: success was 93.8 % of 10,400 (92.6 to 94.9 %), all of it below 95 %. Now 0 % of the users have v2.',
    );
    expect(textOf(page)).toContain('50 % ↶ rolled back 26h of 48h, 26 looks');
    expect(textOf(storyPage(ANEW))).toContain(
      'At 50 %: 33h of 48h count. Missing for 100 %: 15h of the soak; 1 statement',
    );
  });

  it('has the lane that decided first, and only that one marked', () => {
    const names = [...page.matchAll(/<p class="head">\s*<b>([^<]*)<\/b>/g)].map(([, name]) => name);
    expect(names).toEqual([
      'success',
      'the split',
      'success',
      'success',
      'stuck',
      'p99',
      'p99',
      'p99',
      'errors',
    ]);
    expect(count(page, /class="metric decides"/g)).toBe(1);
    expect(count(storyPage(ANEW), /class="metric decides"/g)).toBe(0);
  });

  it('tells bands by shape: ribbons, glyphs and strips of each band differ without colours', () => {
    for (const shape of ['dot', 'pass', 'hold', 'fail', 'rollback', 'unknown']) {
      expect(page).toContain(`id="shape-${shape}"`);
    }
    const [, lane = ''] = /class="metric decides"([^]*?)<\/svg>\s*<\/div>/.exec(page) ?? [];
    for (const band of ['pass', 'hold', 'rollback']) {
      expect(lane).toMatch(new RegExp(`class="strip ${band}"`));
      expect(lane).toMatch(new RegExp(`href="#shape-${band}"`));
      expect(lane).toMatch(new RegExp(`class="edge (?:one )?${band}"`));
    }
    expect(lane).not.toContain('shape-fail');
    expect(new Set(heights(lane)).size).toBe(3);
  });

  it('shows the time of a soak that counted, was lost, failed and was missed, and its restart', () => {
    const anew = storyPage(ANEW);
    const [, stairs = ''] = /class="stairs"([^]*?)<\/svg>\s*<div class="metric/.exec(anew) ?? [];
    expect(stairs).toMatch(/soak counted/);
    expect(stairs).toMatch(/soak lost/);
    expect(stairs).toMatch(/hatch failed/);
    expect(stairs).toMatch(/hatch missed/);
    expect(count(stairs, /↻/g)).toBe(1);
    expect(page).not.toMatch(/class="hatch/);
  });

  it('numbers the moments of decision, and says each in a sentence with its time', () => {
    const text = textOf(page);
    expect(text).toContain('1 Dec 2026, 09:02:00 UTC The rollout began: 10 % of the users had v2.');
    expect(text).toContain('3 Dec 2026, 18:03:00 UTC Rolled back at 50 %, as success was 93.8 %');
    const { moments = [] } = BACK.rollout ?? {};
    expect(count(page, /class="moment /g)).toBe(moments.length);
    const numbers = [...page.matchAll(/class="number [a-z]+"[^>]*>([^<]*)</g)].map(
      ([, one]) => one,
    );
    expect(numbers).toEqual(['1', '2', '3–4', '5–6']);
  });

  it('says the same in descriptions and tables', () => {
    const [, about = ''] = /<desc id="lane-1-about">([^]*?)<\/desc>/.exec(page) ?? [];
    expect(about).toContain('10 %: 27 looks (1 passes, 26 not decided), the last');
    expect(about).toContain('; passes at 95 % or more, with a margin of 1; rolls back below 95 %.');
    const [, tables = ''] = page.split('The same as tables');
    const text = textOf(tables.split('</details>')[0] ?? '');
    expect(text).toContain('50 % rolled back 2 Dec 16:02:00');
    expect(text).toContain('success against 10 % 50 % 26');
    expect(text).toContain('rolls back from 3 Dec 18:03:00');
  });

  it('loads nothing, lets nothing run, and gives each element an id of its own', () => {
    expect(page).not.toMatch(/(src|href)="(?!#)/);
    expect(page).not.toMatch(/url\(|@import|https?:|<script/);
    expect(page).not.toMatch(/ style="| on[a-z]+="/);
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, names = ''] of page.matchAll(/aria-labelledby="([^"]*)"/g)) {
      for (const name of names.split(' ')) expect(ids).toContain(name);
    }
    for (const [, name] of page.matchAll(/<use href="#([^"]*)"/g)) expect(ids).toContain(name);
    for (const [svg] of page.matchAll(/<svg(?![^>]*viewBox)[^>]*>/g)) {
      expect(svg).toMatch(/aria-hidden="true"|role="img"/);
    }
  });

  it('makes no markup of names, whatever they are', () => {
    const evil = storyPage(withTexts(BACK, EVIL));
    expect(evil).not.toMatch(/<img|<script|\u202E/);
    expect(evil).toContain('&lt;img src=x');
    const plain = tags(storyPage(withTexts(BACK, 'plain')));
    expect(tags(evil)).toBe(plain);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        expect(tags(storyPage(withTexts(BACK, `a${text}`)))).toBe(plain);
      }),
      { numRuns: 5 },
    );
  });

  it('is the same for the same story', () => {
    expect(storyPage(structuredClone(BACK))).toBe(page);
  });

  it('is drawn of a rollout that has not begun, and of one that took seconds', () => {
    const early = storyPage(rolloutRun({ stopsAt: () => true }));
    expect(textOf(early)).toContain('No stage has begun.');
    const fast = { ...BACK, rollout: faster(BACK.rollout) };
    expect(textOf(storyPage(fast))).toMatch(/\d\d:\d\d:\d\d/);
    expect(storyPage(fast)).not.toMatch(/NaN|Infinity|undefined/);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });
});

/** Heights of the strips of bands. */
function heights(lane: string): readonly string[] {
  return [...lane.matchAll(/class="strip [^>]*?\bheight="(\d+)"/g)].map(
    ([, height]) => height ?? '',
  );
}

/** The same in a ten-thousandth of its time. */
function faster(rollout: RunStory['rollout']): NonNullable<RunStory['rollout']> {
  const from = rollout?.from ?? 0;
  const text = JSON.stringify(rollout, (_, value: unknown) =>
    typeof value === 'number' && value >= from ? Math.round(from + (value - from) / 10_000) : value,
  );
  return JSON.parse(text) as NonNullable<RunStory['rollout']>;
}

describe('the numbers of the moments', () => {
  it('never overlap on a phone, and stand for all of them', () => {
    const digit = 2.1;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 60 }),
        (list) => {
          const times = list.toSorted((one, other) => one - other);
          const scale = timeScale(0, 1000);
          const marks = placedMarks(
            times.map((at) => ({ at, kind: 'held' as const })),
            scale,
          );
          const ends = marks.map(({ text }) => text.split('–').map(Number));
          const all = ends.flatMap(([first = 0, last = first]) =>
            Array.from({ length: last - first + 1 }, (_, at) => first + at),
          );
          expect(all).toEqual(times.map((_, at) => at + 1));
          for (const [at, mark] of marks.entries()) {
            for (const other of marks.slice(at + 1).filter(({ row }) => row === mark.row)) {
              expect(other.at - mark.at).toBeGreaterThanOrEqual(digit);
            }
          }
        },
      ),
    );
  });
});

describe('the scale of a lane', () => {
  it('has its limits within the plot, and what is beyond at its edge', () => {
    for (const lane of [...(BACK.rollout?.lanes ?? []), ...(ANEW.rollout?.lanes ?? [])]) {
      const scale = laneScale(lane, 72);
      for (const inStage of lane.stages) {
        const lines = scale.limitsOf(inStage);
        expect(lines.length).toBeGreaterThan(0);
        for (const { y } of lines) {
          expect(y).toBeGreaterThan(0);
          expect(y).toBeLessThan(72);
        }
        expect(scale.y(inStage.stage, 1e9)).toBe(0);
        // A comparison has nothing below the least that it has a position for.
        expect(scale.y(inStage.stage, -1e9)).toBeGreaterThanOrEqual(65);
      }
    }
  });

  it('keeps what decides apart from its limit', () => {
    const lane = BACK.rollout?.lanes.find(
      ({ metric, isCompared }) => metric === 'success' && !isCompared,
    );
    if (lane === undefined) throw new Error('there is none');
    const { y } = laneScale(lane, 72);
    expect(y(1, 92.6) - y(1, 95)).toBeGreaterThan(8);
  });
});

/** The picture of a rollout in a browser: on a phone, on a desk, in the dark, on paper; it asks for nothing. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { rolloutRun } from '../../cutover/engine/rolloutJournal.ts';
import { workFolder } from '../../kit/project.ts';
import { complaintsOf, findChromium, startChromium, type Browser, type Page } from './chromium.ts';
import { EVIL } from './examples.ts';
import { storyPage, withTexts } from './stories.ts';

const PATH = findChromium();
const LONG = `${'a-very-long-name'.repeat(12)} ${EVIL}`;
const BACK = rolloutRun({
  truth: (stage, hour) => (stage === '50' && hour > 8 ? { success: 92.5 } : {}),
});

/** What is wider than its place: the page, the picture, a card, or a text in it. */
const CUT_OFF = `[document.documentElement, ...document.querySelectorAll('.card, .picture, .metric, .stages li, .decisions li, td, th')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
  .map((one) => one.outerHTML.slice(0, 200))`;

/** What is drawn or written beside the picture. */
const BESIDE = `(() => {
  const { left, right } = document.querySelector('.picture').getBoundingClientRect();
  return [...document.querySelectorAll('.picture :is(text, rect, use)')]
    .filter((one) => one.closest('.shapes') === null)
    .filter((one) => {
      const box = one.getBoundingClientRect();
      const by = one.tagName === 'use' ? 9 : 2;
      return box.width > 0 && (box.left < left - by || box.right > right + by);
    })
    .map((one) => one.outerHTML.slice(0, 200));
})()`;

/** The smallest text of the picture, as it is seen, in px. */
const SMALLEST = `Math.min(...[...document.querySelectorAll('.rollout :is(text, p, li, span, b, time)')]
  .filter((one) => one.checkVisibility() && one.textContent.trim() !== '')
  .map((one) => Number.parseFloat(getComputedStyle(one).fontSize)))`;

/** Numbers of moments that overlap each other. */
const OVERLAPS = `(() => {
  const boxes = [...document.querySelectorAll('text.number')].map((one) => one.getBoundingClientRect());
  return boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) =>
    one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 4 && other.top < one.bottom - 4)).length;
})()`;

describe.skipIf(PATH === null)('the picture of a rollout in a browser', () => {
  const work = workFolder('rollout-picture');
  let browser: Browser;
  let page: Page;
  const open = (name: string): Promise<void> => page.open(`file://${join(work, `${name}.html`)}`);
  const sized = (width: number): Promise<unknown> =>
    page.send('Emulation.setDeviceMetricsOverride', {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: width < 500,
    });

  beforeAll(async () => {
    browser = await startChromium(PATH ?? '');
    const pages = {
      healthy: storyPage(rolloutRun()),
      back: storyPage(BACK),
      anew: storyPage(
        rolloutRun({
          truth: (stage, hour) => (stage === '50' && hour > 20 && hour < 25 ? { stuck: 4 } : {}),
          isAway: (stage, hour) => stage === '50' && hour > 30 && hour < 43,
          endsAt: (stage, hour) => stage === '50' && hour > 70,
        }),
      ),
      early: storyPage(rolloutRun({ stopsAt: () => true })),
      long: storyPage(withTexts(BACK, LONG)),
    };
    for (const [name, text] of Object.entries(pages)) {
      writeFileSync(join(work, `${name}.html`), text);
    }
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    page = await browser.newPage();
  });
  afterEach(() => page.close());

  it.each([390, 1280])('cuts nothing off, and is readable, at %i px', async (width) => {
    await sized(width);
    for (const name of ['healthy', 'back', 'anew', 'early', 'long']) {
      await open(name);
      expect(await page.value('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      expect(await page.value(CUT_OFF)).toEqual([]);
      expect(await page.value(BESIDE)).toEqual([]);
      expect(await page.value(OVERLAPS)).toBe(0);
      expect(await page.value(SMALLEST)).toBeGreaterThanOrEqual(11);
    }
    expect(complaintsOf(page)).toEqual([]);
  });

  it('finds what is cut off, beside the picture, and too small (negative control)', async () => {
    await sized(390);
    await open('back');
    const lane = "document.querySelector('.metric svg')";
    await page.value(
      `${lane}.insertAdjacentHTML('beforeend', '<text x="90%" y="20">${'x'.repeat(60)}</text>')`,
    );
    expect(await page.value<string[]>(BESIDE)).toHaveLength(1);
    await page.value("document.querySelector('.stages li').append('x'.repeat(200))");
    await page.value("document.querySelector('.stages').style.overflowWrap = 'normal'");
    expect(await page.value<string[]>(CUT_OFF)).not.toEqual([]);
    await page.value("document.querySelector('.head b').style.fontSize = '10px'");
    expect(await page.value(SMALLEST)).toBe(10);
    await page.value(
      "document.querySelectorAll('text.number').forEach((one) => one.setAttribute('x', '50%'))",
    );
    await page.value(
      "document.querySelectorAll('text.number').forEach((one) => one.setAttribute('y', '12'))",
    );
    expect(await page.value(OVERLAPS)).toBeGreaterThan(0);
  });

  it('has lines of its moments through all lanes, each at its time', async () => {
    await sized(1280);
    await open('back');
    const { from = 0, to = 0, moments = [] } = BACK.rollout ?? {};
    const lines = await page.value<{ x: number; top: number; bottom: number }[]>(
      `(() => {
        const box = document.querySelector('.picture').getBoundingClientRect();
        const lanes = [...document.querySelectorAll('.metric')].map((one) => one.getBoundingClientRect());
        return [...document.querySelectorAll('line.moment')].map((one) => {
          const line = one.getBoundingClientRect();
          const x = (line.left + line.right) / 2 - box.left;
          return { x: x / box.width, top: line.top - lanes[0].top, bottom: line.bottom - lanes.at(-1).bottom };
        });
      })()`,
    );
    expect(lines).toHaveLength(moments.length);
    const places = moments.map(({ at }) => ((at - from) / (to - from)).toFixed(2)).toSorted();
    expect(lines.map(({ x }) => x.toFixed(2)).toSorted()).toEqual(places);
    for (const { top, bottom } of lines) {
      expect(top).toBeLessThan(0);
      expect(bottom).toBeGreaterThanOrEqual(0);
    }
  });

  it('has other colours in the dark, and those of paper in print, where its tables are open', async () => {
    await sized(700);
    await open('back');
    const colour = "getComputedStyle(document.querySelector('.strip.pass')).fill";
    const light = await page.value(colour);
    const dark = { features: [{ name: 'prefers-color-scheme', value: 'dark' }] };
    await page.send('Emulation.setEmulatedMedia', dark);
    expect(await page.value(colour)).not.toBe(light);
    await page.send('Emulation.setEmulatedMedia', { ...dark, media: 'print' });
    expect(await page.value(colour)).toBe(light);
    const height = "document.querySelector('#rollout-metrics').getBoundingClientRect().height";
    expect(await page.value(height)).toBeGreaterThan(0);
    const right =
      "Math.max(...[...document.querySelectorAll('.rollout *')].map((one) => one.getBoundingClientRect().right))";
    expect(await page.value(right)).toBeLessThanOrEqual(701);
  });
});

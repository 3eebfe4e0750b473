/** The report of a cutover run in a browser: on a phone, on a desk, in the dark, on paper; it asks for nothing. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { workFolder } from '../../kit/project.ts';
import { complaintsOf, findChromium, startChromium, type Browser, type Page } from './chromium.ts';
import { EVIL } from './examples.ts';
import { COMPLETED, FAILED, ROLLED_BACK, storyPage, withTexts } from './stories.ts';

const PATH = findChromium();
const LONG = `${'a-very-long-name'.repeat(12)} ${EVIL}`;

/** What is wider than its place: the page, a table, or a text in it. */
const CUT_OFF = `[document.documentElement, ...document.querySelectorAll('.scroll, .card, td, th, dd')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.outerHTML.slice(0, 200))`;

/** What is squeezed: a text of several words that has less than three words' width. */
const SQUEEZED = `[...document.querySelectorAll('caption, p, li, h1, h2, h3')]
  .filter((one) => one.checkVisibility() && one.clientWidth < 120 && one.textContent.trim().split(/\\s+/).length > 6)
  .map((one) => one.outerHTML.slice(0, 200))`;

describe.skipIf(PATH === null)('the report of a cutover run in a browser', () => {
  const work = workFolder('cutover-page');
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
    const days = { ...COMPLETED, lastAt: COMPLETED.lastAt + 7 * 86_400_000 };
    const short = FAILED.steps.map((step) => ({
      ...step,
      attempts: step.attempts.map((one) => ({ ...one, to: one.from + 3 })),
    }));
    const pages = {
      back: storyPage(ROLLED_BACK, 'see sealift cutover status shop.yaml'),
      completed: storyPage(COMPLETED),
      days: storyPage(days),
      failed: storyPage(FAILED),
      short: storyPage({ ...days, steps: short }),
      long: storyPage(withTexts(ROLLED_BACK, LONG), LONG),
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

  it.each(['back', 'completed', 'days', 'failed', 'short', 'long'])(
    'cuts nothing off on a phone: %s',
    async (name) => {
      await sized(390);
      await open(name);
      expect(await page.value('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
      expect(await page.value(CUT_OFF)).toEqual([]);
      expect(await page.value(SQUEEZED)).toEqual([]);
      expect(complaintsOf(page)).toEqual([]);
    },
  );

  it('finds what is squeezed (negative control)', async () => {
    await sized(390);
    await open('back');
    await page.value("document.querySelector('.stack caption').style.width = '2rem'");
    expect(await page.value<string[]>(SQUEEZED)).not.toEqual([]);
  });

  it('finds what is cut off (negative control)', async () => {
    await sized(390);
    await open('back');
    await page.value("document.querySelector('td').style.whiteSpace = 'nowrap'");
    const wide = "document.querySelector('.card').append('x'.repeat(300))";
    await page.value(`${wide}, document.querySelector('.card').style.whiteSpace = 'nowrap'`);
    await page.value("document.querySelector('.card').style.overflowWrap = 'normal'");
    expect(await page.value<string[]>(CUT_OFF)).not.toEqual([]);
  });

  it.each(['back', 'completed', 'days', 'failed', 'short'])('fits a desk: %s', async (name) => {
    await sized(1280);
    await open(name);
    expect(await page.value(CUT_OFF)).toEqual([]);
    expect(complaintsOf(page)).toEqual([]);
  });

  it('draws each bar within its lane, and at its time', async () => {
    await sized(1280);
    await open('back');
    const lanes = await page.value<number[][]>(
      `[...document.querySelectorAll('.lane > svg')].map((lane) => {
        const { left, right, width } = lane.getBoundingClientRect();
        return [...lane.querySelectorAll('rect:not(.window)')].map((one) => {
          const box = one.getBoundingClientRect();
          return box.left < left - 1 || box.right > right + 1 ? -1 : (box.left - left) / width;
        });
      })`,
    );
    expect(lanes.flat()).not.toContain(-1);
    // The run, backup, migrate: at 0, 3, 6 and 30 of 32 minutes.
    expect(lanes[1]?.[0]).toBeCloseTo(0, 2);
    for (const [at, minutes] of [3, 6, 30].entries()) {
      expect(lanes[2]?.[at]).toBeCloseTo(minutes / 32, 2);
    }
  });

  it('has other colours in the dark, and those of paper in print', async () => {
    await sized(700);
    await open('back');
    const colour = "getComputedStyle(document.querySelector('rect.done.pass')).fill";
    const light = await page.value(colour);
    const dark = { features: [{ name: 'prefers-color-scheme', value: 'dark' }] };
    await page.send('Emulation.setEmulatedMedia', dark);
    expect(await page.value(colour)).not.toBe(light);
    await page.send('Emulation.setEmulatedMedia', { ...dark, media: 'print' });
    expect(await page.value(colour)).toBe(light);
    const right =
      "Math.max(...[...document.querySelectorAll('main *')].map((one) => one.getBoundingClientRect().right))";
    expect(await page.value(right)).toBeLessThanOrEqual(700);
  });
});

/** The HTML report in a browser: clicked, typed into, printed, on a phone, without its script. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { complaintsOf, findChromium, startChromium, type Browser, type Page } from './chromium.ts';
import {
  APART,
  checkedWith,
  DONE,
  evilOutcome,
  idOf,
  manyFindings,
  outcomeOf,
  pageOf,
  PLACES,
  PRIVACY,
} from './examples.ts';

const PATH = findChromium();

/** Milliseconds until a condition in the page holds. */
function until(condition: string): string {
  return `new Promise((done) => {
    const begun = performance.now();
    const look = () => (${condition}) ? done(performance.now() - begun) : setTimeout(look, 5);
    look();
  })`;
}

describe.skipIf(PATH === null)('the report in a browser', () => {
  let folder: string;
  let browser: Browser;
  let page: Page;
  const put = (name: string, text: string): void => {
    writeFileSync(join(folder, `${name}.html`), text);
  };
  const open = (name: string, hash = ''): Promise<void> =>
    page.open(`file://${join(folder, `${name}.html`)}${hash}`);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sealift-html-'));
    browser = await startChromium(PATH ?? '');
    put('small', pageOf(outcomeOf(manyFindings(3000))));
    put('short', pageOf(outcomeOf(manyFindings(200))));
    put('large', pageOf(outcomeOf(manyFindings(100_000))));
    put('done', pageOf(DONE));
    put('evil', pageOf(evilOutcome()));
    const compared = { target: 'db', schema: 's', modules: [APART] };
    put('compared', pageOf(outcomeOf([], { compared })));
    put('personal', pageOf(outcomeOf([], { checked: checkedWith(PRIVACY) })));
    put('places', pageOf(outcomeOf([], { places: PLACES })));
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    page = await browser.newPage();
    await page.send('Emulation.setDeviceMetricsOverride', {
      width: 1280,
      height: 900,
      deviceScaleFactor: 1,
      mobile: false,
    });
  });
  afterEach(() => page.close());

  it('opens a group, and more of it, with the keyboard alone', async () => {
    await open('small');
    const key = async (name: string, code: number, text = ''): Promise<void> => {
      const one = { key: name, code: name, windowsVirtualKeyCode: code, text };
      await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...one });
      await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...one });
    };
    await key('Tab', 9);
    expect(await page.value('document.activeElement.textContent')).toBe('Skip to the verdict');
    await key('Enter', 13, '\r');
    expect(await page.value('document.activeElement.id')).toBe('main');
    await page.value("document.querySelector('summary').focus()");
    await key('Enter', 13, '\r');
    await page.value(until("document.querySelector('tbody tr[tabindex]') !== null"));
    const total = await page.value<number>(
      "Number(document.querySelector('details').dataset.count)",
    );
    expect(await page.value("document.querySelector('details tbody').rows.length")).toBe(
      Math.min(200, total),
    );
    expect(complaintsOf(page)).toEqual([]);
  });

  it('shows all of a large group, step by step, and opens 100,000 findings at once', async () => {
    const begun = performance.now();
    await open('large');
    const loaded = performance.now() - begun;
    const drawn = await page.value<number>(
      `document.querySelector('summary').click(), ${until(
        "document.querySelectorAll('details[open] tr[tabindex]').length === 200",
      )}`,
    );
    expect(loaded).toBeLessThan(4000);
    expect(drawn).toBeLessThan(1000);
    await page.value("document.querySelector('details[open] .more button').click()");
    expect(await page.value("document.querySelector('details[open] tbody').rows.length")).toBe(400);
    expect(await page.value('document.activeElement.rowIndex')).toBe(201);
    process.stderr.write(
      `notice: 100,000 findings: loaded in ${loaded.toFixed()} ms, a group in ${drawn.toFixed()} ms\n`,
    );
  });

  it('filters by text and by severity, and says how many are left', async () => {
    await open('small');
    const type = (text: string): Promise<unknown> =>
      page.value(
        `{ const box = document.getElementById('search'); box.value = '${text}'; box.dispatchEvent(new Event('input')); }`,
      );
    const said = "document.getElementById('found').textContent";
    await type('row 1234');
    await page.value(until(`${said} !== ''`));
    expect(await page.value(said)).toBe('1 finding matches');
    expect(
      await page.value(
        "[...document.querySelectorAll('.rule')].filter((one) => !one.hidden).length",
      ),
    ).toBe(1);
    await type('nothing like it');
    await page.value(until(`${said} === '0 findings match'`));
    await type('');
    await page.value(until(`${said} === ''`));
    await page.value("document.querySelector('button[data-severity=BLOCKER]').click()");
    const left = manyFindings(3000).filter(({ severity }) => severity !== 'BLOCKER').length;
    expect(await page.value(said)).toBe(`${left.toLocaleString('en-US')} findings match`);
    expect(complaintsOf(page)).toEqual([]);
  });

  it('leads from a finding to the one that it follows from', async () => {
    await open('small', `#f-${idOf(8)}`);
    const focused = 'document.activeElement.id';
    await page.value(until(`${focused} === 'f-${idOf(8)}'`));
    await page.value("document.activeElement.querySelector('a').click()");
    await page.value(until(`${focused} === 'f-${idOf(7)}'`));
    expect(await page.value("document.activeElement.classList.contains('found')")).toBe(true);
    expect(await page.value("document.activeElement.closest('details').open")).toBe(true);
  });

  it.each(['short', 'done', 'evil', 'personal'])('fits a phone: %s', async (name) => {
    await page.send('Emulation.setDeviceMetricsOverride', {
      width: 390,
      height: 844,
      deviceScaleFactor: 2,
      mobile: true,
    });
    await open(name);
    await page.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    await page.value(until('true'));
    expect(await page.value('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(await page.value('innerWidth')).toBe(390);
  });

  it('says what matters without its script', async () => {
    await page.send('Emulation.setScriptExecutionDisabled', { value: true });
    await open('small');
    const { root } = await page.send('DOM.getDocument', { depth: 1 });
    const count = async (selector: string): Promise<number> => {
      const { nodeId } = root as { nodeId: number };
      const { nodeIds } = await page.send('DOM.querySelectorAll', { nodeId, selector });
      return (nodeIds as number[]).length;
    };
    expect(await count('html.js')).toBe(0);
    expect(await count('details')).toBe(105);
    expect(await count('details tbody tr')).toBe(525);
    await page.send('Emulation.setScriptExecutionDisabled', { value: false });
    await open('small');
    expect(await page.value('document.documentElement.className')).toBe('js');
  });

  it('prints what is signed on pages of its own, within their width', async () => {
    await page.send('Emulation.setDeviceMetricsOverride', {
      width: 700,
      height: 900,
      deviceScaleFactor: 1,
      mobile: false,
    });
    const breaks =
      "(({ breakBefore, breakAfter }) => [breakBefore, breakAfter])(getComputedStyle(document.querySelector('.privacy')))";
    await open('personal');
    expect(await page.value(breaks)).toEqual(['auto', 'auto']);
    await page.send('Emulation.setEmulatedMedia', { media: 'print' });
    expect(await page.value(breaks)).toEqual(['page', 'page']);
    const right =
      "Math.max(...[...document.querySelectorAll('.privacy *')].map((one) => one.getBoundingClientRect().right))";
    expect(await page.value(right)).toBeLessThanOrEqual(700);
    await page.send('Emulation.setEmulatedMedia', { media: '' });
  });

  it('prints the first findings of every group, and no buttons', async () => {
    await open('short');
    await page.send('Emulation.setEmulatedMedia', { media: 'print' });
    const visible =
      "[...document.querySelectorAll('details tbody')].filter((one) => one.checkVisibility()).length";
    const groups = await page.value<number>("document.querySelectorAll('details').length");
    expect(groups).toBeGreaterThan(50);
    expect(await page.value(visible)).toBe(groups);
    expect(await page.value("getComputedStyle(document.querySelector('.bar')).display")).toBe(
      'none',
    );
    await page.send('Emulation.setEmulatedMedia', { media: '' });
    expect(await page.value(visible)).toBe(0);
    const { data } = await page.send('Page.printToPDF', { preferCSSPageSize: true });
    expect(Buffer.from(String(data), 'base64').subarray(0, 5).toString()).toBe('%PDF-');
  });

  it('draws a target as strips whose different ranges are taller, and of another colour', async () => {
    await open('compared');
    const bars = await page.value<{ width: number; height: number; fill: string }[]>(
      `[...document.querySelectorAll('.strips rect')].map((one) => {
        const { width, height } = one.getBoundingClientRect();
        return { width, height, fill: getComputedStyle(one).fill };
      })`,
    );
    const [first, apart, last] = bars;
    expect(bars).toHaveLength(3);
    expect(first?.width).toBeGreaterThan(20);
    expect(apart?.width).toBeCloseTo(2 * (first?.width ?? 0), 0);
    expect(apart?.height).toBeGreaterThan((first?.height ?? 0) * 1.3);
    expect([last?.fill, last?.fill === apart?.fill]).toEqual([first?.fill, false]);
    expect(await page.value("document.querySelector('.strips .said').textContent")).toBe(
      '✗ 2 of 4 ranges different',
    );
    expect(complaintsOf(page)).toEqual([]);
  });

  it('draws where the bytes are as a bar whose parts differ in height and colour', async () => {
    await open('places');
    const bars = await page.value<{ width: number; height: number; fill: string }[]>(
      `[...document.querySelectorAll('.places rect')].map((one) => {
        const { width, height } = one.getBoundingClientRect();
        return { width, height, fill: getComputedStyle(one).fill };
      })`,
    );
    expect(bars.map(({ width }) => width > 4)).toEqual([true, true, true]);
    expect(new Set(bars.map(({ fill }) => fill)).size).toBe(3);
    expect(new Set(bars.map(({ height }) => Math.round(height))).size).toBe(3);
    const wide = 'document.documentElement.scrollWidth - innerWidth';
    expect(await page.value<number>(wide)).toBeLessThanOrEqual(0);
    await page.send('Emulation.setDeviceMetricsOverride', {
      width: 360,
      height: 700,
      deviceScaleFactor: 1,
      mobile: true,
    });
    expect(await page.value<number>(wide)).toBeLessThanOrEqual(0);
    expect(complaintsOf(page)).toEqual([]);
  });

  it('runs nothing that a name brings along', async () => {
    await open('evil');
    await page.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    await page.value(until("document.querySelector('tr[tabindex]') !== null"));
    expect(await page.value('typeof window.evil')).toBe('undefined');
    expect(await page.value("document.querySelectorAll('img, tbody script').length")).toBe(0);
    expect(complaintsOf(page)).toEqual([]);
  });

  it('would not even run a script that got in (negative control)', async () => {
    const got = '</main><script>window.evil=1</script><img src="x.png" onerror="window.evil=2">';
    const text = pageOf(DONE).replace('</main>', got);
    put('infected', text);
    await open('infected');
    expect(await page.value('typeof window.evil')).toBe('undefined');
    expect(complaintsOf(page).length).toBeGreaterThan(0);
    put('infected', text.replace(/<meta http-equiv[^>]*>/, ''));
    await open('infected');
    await page.value(until('window.evil === 2'));
  });

  it('copies an id', async () => {
    await open('done');
    const button = 'document.querySelector("button[data-copy]")';
    await page.value(`${button}.click()`);
    await page.value(until(`${button}.textContent !== 'Copy'`));
    expect(await page.value(`${button}.textContent`)).toMatch(/^(Copied|Selected)$/);
  });
});

/** The wait for a query: it ends where nothing comes, and never because of the one who reads. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { inTime } from '../../src/source/postgres/inTime.ts';

/** Yields 1, 2, … , each after so many milliseconds; for ever nothing, where that is infinite. */
async function* after(...waits: readonly number[]): AsyncGenerator<number, void, undefined> {
  for (const [index, wait] of waits.entries()) {
    await new Promise((resolve) => {
      if (wait < Infinity) setTimeout(resolve, wait);
    });
    yield index + 1;
  }
}

const late = (): Error => new Error('late');

async function read(items: AsyncIterable<number>, pauseMs = 0): Promise<number[] | string> {
  const found: number[] = [];
  try {
    for await (const item of items) {
      found.push(item);
      if (pauseMs > 0) {
        await new Promise((resolve) => {
          setTimeout(resolve, pauseMs);
        });
      }
    }
    return found;
  } catch (error) {
    return `${found.length} and ${(error as Error).message}`;
  }
}

async function* failing(): AsyncGenerator<number, void, undefined> {
  yield 1;
  throw new Error('broken');
}

/** Has all timers run, and returns what came of it. */
async function ran<T>(work: Promise<T>): Promise<T> {
  await vi.runAllTimersAsync();
  return work;
}

describe('the time for the next rows', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('begins anew with each of them', async () => {
    expect(await ran(read(inTime(after(90, 90, 90), 100, late)))).toEqual([1, 2, 3]);
  });

  it.each([
    ['the first', [101], '0 and late'],
    ['a later one', [10, 10, 101], '2 and late'],
    ['one that never comes', [10, Infinity], '1 and late'],
  ])('ends with %s', async (_, waits, wanted) => {
    expect(await ran(read(inTime(after(...waits), 100, late)))).toBe(wanted);
  });

  it('does not run while the reader is busy', async () => {
    expect(await ran(read(inTime(after(50, 50, 50), 100, late), 1000))).toEqual([1, 2, 3]);
  });

  it('has no limit with 0', async () => {
    expect(await ran(read(inTime(after(10, 1e9), 0, late)))).toEqual([1, 2]);
  });

  it('passes errors on, and leaves no timer', async () => {
    expect(await ran(read(inTime(failing(), 100, late)))).toBe('1 and broken');
    expect(vi.getTimerCount()).toBe(0);
  });
});

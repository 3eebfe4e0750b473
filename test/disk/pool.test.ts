import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createPool, type Pool } from '../../src/threads/pool.ts';
import { Failure } from '../../src/outcome/failure.ts';

const ENTRY = new URL('./poolWorker.ts', import.meta.url);

describe('the pool', () => {
  let folder: string;
  let pool: Pool;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealift-pool-'));
    pool = createPool(ENTRY, 2, { marker: join(folder, 'open') });
  });
  afterEach(async () => {
    await pool.close();
    rmSync(folder, { recursive: true });
  });

  it('answers each call with its own result, however many there are', async () => {
    const calls = Array.from({ length: 200 }, (_, n) => pool.call<number>('double', n));
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 200 }, (_, n) => n * 2));
  });

  it('gives a call to a worker that is free', async () => {
    const slow = pool.call('slowly', 300);
    const quick = Promise.all([1, 2, 3].map((n) => pool.call('double', n)));
    const first = await Promise.race([slow.then(() => 'slow'), quick.then(() => 'quick')]);
    expect(first).toBe('quick');
    expect(await slow).toBe(300);
  });

  it('calls every worker once', async () => {
    expect(await pool.callEach<number>('double', 4)).toEqual([8, 8]);
  });

  it('hands over buffers', async () => {
    const bytes = await pool.call<Uint8Array>('bytes', 1000);
    expect(bytes).toEqual(new Uint8Array(1000).fill(7));
  });

  it('brings a failure across with code, place and hint, and goes on', async () => {
    const failure = await pool.call('fail', null).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect((failure as Failure).toJSON()).toEqual({
      code: 'SOURCE_LOCKED',
      what: 'what',
      where: 'where',
      hint: 'hint',
    });
    const bare = await pool.call('failBarely', null).catch((error: unknown) => error);
    expect((bare as Failure).line()).toBe('what');
    expect(await pool.callEach<number>('double', 1)).toEqual([2, 2]);
  });

  it('brings any other error across as an error that is no failure', async () => {
    for (const [name, message] of [
      ['defect', 'out of range'],
      ['text', 'a text'],
      ['nowhere', 'no handler for nowhere'],
    ] as const) {
      const error = await pool.call(name, null).catch((thrown: unknown) => thrown);
      expect(error).not.toBeInstanceOf(Failure);
      expect((error as Error).message).toBe(message);
    }
  });

  it('rejects a call whose result cannot cross, and does not hang', async () => {
    await expect(pool.call('uncloneable', null)).rejects.toBeDefined();
  });

  it('rejects the call whose worker ends, and every later call on it', async () => {
    await expect(pool.callEach('die', null)).rejects.toThrow('ended before it had answered');
    await expect(pool.call('double', 1)).rejects.toThrow('a worker thread has ended');
    await expect(pool.callEach('double', 1)).rejects.toThrow('a worker thread has ended');
  });

  it('rejects the call whose worker crashes', async () => {
    await expect(pool.call('crash', null)).rejects.toThrow('crashed outside of a call');
  });

  it('waits for all workers before it says that one of them failed', async () => {
    const slow = pool.call('slowly', 150);
    const ended: unknown[] = [];
    const noted = slow.then((value) => ended.push(value));
    // A call begins in a later turn: this one has to be under way.
    await new Promise(setImmediate);
    await expect(pool.callEach('fail', null)).rejects.toThrow('what');
    expect(ended).toEqual([150]);
    await noted;
  });

  it('lets workers clean up when it is closed, after the calls that are under way', async () => {
    await pool.callEach('open', null);
    const slow = pool.call('slowly', 100);
    await new Promise(setImmediate);
    expect(existsSync(join(folder, 'open'))).toBe(true);
    await pool.close();
    expect(existsSync(join(folder, 'open'))).toBe(false);
    expect(await slow).toBe(100);
  });

  it('can be closed twice, and after its workers died', async () => {
    await expect(pool.callEach('die', null)).rejects.toThrow('ended');
    await pool.close();
    await pool.close();
    expect(pool.size).toBe(2);
  });
});

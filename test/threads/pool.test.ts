import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { answer, defineCall, type Call } from '../../src/threads/call.ts';
import { inlinePool } from '../../src/threads/inlinePool.ts';
import { createPool, type Pool } from '../../src/threads/pool.ts';
import {
  BYTES,
  CRASH,
  DEFECT,
  DIE,
  DOUBLE,
  FAIL,
  FAIL_BARELY,
  NOWHERE,
  OPEN,
  POOL_WORKER,
  SLOWLY,
  TEXT,
  UNCLONEABLE,
} from './poolCalls.ts';

describe('the pool', () => {
  let folder: string;
  let pool: Pool;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealift-pool-'));
    pool = createPool(POOL_WORKER, 2, { marker: join(folder, 'open'), twice: null });
  });
  afterEach(async () => {
    await pool.close();
    rmSync(folder, { recursive: true });
  });

  it('answers each call with its own result, however many there are', async () => {
    const calls = Array.from({ length: 200 }, (_, n) => pool.call(DOUBLE, n));
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 200 }, (_, n) => n * 2));
  });

  it('gives a call to a worker that is free', async () => {
    const slow = pool.call(SLOWLY, 300);
    const quick = Promise.all([1, 2, 3].map((n) => pool.call(DOUBLE, n)));
    const first = await Promise.race([slow.then(() => 'slow'), quick.then(() => 'quick')]);
    expect(first).toBe('quick');
    expect(await slow).toBe(300);
  });

  it('calls every worker once', async () => {
    expect(await pool.callEach(DOUBLE, 4)).toEqual([8, 8]);
  });

  it('hands over buffers', async () => {
    const bytes = await pool.call(BYTES, 1000);
    expect(bytes).toEqual(new Uint8Array(1000).fill(7));
  });

  it('brings a failure across with code, place and hint, and goes on', async () => {
    const failure = await pool.call(FAIL, null).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect((failure as Failure).toJSON()).toEqual({
      code: 'SOURCE_LOCKED',
      what: 'what',
      where: 'where',
      hint: 'hint',
    });
    const bare = await pool.call(FAIL_BARELY, null).catch((error: unknown) => error);
    expect((bare as Failure).line()).toBe('what');
    expect(await pool.callEach(DOUBLE, 1)).toEqual([2, 2]);
  });

  it('brings any other error across as an error that is no failure', async () => {
    for (const [call, message] of [
      [DEFECT, 'out of range'],
      [TEXT, 'a text'],
      [NOWHERE, 'no answer for the call nowhere'],
    ] as const) {
      const error = await pool.call<null, unknown>(call, null).catch((thrown: unknown) => thrown);
      expect(error).not.toBeInstanceOf(Failure);
      expect((error as Error).message).toBe(message);
    }
  });

  it('rejects a call whose result cannot cross, and does not hang', async () => {
    await expect(pool.call(UNCLONEABLE, null)).rejects.toBeDefined();
  });

  it('rejects the call whose worker ends, and every later call on it', async () => {
    await expect(pool.callEach(DIE, null)).rejects.toThrow('ended before it had answered');
    await expect(pool.call(DOUBLE, 1)).rejects.toThrow('a worker thread has ended');
    await expect(pool.callEach(DOUBLE, 1)).rejects.toThrow('a worker thread has ended');
  });

  it('rejects the call whose worker crashes', async () => {
    await expect(pool.call(CRASH, null)).rejects.toThrow('crashed outside of a call');
  });

  it('waits for all workers before it says that one of them failed', async () => {
    const slow = pool.call(SLOWLY, 150);
    const ended: unknown[] = [];
    const noted = slow.then((value) => ended.push(value));
    // A call begins in a later turn: this one has to be under way.
    await new Promise(setImmediate);
    await expect(pool.callEach(FAIL, null)).rejects.toThrow('what');
    expect(ended).toEqual([150]);
    await noted;
  });

  it('lets workers clean up when it is closed, after the calls that are under way', async () => {
    await pool.callEach(OPEN, null);
    const slow = pool.call(SLOWLY, 100);
    await new Promise(setImmediate);
    expect(existsSync(join(folder, 'open'))).toBe(true);
    await pool.close();
    expect(existsSync(join(folder, 'open'))).toBe(false);
    expect(await slow).toBe(100);
  });

  it('can be closed twice, and after its workers died', async () => {
    await expect(pool.callEach(DIE, null)).rejects.toThrow('ended');
    await pool.close();
    await pool.close();
    expect(pool.size).toBe(2);
  });

  it('says so, at the first call, where a worker has two answers for one', async () => {
    const twice = createPool(POOL_WORKER, 1, { marker: join(folder, 'twice'), twice: 'double' });
    await expect(twice.call(DOUBLE, 1)).rejects.toThrow('the call double has two answers');
    await twice.close();
  });
});

describe('the pool without threads', () => {
  const answers = [
    answer(DOUBLE, (value) => ({ result: value * 2 })),
    answer(FAIL, () => {
      throw new Failure('DISK', { what: 'what' });
    }),
  ];

  it('answers calls in the thread that makes them', async () => {
    const pool = inlinePool(answers);
    expect(await pool.call(DOUBLE, 2)).toBe(4);
    expect(await pool.callEach(DOUBLE, 3)).toEqual([6]);
    await expect(pool.call(FAIL, null)).rejects.toThrow(Failure);
  });

  it('rejects a call that has no answer, and takes no two answers for one', async () => {
    await expect(inlinePool(answers).call(NOWHERE, null)).rejects.toThrow(
      'no answer for the call nowhere',
    );
    const again = answer(defineCall<null, null>('fail'), () => ({ result: null }));
    expect(() => inlinePool([...answers, again])).toThrow('the call fail has two answers');
  });

  it('closes what its answers have opened', async () => {
    let open = true;
    const pool = inlinePool(answers, async () => {
      open = false;
    });
    await pool.close();
    expect(open).toBe(false);
  });
});

describe('the types of a call (checked by the compiler)', () => {
  it('hold for both sides', async () => {
    const pool = inlinePool([answer(DOUBLE, (value) => ({ result: value * 2 }))]);
    const result: number = await pool.call(DOUBLE, 1);
    expect(result).toBe(2);
    // @ts-expect-error -- the input is a number
    expect(await pool.call(DOUBLE, '1')).toBe(2);
    // @ts-expect-error -- the result is a number
    const text: string = await pool.call(DOUBLE, 1);
    expect(text).toBe(2);
    // @ts-expect-error -- the result is a number
    answer(DOUBLE, (value) => ({ result: String(value) }));
    // @ts-expect-error -- the input is a number
    answer(DOUBLE, (value: string) => ({ result: value.length }));
    const wide: Call<{ readonly a: number }, null> = defineCall('wide');
    const inputs = inlinePool([answer(wide, () => ({ result: null }))]);
    // @ts-expect-error -- the input has no member b
    expect(await inputs.call(wide, { a: 1, b: 2 })).toBe(null);
  });

  it('hold for what a worker is given at its start', () => {
    // @ts-expect-error -- it is given a marker
    expect(() => createPool(POOL_WORKER, 0, { twice: null })).not.toThrow();
  });
});

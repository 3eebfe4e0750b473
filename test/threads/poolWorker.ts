/** A worker for the tests of the pool: it answers, fails, and dies when it is asked to. */

import { rmSync, writeFileSync } from 'node:fs';

import { Failure } from '../../src/outcome/failure.ts';
import { answer, defineCall } from '../../src/threads/call.ts';
import { poolData, serve } from '../../src/threads/pool.ts';
import {
  BYTES,
  CRASH,
  DEFECT,
  DIE,
  DOUBLE,
  FAIL,
  FAIL_BARELY,
  OPEN,
  POOL_WORKER,
  SLOWLY,
  TEXT,
  UNCLONEABLE,
} from './poolCalls.ts';

const { marker, twice } = poolData(POOL_WORKER);

serve(
  [
    answer(DOUBLE, (value) => ({ result: value * 2 })),
    answer(SLOWLY, async (value) => {
      await new Promise((resolve) => {
        setTimeout(resolve, value);
      });
      return { result: value };
    }),
    answer(BYTES, (length) => {
      const bytes = new Uint8Array(length).fill(7);
      return { result: bytes, transfer: [bytes.buffer] };
    }),
    answer(FAIL, () => {
      throw new Failure('SOURCE_LOCKED', { what: 'what', where: 'where', hint: 'hint' });
    }),
    answer(FAIL_BARELY, () => {
      throw new Failure('DISK', { what: 'what' });
    }),
    answer(DEFECT, () => {
      throw new RangeError('out of range');
    }),
    answer(TEXT, () => {
      // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error
      throw 'a text';
    }),
    answer(UNCLONEABLE, () => ({ result: () => 1 })),
    answer(DIE, () => process.exit(3)),
    answer(CRASH, () => {
      setTimeout(() => {
        throw new Error('crashed outside of a call');
      }, 0);
      return new Promise(() => {});
    }),
    answer(OPEN, () => {
      writeFileSync(marker, '');
      return { result: null };
    }),
    ...(twice === null ? [] : [answer(defineCall<null, null>(twice), () => ({ result: null }))]),
  ],
  async () => {
    rmSync(marker, { force: true });
  },
);

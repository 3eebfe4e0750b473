/** A worker for the tests of the pool: it answers, fails, and dies when it is asked to. */

import { rmSync, writeFileSync } from 'node:fs';

import { poolData, serve } from '../../src/threads/pool.ts';
import { Failure } from '../../src/outcome/failure.ts';

const { marker } = poolData() as { marker: string };

serve(
  {
    double: (value: number) => ({ result: value * 2 }),
    slowly: async (value: number) => {
      await new Promise((resolve) => {
        setTimeout(resolve, value);
      });
      return { result: value };
    },
    bytes: (length: number) => {
      const bytes = new Uint8Array(length).fill(7);
      return { result: bytes, transfer: [bytes.buffer] };
    },
    fail: () => {
      throw new Failure('SOURCE_LOCKED', { what: 'what', where: 'where', hint: 'hint' });
    },
    failBarely: () => {
      throw new Failure('DISK', { what: 'what' });
    },
    defect: () => {
      throw new RangeError('out of range');
    },
    text: () => {
      // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error
      throw 'a text';
    },
    uncloneable: () => ({ result: () => 1 }),
    die: () => {
      process.exit(3);
    },
    crash: () => {
      setTimeout(() => {
        throw new Error('crashed outside of a call');
      }, 0);
      return new Promise(() => {});
    },
    open: () => {
      writeFileSync(marker, '');
      return { result: null };
    },
  },
  async () => {
    rmSync(marker, { force: true });
  },
);

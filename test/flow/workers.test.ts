import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { allWorkers, withHashers, workersFor, type Workers } from '../../src/run/workers.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';

const MIB = 2 ** 20;
const TWO = { processors: 2 } as const;

describe('the number of threads', () => {
  it('is what was asked for, whatever the size', () => {
    expect([workersFor(5, 0, TWO), workersFor(1, 900 * MIB, TWO), allWorkers(3, TWO)]).toEqual([
      5, 1, 3,
    ]);
  });

  it('is one for a small source, and one for each processor for others', () => {
    expect(workersFor(null, 8 * MIB, TWO)).toBe(1);
    expect(workersFor(null, 8 * MIB + 1, TWO)).toBe(2);
    expect(allWorkers(null, { processors: 64 })).toBe(8);
  });

  it('is one for each processor for a source whose size is not known', () => {
    expect([workersFor(null, null, TWO), workersFor(3, null, TWO)]).toEqual([2, 3]);
  });
});

describe('who hashes a candidate', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealift-hashers-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function started(asked: Workers): Promise<number> {
    let count = -1;
    const startWorkers: typeof ENVIRONMENT.startWorkers = (workers, data) => {
      count = workers;
      return ENVIRONMENT.startWorkers(workers, data);
    };
    await withHashers(folder, asked, { ...ENVIRONMENT, startWorkers }, async () => {});
    return count;
  }

  it('is this thread where it is small and nothing was asked for', async () => {
    writeFileSync(join(folder, 'records.ndjson'), 'x');
    expect([await started(null), await started(2)]).toEqual([0, 2]);
  });

  it('is a thread for each processor where it is large, by the files that are there', async () => {
    const file = join(folder, 'records.ndjson');
    writeFileSync(file, '');
    truncateSync(file, 9 * MIB);
    expect(await started(null)).toBe(allWorkers(null, ENVIRONMENT));
  });

  it('closes what it started when the work fails', async () => {
    let closed = false;
    const startWorkers: typeof ENVIRONMENT.startWorkers = (workers, data) => {
      const pool = ENVIRONMENT.startWorkers(workers, data);
      return {
        ...pool,
        close: async () => {
          closed = true;
        },
      };
    };
    const work = withHashers(folder, null, { ...ENVIRONMENT, startWorkers }, () =>
      Promise.reject(new Error('broken')),
    );
    await expect(work).rejects.toThrow('broken');
    expect(closed).toBe(true);
  });
});

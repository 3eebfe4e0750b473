/** Somebody who reads what a link leads to, over and over, and knows nothing of Sealift. */

import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { parseSums } from '../../src/seal/format.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Reads all that a link leads to. @throws where that is no whole candidate */
export function readOnce(link: string): void {
  const folder = realpathSync(link);
  const sums = parseSums(readFileSync(join(folder, 'checksums/SHA256SUMS'), 'utf8')) ?? [];
  if (sums.length < 10) throw new Error('no whole list');
  // As many do, by the link each time.
  const run = JSON.parse(readFileSync(join(link, 'checksums/run.json'), 'utf8')) as object;
  if (!('dataRoot' in run)) throw new Error('half of run.json');
  for (const { path, sha256: digest } of sums) {
    if (sha256(readFileSync(join(folder, path))) !== digest) throw new Error(`half of ${path}`);
  }
}

export interface Reader {
  /** Ends it; how often all links were read. @throws what it saw that was not whole */
  stop: () => Promise<number>;
}

/** Reads the links one after the other until it is told to stop, with a pause of so many milliseconds. */
export function startReader(links: readonly string[], pause: number = 3): Reader {
  const stopping = new AbortController();
  let reads = 0;
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      for (const link of links) readOnce(link);
      reads += 1;
      await wait(pause);
    }
  })();
  // Told when it is stopped.
  loop.catch(() => {});
  return {
    stop: async () => {
      stopping.abort();
      await loop;
      return reads;
    },
  };
}

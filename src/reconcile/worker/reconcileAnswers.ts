/** Answers of worker threads to the calls of reconcile. */

import { bucketReader } from '../../extsort/spill.ts';
import { keptArrays, type TakeArrays } from '../../extsort/sortEntries.ts';
import type { OpenedSources } from '../../project/worker/openedSources.ts';
import { answer, type Answer } from '../../threads/call.ts';
import { splitBucket } from '../../extsort/splitBucket.ts';
import { HASH_ROWS, READ_ROWS, SORT_ROWS, SPLIT_ROWS } from '../calls.ts';
import { hashRows } from './hashRows.ts';
import { readRows } from './readRows.ts';
import { sortRows } from './sortRows.ts';

/** Makes the answers of one worker thread, which read the target that it has open. */
export function reconcileAnswers(sources: OpenedSources): Answer[] {
  const { context } = sources;
  const [readBucket, arrays] = [bucketReader(), keptArrays()];
  return [
    answer(HASH_ROWS, async (input) => {
      const module = sources.moduleOf(input.module);
      return { result: await hashRows(input, module, sources.readerOf(module), context) };
    }),
    answer(SPLIT_ROWS, (input) => ({ result: splitBucket(input) })),
    answer(SORT_ROWS, ({ bucket, largest, buffer }) => {
      const take: TakeArrays = (entries) => arrays(entries, largest.entries);
      return { result: sortRows(readBucket(bucket, largest.bytes), bucket.entries, buffer, take) };
    }),
    answer(READ_ROWS, async (input) => {
      const module = sources.moduleOf(input.module);
      return { result: await readRows(input, module, sources.readerOf(module), context) };
    }),
  ];
}

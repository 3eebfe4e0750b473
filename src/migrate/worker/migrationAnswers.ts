/** Answers of worker threads to the calls of migrate: read rows, sort buckets. */

import { keptArrays } from '../../extsort/sortEntries.ts';
import { bucketReader } from '../../extsort/spill.ts';
import type { MapperContext } from '../../mapping/compile/identity.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import { rowMapper } from '../../mapping/compile/rowMapper.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { OpenedSources } from '../../project/worker/openedSources.ts';
import type { SourceReader } from '../../source/source.ts';
import { answer, type Answer } from '../../threads/call.ts';
import {
  ASSIGN_ORDINALS,
  COUNT_BASE,
  COUNT_LEFT_OUT,
  COUNT_ROWS,
  READ_PARTITION,
  RUN_KEY_TASK,
  SAMPLE_ROWS,
  SORT_BUCKET,
  SPLIT_BUCKET,
  type PartitionInput,
  type PartitionResult,
} from '../calls.ts';
import { openSelection } from '../select/rowSelection.ts';
import { contentEntry, contentFinisher } from './contentEntry.ts';
import { countBase, relationsOf } from './countBase.ts';
import { runKeyTask } from './keyTask.ts';
import { countLeftOut } from './leftOutTask.ts';
import { readPartition } from './readPartition.ts';
import { splitBucket } from '../../extsort/splitBucket.ts';
import { assignOrdinals, assignOrdinalsInTurn } from './reshuffle.ts';
import { sampleRows } from './sampleRows.ts';
import { sortBucket } from './sortBucket.ts';

/** Makes the answers of one worker thread, which read the sources that it has open. */
export function migrationAnswers(sources: OpenedSources): Answer[] {
  return [...rowAnswers(sources), ...bucketAnswers(sources)];
}

/** Answers calls that read rows. */
function rowAnswers(sources: OpenedSources): Answer[] {
  const { context } = sources;
  return [
    answer(SAMPLE_ROWS, async (input) => {
      const module = sources.moduleOf(input.module);
      const sampled = sampleRows(input, module, sources.readerOf(module), context);
      return { result: await withinText(module, sampled) };
    }),
    answer(COUNT_ROWS, async (input) => {
      const module = sources.moduleOf(input.module);
      return { result: await relationsOf(sources.readerOf(module)).count(module.table) };
    }),
    answer(COUNT_BASE, async (input) => {
      const module = sources.moduleOf(input.module);
      return {
        result: await countBase(module, relationsOf(sources.readerOf(module)), input.findings),
      };
    }),
    answer(READ_PARTITION, async (input) => {
      const module = sources.moduleOf(input.module);
      const read = readSelected(input, module, sources.readerOf(module), context);
      return { result: await withinText(module, read) };
    }),
    answer(COUNT_LEFT_OUT, async (input) => {
      const modules = input.modules.map((name) => sources.moduleOf(name));
      const reader = sources.readerOf(modules[0] as CompiledModule);
      return { result: await countLeftOut(input, modules, reader, context) };
    }),
    answer(RUN_KEY_TASK, async (input) => {
      const module = sources.moduleOf(input.module);
      return { result: await runKeyTask(input, module, sources.readerOf(module), context) };
    }),
  ];
}

/** Reads a partition while the sets of keys that select its rows are open. */
async function readSelected(
  input: PartitionInput,
  module: CompiledModule,
  reader: SourceReader,
  context: MapperContext,
): Promise<PartitionResult> {
  const keyless = module.mapping.id.rule === 'keyless';
  const selection = openSelection(module, context, input.selection);
  try {
    return await readPartition(input, {
      module,
      mapper: rowMapper(module, selection.context),
      filter: selection.filter,
      isChosen: selection.isChosen,
      reader,
      content: keyless ? contentEntry(module, context) : null,
    });
  } finally {
    selection.close();
  }
}

/** Reports a record that exceeds the runtime's string length as a failure of the source. */
async function withinText<T>(module: CompiledModule, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof RangeError) || error.message !== 'Invalid string length') throw error;
    throw new Failure('SOURCE_FORMAT', {
      what: 'a row makes a record of more than 512 MiB, the maximum size of one text',
      where: `table ${quoteName(module.table)}`,
      hint: 'make its cells smaller, or drop the largest of its columns',
    });
  }
}

/** Answers calls that work on buckets, after rows were read. */
function bucketAnswers(sources: OpenedSources): Answer[] {
  const { context } = sources;
  const [read, arrays] = [bucketReader(), keptArrays()];
  return [
    answer(ASSIGN_ORDINALS, (input) => {
      const finisher = contentFinisher(sources.moduleOf(input.module), context);
      const assign = input.inTurn ? assignOrdinalsInTurn : assignOrdinals;
      return { result: assign(input.bucket, finisher, input.router, input) };
    }),
    answer(SPLIT_BUCKET, (input) => ({ result: splitBucket(input) })),
    answer(SORT_BUCKET, (input) => ({
      result: sortBucket(read(input.bucket), input.bucket.entries, input, input.buffer, arrays),
    })),
  ];
}

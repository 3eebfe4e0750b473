/** Answers of worker threads to the calls of migrate: open sources, read rows, sort buckets. */

import { bucketReader } from '../../extsort/spill.ts';
import type { MapperContext } from '../../mapping/compile/identity.ts';
import { compileModule, type CompiledModule } from '../../mapping/compile/module.ts';
import { rowMapper } from '../../mapping/compile/rowMapper.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { CLOSE_SOURCES, OPEN_SOURCE } from '../../project/calls.ts';
import type { SourceAdapter, SourceReader } from '../../source/source.ts';
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
import { assignOrdinals, assignOrdinalsInTurn, splitBucket } from './reshuffle.ts';
import { sampleRows } from './sampleRows.ts';
import { sortBucket } from './sortBucket.ts';

export interface MigrationWorker {
  readonly answers: readonly Answer[];
  /** Closes the sources. */
  close(): Promise<void>;
}

/** Makes the answers of one worker thread, with the sources that it opens; `adapters` by scheme. */
export function migrationWorker(
  context: MapperContext,
  adapters: ReadonlyMap<string, SourceAdapter>,
): MigrationWorker {
  const readers = new Map<string, SourceReader>();
  const ended = new AbortController();
  const modules = new Map<string, CompiledModule>();
  const moduleOf = (name: string): CompiledModule => {
    const module = modules.get(name) ?? compileModule(context.mapping, name);
    modules.set(name, module);
    return module;
  };
  const readerOf = (module: CompiledModule): SourceReader => {
    const reader = readers.get(module.source);
    if (reader === undefined) throw new Error(`source ${module.source} is not open`);
    return reader;
  };
  const close = async (): Promise<void> => {
    for (const reader of readers.values()) await reader.close();
    readers.clear();
  };
  return {
    async close() {
      ended.abort();
      await close();
    },
    answers: [
      answer(OPEN_SOURCE, async ({ name, source }) => {
        await readers.get(name)?.close();
        const adapter = adapters.get(source.scheme);
        if (adapter === undefined) throw new Error(`no adapter for ${source.scheme}`);
        readers.set(name, await adapter.open(source, ended.signal));
        return { result: null };
      }),
      answer(CLOSE_SOURCES, async () => {
        await close();
        return { result: null };
      }),
      ...rowAnswers(context, moduleOf, readerOf),
      ...bucketAnswers(context, moduleOf),
    ],
  };
}

type ModuleOf = (name: string) => CompiledModule;
type ReaderOf = (module: CompiledModule) => SourceReader;

/** Answers calls that read rows. */
function rowAnswers(context: MapperContext, moduleOf: ModuleOf, readerOf: ReaderOf): Answer[] {
  return [
    answer(SAMPLE_ROWS, async (input) => {
      const module = moduleOf(input.module);
      const sampled = sampleRows(input, module, readerOf(module), context);
      return { result: await withinText(module, sampled) };
    }),
    answer(COUNT_ROWS, async (input) => {
      const module = moduleOf(input.module);
      return { result: await relationsOf(readerOf(module)).count(module.table) };
    }),
    answer(COUNT_BASE, async (input) => {
      const module = moduleOf(input.module);
      return { result: await countBase(module, relationsOf(readerOf(module)), input.findings) };
    }),
    answer(READ_PARTITION, async (input) => {
      const module = moduleOf(input.module);
      const read = readSelected(input, module, readerOf(module), context);
      return { result: await withinText(module, read) };
    }),
    answer(COUNT_LEFT_OUT, async (input) => {
      const modules = input.modules.map(moduleOf);
      const reader = readerOf(modules[0] as CompiledModule);
      return { result: await countLeftOut(input, modules, reader, context) };
    }),
    answer(RUN_KEY_TASK, async (input) => {
      const module = moduleOf(input.module);
      return { result: await runKeyTask(input, module, readerOf(module), context) };
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
function bucketAnswers(context: MapperContext, moduleOf: ModuleOf): Answer[] {
  const read = bucketReader();
  return [
    answer(ASSIGN_ORDINALS, (input) => {
      const finisher = contentFinisher(moduleOf(input.module), context);
      const assign = input.inTurn ? assignOrdinalsInTurn : assignOrdinals;
      return { result: assign(input.bucket, finisher, input.router, input) };
    }),
    answer(SPLIT_BUCKET, (input) => ({ result: splitBucket(input.bucket, input.parts, input) })),
    answer(SORT_BUCKET, (input) => ({
      result: sortBucket(read(input.bucket), input.bucket.entries, input, input.buffer),
    })),
  ];
}

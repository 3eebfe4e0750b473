/** What a worker does in a migrate run: it opens the sources, reads shares, sorts buckets. */

import type { Handler, Reply } from '../threads/pool.ts';
import { bucketReader, ENTRY_HEADER, type Bucket } from '../extsort/spill.ts';
import { compileModule, type CompiledModule } from '../mapping/compile/module.ts';
import type { MapperContext } from '../mapping/compile/identity.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { rowMapper } from '../mapping/compile/rowMapper.ts';
import { whereOf } from '../mapping/compile/where.ts';
import { Failure } from '../outcome/failure.ts';
import { keyEncoding } from '../record/keyOrder.ts';
import type { ReadRange, SourceAdapter, SourceHandle, SourceReader } from '../source/source.ts';
import { countBase, relationsOf, type BaseInput } from './countBase.ts';
import { contentEntry, contentFinisher } from './sort/contentEntry.ts';
import { entryRoom, writeEntry } from './sort/spillEntry.ts';
import { runKeyTask, type KeyTaskInput } from './select/keyTask.ts';
import { countLeftOut, type LeftOutInput } from './select/leftOutTask.ts';
import { readShare, type ShareInput } from './readPartition.ts';
import { assignOrdinals, assignOrdinalsInTurn, splitBucket } from './sort/reshuffle.ts';
import type { Router } from './sort/router.ts';
import { openSelection } from './select/rowSelection.ts';
import { sortBucket, type SortOptions } from './sort/sortBucket.ts';

export interface SampleInput {
  readonly module: string;
  readonly ranges: readonly ReadRange[];
  readonly rowsPerRange: number;
}

export interface Sample {
  /** Encoded keys; of keyless modules none. */
  readonly keys: Uint8Array[];
  readonly rows: number;
  /** Bytes of all entries that the sampled rows become. */
  readonly bytes: number;
}

interface SpillInput {
  readonly bucket: Bucket;
  readonly path: string;
  readonly chunk: number;
}
export type OrdinalsInput = SpillInput & {
  readonly module: string;
  readonly router: Router;
  /** It is larger than what is sorted in memory, and all of its keys are equal. */
  readonly inTurn: boolean;
};
export type SplitInput = SpillInput & { readonly parts: number };

export type SortInput = SortOptions & {
  readonly bucket: Bucket;
  /** Where the sorted bucket goes. */
  readonly room: SharedArrayBuffer;
};

export interface MigrationWorker {
  readonly handlers: Readonly<Record<string, Handler>>;
  close(): Promise<void>;
}

/** The handlers of one worker thread; `adapters` by scheme. */
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
    handlers: {
      open: async (handle: { name: string; source: SourceHandle }): Promise<Reply> => {
        await readers.get(handle.name)?.close();
        const adapter = adapters.get(handle.source.scheme);
        if (adapter === undefined) throw new Error(`no adapter for ${handle.source.scheme}`);
        readers.set(handle.name, await adapter.open(handle.source, ended.signal));
        return { result: null };
      },
      closeSources: async (): Promise<Reply> => {
        await close();
        return { result: null };
      },
      ...rowHandlers(context, moduleOf, readerOf),
      ...bucketHandlers(context, moduleOf),
    },
  };
}

/** What reads rows. */
function rowHandlers(
  context: MapperContext,
  moduleOf: (name: string) => CompiledModule,
  readerOf: (module: CompiledModule) => SourceReader,
): MigrationWorker['handlers'] {
  return {
    sample: async (input: SampleInput): Promise<Reply> => {
      const module = moduleOf(input.module);
      const sampled = sample(input, module, readerOf(module), context);
      return { result: await withinText(module, sampled) };
    },
    count: async (input: { module: string }): Promise<Reply> => {
      const module = moduleOf(input.module);
      return { result: await relationsOf(readerOf(module)).count(module.table) };
    },
    base: async (input: BaseInput): Promise<Reply> => {
      const module = moduleOf(input.module);
      return { result: await countBase(module, relationsOf(readerOf(module)), input.findings) };
    },
    read: async (input: ShareInput): Promise<Reply> => {
      const module = moduleOf(input.module);
      const keyless = module.mapping.id.rule === 'keyless';
      const selection = openSelection(module, context, input.selection);
      try {
        const share = readShare(input, {
          module,
          mapper: rowMapper(module, selection.context),
          gate: selection.gate,
          isChosen: selection.isChosen,
          reader: readerOf(module),
          content: keyless ? contentEntry(module, context) : null,
        });
        return { result: await withinText(module, share) };
      } finally {
        selection.close();
      }
    },
    leftOut: async (input: LeftOutInput): Promise<Reply> => {
      const modules = input.modules.map(moduleOf);
      const reader = readerOf(modules[0] as CompiledModule);
      return { result: await countLeftOut(input, modules, reader, context) };
    },
    keys: async (input: KeyTaskInput): Promise<Reply> => {
      const module = moduleOf(input.module);
      return { result: await runKeyTask(input, module, readerOf(module), context) };
    },
  };
}

/** What a text of the runtime cannot hold is a fault of the source, not of ours. */
async function withinText<T>(module: CompiledModule, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof RangeError) || error.message !== 'Invalid string length') throw error;
    throw new Failure('SOURCE_FORMAT', {
      what: 'a row becomes a record of more than 512 MiB, more than one text can hold',
      where: `table ${quoteName(module.table)}`,
      hint: 'make its cells smaller, or drop the largest of its columns',
    });
  }
}

/** What works on buckets, once rows were read. */
function bucketHandlers(
  context: MapperContext,
  moduleOf: (name: string) => CompiledModule,
): MigrationWorker['handlers'] {
  const read = bucketReader();
  return {
    ordinals: (input: OrdinalsInput): Reply => {
      const finisher = contentFinisher(moduleOf(input.module), context);
      const assign = input.inTurn ? assignOrdinalsInTurn : assignOrdinals;
      return { result: assign(input.bucket, finisher, input.router, input) };
    },
    split: (input: SplitInput): Reply => ({
      result: splitBucket(input.bucket, input.parts, input),
    }),
    sort: (input: SortInput): Reply => ({
      result: sortBucket(read(input.bucket), input.bucket.entries, input, input.room),
    }),
  };
}

/** Reads the first rows of some ranges: how large entries get, and where keys lie. */
async function sample(
  input: SampleInput,
  module: CompiledModule,
  reader: SourceReader,
  context: MapperContext,
): Promise<Sample> {
  const mapper = rowMapper(module, context);
  const gate = whereOf(module);
  const encodings = module.orderTypes.map(keyEncoding);
  const keys: Uint8Array[] = [];
  let [rows, bytes] = [0, 0];
  const take = (row: Parameters<typeof mapper.map>[0]): void => {
    if (gate?.(row) === false || !mapper.map(row)) return;
    const { key, record, lineage } = mapper.out;
    rows += 1;
    bytes += Buffer.byteLength(record) + Buffer.byteLength(lineage) + 40;
    if (key.length === 0) return;
    const entry = { key, record: '', lineage: '', diagnoses: '', row: 0 };
    const target = Buffer.alloc(entryRoom(entry));
    writeEntry(target, 0, encodings, entry);
    const keyEnd = ENTRY_HEADER + target.readUInt32LE(0);
    keys.push(Uint8Array.from(target.subarray(ENTRY_HEADER, keyEnd)));
  };
  for (const range of input.ranges) {
    for await (const page of reader.read(module.table, module.columns, range)) {
      for (const row of page.slice(0, input.rowsPerRange)) take(row);
      break;
    }
  }
  return { keys, rows, bytes };
}

/** The sources that one worker thread has open, and the modules of its mapping that read them. */

import type { MapperContext } from '../../mapping/compile/identity.ts';
import { compileModule, type CompiledModule } from '../../mapping/compile/module.ts';
import type { Adapters, SourceReader } from '../../source/source.ts';
import { answer, type Answer } from '../../threads/call.ts';
import { CLOSE_SOURCES, OPEN_SOURCE } from '../calls.ts';

export interface OpenedSources {
  /** Answers the calls that open and close sources. */
  readonly answers: readonly Answer[];
  /** What rows are mapped with. */
  readonly context: MapperContext;
  /** Returns a module, compiled once. */
  moduleOf(name: string): CompiledModule;
  /** Returns the reader of a module's source. @throws Error if it is not open */
  readerOf(module: CompiledModule): SourceReader;
  /** Closes the sources. */
  close(): Promise<void>;
}

/** Makes the sources of one worker thread, which has none open yet; `adapters` by scheme. */
export function openedSources(context: MapperContext, adapters: Adapters): OpenedSources {
  const readers = new Map<string, SourceReader>();
  const ended = new AbortController();
  const modules = new Map<string, CompiledModule>();
  const close = async (): Promise<void> => {
    for (const reader of readers.values()) await reader.close();
    readers.clear();
  };
  return {
    context,
    moduleOf(name) {
      const module = modules.get(name) ?? compileModule(context.mapping, name);
      modules.set(name, module);
      return module;
    },
    readerOf(module) {
      const reader = readers.get(module.source);
      if (reader === undefined) throw new Error(`source ${module.source} is not open`);
      return reader;
    },
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
    ],
  };
}

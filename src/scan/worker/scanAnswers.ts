/** Answers of worker threads to the calls of a scan. */

import { answer, type Answer } from '../../threads/call.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { OpenedSources } from '../../project/worker/openedSources.ts';
import { COUNT_RELATION, READ_EXPECTED, READ_TEXTS, SCAN_CHUNK } from '../calls.ts';
import { treatedPart } from '../pii/expectedOfSources.ts';
import { readExpected, readTexts } from './readSources.ts';

export const SCAN_ANSWERS: readonly Answer[] = [
  // Loaded on demand: loading the validator takes as long as hashing a small candidate.
  answer(SCAN_CHUNK, async (input) => {
    const { scanChunk } = await import('./scanChunk.ts');
    return { result: scanChunk(input) };
  }),
];

/** Makes the answers that need the sources of a thread. */
export function proofAnswers(sources: OpenedSources): readonly Answer[] {
  const { context } = sources;
  const treated = new Map<string, CompiledModule>();
  const partOf = (name: string): CompiledModule => {
    const module = treated.get(name) ?? treatedPart(context.mapping, name);
    treated.set(name, module);
    return module;
  };
  return [
    answer(READ_TEXTS, async (input) => {
      const reader = sources.readerOf(sources.moduleOf(input.module));
      return { result: await readTexts(input, reader) };
    }),
    answer(READ_EXPECTED, async (input) => {
      const module = partOf(input.module);
      return { result: await readExpected(input, module, sources.readerOf(module), context) };
    }),
    answer(COUNT_RELATION, async ({ module, table }) => {
      const { relations } = sources.readerOf(sources.moduleOf(module));
      return { result: (await relations?.count(table)) ?? 0 };
    }),
  ];
}

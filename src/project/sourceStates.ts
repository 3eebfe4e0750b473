/** What the sources of a project hold: states to write down, and the questions that promote asks. */

import { join } from 'node:path';

import { makeNewFolder } from '../disk/durable.ts';
import { openScratch } from '../disk/scratch.ts';
import type { SourceState } from '../journal/event.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import { byUtf8 } from '../seal/format.ts';
import type { PreparedSource } from '../source/source.ts';
import { projectPaths } from './paths.ts';
import { closeSources, prepareSources, sourceLocations, type NamedSource } from './sources.ts';
import type { SourcesOptions } from './withSources.ts';

/** Returns the states of open sources, by name. */
export async function statesOf(sources: readonly NamedSource[]): Promise<SourceState[]> {
  const states: SourceState[] = [];
  for (const { name, prepared } of sources) {
    states.push({ name, state: (await prepared.state?.()) ?? null });
  }
  return states.sort((a, b) => byUtf8(a.name, b.name));
}

/** A source that is there, with the answer to a question; or why it is not. */
export type Reached<T> =
  | { readonly answer: T; readonly missing: null }
  | { readonly answer: null; readonly missing: Failure };

/**
 * Opens each source of `mapping` by itself and asks it. A source that is not there has no answer.
 * @throws Failure if a source is there, and cannot be read
 */
export async function askSources<T>(
  mapping: LoadedMapping,
  options: SourcesOptions,
  env: Environment,
  ask: (name: string, source: PreparedSource) => Promise<T>,
): Promise<Map<string, Reached<T>>> {
  const folders = { project: projectPaths(options.project).root, cwd: options.cwd };
  const locations = sourceLocations(mapping, options.sources, folders, env);
  const since = env.now().toISOString();
  const scratch = openScratch(env.temporary, { command: 'source', pid: env.pid, since });
  const forget = env.onInterrupt(scratch.drop);
  const answers = new Map<string, Reached<T>>();
  try {
    for (const [name, location] of locations) {
      const folder = join(scratch.path, `state-${answers.size}`);
      makeNewFolder(folder);
      const one = new Map([[name, location]]);
      answers.set(name, await askOne(() => prepareSources(one, folder, env, []), ask));
    }
    return answers;
  } finally {
    scratch.drop();
    forget();
  }
}

async function askOne<T>(
  prepare: () => Promise<NamedSource[]>,
  ask: (name: string, source: PreparedSource) => Promise<T>,
): Promise<Reached<T>> {
  let sources: NamedSource[];
  try {
    sources = await prepare();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'SOURCE_MISSING') throw error;
    return { answer: null, missing: error };
  }
  try {
    const [source] = sources;
    if (source === undefined) throw new Error('a source was not prepared');
    return { answer: await ask(source.name, source.prepared), missing: null };
  } finally {
    await closeSources(sources);
  }
}

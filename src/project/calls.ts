/** Calls to worker threads about the sources of a project. Answered in `worker/`. */

import type { SourceHandle } from '../source/source.ts';
import { defineCall, type Call } from '../threads/call.ts';

interface SourceToOpen {
  /** Name of the source in the mapping. */
  readonly name: string;
  readonly source: SourceHandle;
}

/** Opens a source for reading; replaces an open one of the same name. */
export const OPEN_SOURCE: Call<SourceToOpen, null> = defineCall('open-source');

/** Closes all sources. */
export const CLOSE_SOURCES: Call<null, null> = defineCall('close-sources');

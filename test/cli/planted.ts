/**
 * A build of Sealift with a defect planted into one of its files as it is loaded: whoever claims to
 * notice such a defect has to notice this one.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Plant {
  /** End of the path of the file below src. */
  readonly file: string;
  readonly search: string;
  readonly by: string;
}

/** The environment in which the command line has the defect; throws there if it has no place. */
export function planted(folder: string, { file, search, by }: Plant): Record<string, string> {
  const hook = join(folder, 'plant.mjs');
  writeFileSync(
    hook,
    `import { registerHooks } from 'node:module';
     registerHooks({
       load(url, context, next) {
         const loaded = next(url, context);
         if (!url.endsWith(${JSON.stringify(`/src/${file}`)})) return loaded;
         const source = String(loaded.source);
         if (!source.includes(${JSON.stringify(search)})) throw new Error('no place for the plant');
         return { ...loaded, source: source.replaceAll(${JSON.stringify(search)}, ${JSON.stringify(by)}) };
       },
     });`,
  );
  return { NODE_OPTIONS: `--import=${pathToFileURL(hook).href}` };
}

/** The accounting of a sealed run, as reports show it. */

import { moduleLines, type ModuleLine } from '../outcome/moduleLine.ts';
import type { RunFile } from './format.ts';

/** The lines of the modules that are named, of all where that is null; in the order of the seal. */
export function sealedLines(
  { modules, accounting }: RunFile,
  names: readonly string[] | null = null,
): ModuleLine[] {
  const roots = new Map(modules.map(({ name, root }) => [name, root]));
  const lines = moduleLines(accounting, (module) => roots.get(module) ?? '');
  return lines.filter(({ module }) => names?.includes(module) ?? true);
}

/** Lines of the accounting of a sealed run, for reports. */

import { moduleLines, type ModuleLine } from '../outcome/moduleLine.ts';
import type { RunFile } from './format.ts';

/** Makes the lines of the named modules, or of all if null; in the order of the seal. */
export function sealedLines(
  { modules, accounting }: RunFile,
  names: readonly string[] | null = null,
): ModuleLine[] {
  const roots = new Map(modules.map(({ name, root }) => [name, root]));
  const lines = moduleLines(accounting, (module) => roots.get(module) ?? '');
  return lines.filter(({ module }) => names?.includes(module) ?? true);
}

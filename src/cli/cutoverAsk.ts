/** sealift cutover pause, abort, panic; sealift rollout hold: what the process that works on a run is told to do. */

import type { Command } from 'commander';

import {
  runOption,
  subcommand,
  whyOption,
  wired,
  type Common,
  type Wiring,
} from './cutoverWiring.ts';
import { whoOption } from './options.ts';

export interface AskCommand {
  /** As it is typed: `rollout hold`. */
  readonly name: string;
  readonly request: 'pause' | 'abort' | 'panic';
  readonly description: string;
  readonly example: string;
}

export function askCommand(
  wiring: Wiring,
  { name, request, description, example }: AskCommand,
): Command {
  return subcommand(name.slice(name.indexOf(' ') + 1), description, `  sealift ${example}\n`)
    .addOption(runOption())
    .addOption(whoOption())
    .addOption(whyOption())
    .action(async (path: string, options: Common) => {
      const { project, run = null, who = null, why = null } = options;
      await wired(wiring, options, {
        name,
        kind: 'action',
        load: () => import('../flow/cutoverAsk.ts'),
        work: async ({ cutoverAsk }, env) =>
          cutoverAsk(request, { command: name, project, runbook: path, run, who, why }, env),
      });
    });
}

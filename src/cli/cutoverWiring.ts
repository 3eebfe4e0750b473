/** What the commands of a cutover have in common on the command line. */

import { Command, Option } from 'commander';

import type { Host } from './host.ts';
import { withProject } from './options.ts';
import { runFlow, type FlowSpec } from './runFlow.ts';

export interface Common {
  readonly project: string;
  readonly json?: boolean;
  readonly who?: string;
  readonly run?: string;
  readonly why?: string;
}

type Exit = (code: number) => void;

/** A command, with how it is wired to its exit code. */
export interface Wiring {
  readonly exit: Exit;
  readonly host: Host;
}

export function subcommand(name: string, description: string, examples: string): Command {
  return withProject(new Command(name))
    .description(description)
    .argument('<runbook>', 'the file, YAML or JSON')
    .addHelpText('before', `Examples:\n${examples}`);
}

/** Runs a flow of one of them. */
export async function wired<Flow>(
  { exit, host }: Wiring,
  options: Common,
  spec: Omit<FlowSpec<Flow>, 'report'> & { readonly report?: boolean },
): Promise<void> {
  await runFlow({ report: false, ...spec }, options, exit, host);
}

export function runOption(): Option {
  return new Option('--run <name>', 'name of the run; default: the last one of the runbook');
}

export function whyOption(): Option {
  return new Option('--why <text>', 'the reason, for the journal');
}

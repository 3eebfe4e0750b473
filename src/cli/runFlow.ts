/** How each command ends: its flow is loaded and run, to an exit code. */

import type { FindingStore } from '../findings/findingStore.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Environment } from '../run/environment.ts';
import type { Host } from './host.ts';
import type { CommandSpec, CommonOptions } from './run.ts';

/** A command whose work is in a module that is loaded only when it runs: help waits for no database driver. */
export interface FlowSpec<Flow> extends Omit<CommandSpec, 'work'> {
  readonly load: () => Promise<Flow>;
  readonly work: (flow: Flow, env: Environment, found: FindingStore) => Promise<Outcome>;
}

/** Runs a command on `host` and passes its exit code to `exit`. */
export async function runFlow<Flow>(
  { load, work, ...spec }: FlowSpec<Flow>,
  options: CommonOptions,
  exit: (code: number) => void,
  host: Host,
): Promise<void> {
  const [flow, { runCommand }] = await Promise.all([load(), import('./run.ts')]);
  exit(await runCommand({ ...spec, work: (env, found) => work(flow, env, found) }, options, host));
}

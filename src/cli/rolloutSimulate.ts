/** sealift rollout simulate */

import { Option, type Command } from 'commander';

import { subcommand, wired, type Common, type Wiring } from './cutoverWiring.ts';
import { wholeNumber } from './options.ts';

interface SimulateOptions extends Common {
  readonly rollouts: number;
  readonly seed: number;
  readonly faultsAt?: number;
  readonly from?: string;
}

export function simulateCommand(wiring: Wiring): Command {
  return subcommand(
    'simulate',
    'show what the gates would do',
    `  sealift rollout simulate gradual.yaml
  sealift rollout simulate gradual.yaml --from gradual-v2-3   # a run, again
`,
  )
    .addOption(
      new Option('--rollouts <n>', 'rollouts of each scenario')
        .argParser(wholeNumber(1, 1_000_000))
        .default(1000),
    )
    .addOption(
      new Option('--seed <n>', 'the same number gives the same rollouts')
        .argParser(wholeNumber(0, 2 ** 31))
        .default(1),
    )
    .addOption(
      new Option(
        '--faults-at <percent>',
        'the first stage that has the faults; default: the first',
      ).argParser(wholeNumber(1, 100)),
    )
    .option('--from <run>', 'judge the looks of this run again, by the runbook as it is now')
    .action(async (path: string, options: SimulateOptions) => {
      const { project, rollouts, seed, faultsAt = null, from = null } = options;
      await wired(wiring, options, {
        name: 'rollout simulate',
        kind: 'action',
        load: () => import('../flow/rolloutSimulate.ts'),
        work: ({ rolloutSimulate }, env) =>
          rolloutSimulate({ project, runbook: path, rollouts, seed, faultsAt, from }, env),
      });
    });
}

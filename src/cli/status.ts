/** sealift status */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly json?: boolean;
}

export function statusCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('status')
    .description('what is live, built and scanned, and what would come next')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', 'Examples:\n  sealift status\n  sealift status --json\n')
    .action(async (options: Options) => {
      await runFlow(
        {
          name: 'status',
          kind: 'action',
          report: false,
          load: () => import('../flow/status.ts'),
          work: ({ status }, env) => status(options.project, env),
        },
        options,
        exit,
        host,
      );
    });
}

/** sealift status */

import { Command } from 'commander';

import type { Host } from './host.ts';
import type { Environment } from '../run/environment.ts';
import type { Outcome } from '../outcome/outcome.ts';

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
      const [{ status }, { runCommand }] = await Promise.all([
        import('../flow/status.ts'),
        import('./run.ts'),
      ]);
      const command = { name: 'status', kind: 'action', report: false } as const;
      const work = (env: Environment): Promise<Outcome> => status(options.project, env);
      exit(await runCommand({ ...command, work }, options, host));
    });
}

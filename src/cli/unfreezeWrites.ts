/** sealift unfreeze-writes */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { sourceNamesOption, whoOption } from './options.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly source: readonly string[];
  readonly who?: string;
  readonly json?: boolean;
}

export function unfreezeWritesCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('unfreeze-writes')
    .description('allow the writes to the sources again, and prove it')
    .summary('allow the writes to the sources again')
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(sourceNamesOption())
    .addOption(whoOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const { project, source: sources, who = null } = options;
      const work = { project, cwd: host.cwd, sources, who };
      await runFlow(
        {
          name: 'unfreeze-writes',
          kind: 'action',
          report: true,
          load: () => import('../flow/unfreezeWrites.ts'),
          work: ({ unfreezeWrites }, env) => unfreezeWrites(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift unfreeze-writes --who 'Ada Ammann'
  sealift unfreeze-writes --source main
`;

const QUESTIONS = `
What is changed in the source?
  In SQLite, its header is as before the freeze, but for the change counter,
  which grows. A file that is not as freeze-writes left it is not touched. In
  PostgreSQL, all rights are granted again as they were.

Why does an application still fail to write?
  A connection that saw the frozen database refuses to write until it is opened
  again: restart the application.
`;

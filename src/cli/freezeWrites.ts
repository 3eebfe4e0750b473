/** sealift freeze-writes */

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

export function freezeWritesCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('freeze-writes')
    .description('stop the writes to the sources until unfreeze-writes, and prove it')
    .summary('stop the writes to the sources')
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
          name: 'freeze-writes',
          kind: 'action',
          report: true,
          load: () => import('../flow/freezeWrites.ts'),
          work: ({ freezeWrites }, env) => freezeWrites(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift freeze-writes --who 'Ada Ammann'
  sealift freeze-writes --source main
`;

const QUESTIONS = `
How do I allow writes again?
  sealift unfreeze-writes. Do so after a rollback, or to go on with a rehearsal;
  a source that is replaced by what is live stays frozen.

What is changed in the source?
  The header of a SQLite database: its write version and its change counter. No
  row is touched. In write-ahead mode the log is first written into the file.
  Every SQLite then refuses to write it, for every user and open connection.

And in a PostgreSQL database?
  Rights to write that were granted on the tables of the mapping are revoked,
  and those who are writing are waited for. Owners and superusers need no grant:
  the command names who could still write. Connect as one of them.

How do I freeze a source that is neither?
  Stop what writes to it, and take the right to write from its files. Sealift
  says which sources it cannot freeze, and freezes the others.
`;

/** sealift freeze */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly who?: string;
  readonly why?: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

export function freezeCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('freeze')
    .description('record the files of the mapping, with who approved them and why')
    .summary('record the mapping, with who approved it and why')
    .option('--who <name>', 'who approved the mapping and its registries')
    .option('--why <text>', 'the reason, or a ticket')
    .option('--check', 'list what has changed since the freeze, and write nothing')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      if (options.check === true) {
        await runFlow(
          {
            name: 'freeze',
            kind: 'check',
            report: true,
            reportName: 'freeze-check',
            load: () => import('../flow/freeze.ts'),
            work: ({ checkFreeze }, _, found) => checkFreeze(options, found),
          },
          options,
          exit,
          host,
        );
        return;
      }
      const { project, who = '', why = '' } = options;
      await runFlow(
        {
          name: 'freeze',
          kind: 'action',
          report: false,
          load: () => import('../flow/freeze.ts'),
          work: ({ freeze }, env) => freeze({ project, who, why }, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift freeze --who 'Ada Ammann' --why 'CHG-1041, approved on Tuesday'
  sealift freeze --check                   # what has changed since
`;

const QUESTIONS = `
How do I change a mapping that is frozen?
  Change it, have it approved, and freeze it again with --who and --why. Until
  then, sealift migrate fails.
`;

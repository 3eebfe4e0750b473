/** sealift freeze */

import { Command } from 'commander';

import type { Host } from './host.ts';
import type { Command as Runnable } from './run.ts';

interface Options {
  readonly project: string;
  readonly who: string;
  readonly why: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

export function freezeCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('freeze')
    .description('put the files of the mapping on record, with who agreed to them and why')
    .summary('put the mapping on record, with who agreed and why')
    .option('--who <name>', 'who agreed to the mapping and its registries', '')
    .option('--why <text>', 'why, or under which ticket', '')
    .option('--check', 'say what has changed since the freeze, and write nothing')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const [{ checkFreeze, freeze }, { runCommand }] = await Promise.all([
        import('../flow/freeze.ts'),
        import('./run.ts'),
      ]);
      const command: Runnable =
        options.check === true
          ? {
              name: 'freeze',
              kind: 'check',
              report: true,
              reportName: 'freeze-check',
              work: (_, found) => checkFreeze(options, found),
            }
          : {
              name: 'freeze',
              kind: 'action',
              report: false,
              work: (env) => freeze(options, env),
            };
      exit(await runCommand(command, options, host));
    });
}

const EXAMPLES = `Examples:
  sealift freeze --who 'Ada Ammann' --why 'CHG-1041, approved on Tuesday'
  sealift freeze --check                   # what has changed since
`;

const QUESTIONS = `
How do I change a mapping that is frozen?
  Change it, have it approved, and freeze it again with who and why. Until then
  sealift migrate refuses it.
`;

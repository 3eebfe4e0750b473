/** sealift diff */

import { existsSync } from 'node:fs';

import { Command } from 'commander';

import type { Host } from './host.ts';
import { runFlow } from './runFlow.ts';
import { assertTerminal } from './showValues.ts';

interface Options {
  readonly project: string;
  readonly showValues?: boolean;
  readonly json?: boolean;
}

export function diffCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('diff')
    .description('list the records and fields in which two candidates differ')
    .summary('list the records and fields that differ between two')
    .argument('<a>', 'v1, live, a seal id, or the folder of a candidate')
    .argument('<b>', 'the candidate to compare it with')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--show-values', 'show the values that differ, on a terminal only')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (a: string, b: string, options: Options) => {
      const [{ projectPaths }, { sayLine }] = await Promise.all([
        import('../project/paths.ts'),
        import('./output.ts'),
      ]);
      const show = options.showValues === true;
      const work = {
        project: options.project,
        cwd: host.cwd,
        a,
        b,
        showValues: show ? (line: string) => sayLine(host.output, line) : null,
      };
      await runFlow(
        {
          name: 'diff',
          kind: 'check',
          // Two folders outside of a project may be compared; then no report is written.
          report: existsSync(projectPaths(options.project).candidates),
          load: () => import('../flow/diff.ts'),
          work: async ({ diff }, env, found) => {
            if (show) await assertTerminal(options, host);
            return diff(work, env, found);
          },
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift diff live v1
  sealift diff 3f1c0b2a v1 --show-values
  sealift diff /mnt/archive/v1 storage_candidate/v1
`;

const QUESTIONS = `
How do I keep personal data out of reports?
  Reports list records and fields, never values. --show-values shows values on
  a terminal only: it fails if the output goes to a file or a pipe.
`;

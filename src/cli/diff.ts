/** sealift diff */

import { existsSync } from 'node:fs';

import { Command } from 'commander';

import type { Host } from './host.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly showValues?: boolean;
  readonly json?: boolean;
}

export function diffCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('diff')
    .description('name the records and fields in which two candidates differ')
    .summary('name the records and fields that two candidates differ in')
    .argument('<a>', 'v1, live, a seal id, or the folder of a candidate')
    .argument('<b>', 'the one to compare it with')
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
        here: host.cwd,
        a,
        b,
        showValues: show ? (line: string) => sayLine(host.output, line) : null,
      };
      await runFlow(
        {
          name: 'diff',
          kind: 'check',
          // Two folders from elsewhere may be compared where there is no project.
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

/** Values go before the eyes of a person, and into no file or pipe. */
async function assertTerminal({ json }: Options, { output }: Host): Promise<void> {
  if (output.screen() !== null && json !== true) return;
  const { Failure } = await import('../outcome/failure.ts');
  throw new Failure('USAGE', {
    what: 'values are shown on a terminal only',
    where: '--show-values',
    hint: 'leave it out, or do not redirect the output; reports never hold values',
  });
}

const EXAMPLES = `Examples:
  sealift diff live v1
  sealift diff 3f1c0b2a v1 --show-values
  sealift diff /mnt/archive/v1 storage_candidate/v1
`;

const QUESTIONS = `
How do I keep personal data out of reports?
  They name records and fields, never values. --show-values shows values, on a
  terminal only: it refuses to where the output goes to a file or a pipe.
`;

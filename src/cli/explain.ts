/** sealift explain */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { withProject } from './options.ts';
import { runFlow } from './runFlow.ts';
import { assertTerminal } from './showValues.ts';

interface Options {
  readonly project: string;
  readonly report?: string;
  readonly showValues?: boolean;
  readonly json?: boolean;
}

export function explainCommand(exit: (code: number) => void, host: Host): Command {
  return withProject(new Command('explain'))
    .description('tell what a finding means, where it is, and what to do')
    .summary('tell what a finding means and what to do')
    .argument('<finding>', 'its id, as the report shows it')
    .option('--report <name>', 'the report that has it, such as scan-all (default: the newest)')
    .option('--show-values', 'show the value from the candidate, on a terminal only')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (finding: string, options: Options) => {
      const { project, report = null } = options;
      const { sayLine } = await import('./output.ts');
      const show = options.showValues === true;
      const showValues = show ? (line: string) => sayLine(host.output, line) : null;
      const work = { project, cwd: host.cwd, finding, report, showValues };
      await runFlow(
        {
          name: 'explain',
          kind: 'action',
          report: false,
          load: () => import('../flow/explain.ts'),
          work: async ({ explain }) => {
            if (show) await assertTerminal(options, host);
            return explain(work);
          },
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift explain 4f0c2a9be1d7c355
  sealift explain 4f0c2a9be1d7c355 --report dry-run
  sealift explain 4f0c2a9be1d7c355 --show-values
`;

const QUESTIONS = `
Where is the id of a finding?
  In the last column of report.html, and as "id" in findings.ndjson of
  storage_reports/latest-COMMAND.

Is the value shown?
  No report holds it. --show-values reads it from the sealed candidate and shows
  it on a terminal only: it fails if the output goes to a file or a pipe.
`;

/** sealift reconcile */

import { Command } from 'commander';

import type { Workers } from '../run/workers.ts';
import type { Host } from './host.ts';
import { memoryOption, workersOption } from './options.ts';
import { runFlow } from './runFlow.ts';
import { assertTerminal } from './showValues.ts';

interface Options {
  readonly project: string;
  readonly target: string;
  readonly schema?: string;
  readonly names?: string;
  readonly candidate: string;
  readonly expectSeal?: string;
  readonly workers: Workers;
  readonly memory: number;
  readonly showValues?: boolean;
  readonly json?: boolean;
}

export function reconcileCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('reconcile')
    .description('compare a target, record by record, with the seal that was loaded into it')
    .summary('compare a target, record by record, with the seal')
    .requiredOption('--target <url>', 'postgres://…, sqlite:FILE, or env:NAME')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--candidate <name>', 'v1, live, a seal id, or the folder of a candidate', 'v1')
    .option('--expect-seal <seal-id>', 'the seal id that you noted after migrate')
    .option('--schema <name>', 'schema that holds the tables (default: that of the seal)')
    .option('--names <file>', 'names of tables and columns, as load has them')
    .option('--show-values', 'show the values that differ, on a terminal only')
    .addOption(workersOption())
    .addOption(memoryOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const { project, target, schema = null, candidate, workers, memory } = options;
      const { expectSeal = null, names = null } = options;
      const { sayLine } = await import('./output.ts');
      const show = options.showValues === true;
      const showValues = show ? (line: string) => sayLine(host.output, line) : null;
      const about = { project, cwd: host.cwd, target, schema, names, candidate, expectSeal };
      await runFlow(
        {
          name: 'reconcile',
          kind: 'check',
          report: true,
          load: () => import('../flow/reconcile.ts'),
          work: async ({ reconcile }, env, found) => {
            if (show) await assertTerminal(options, host);
            return reconcile({ ...about, workers, memory, showValues }, env, found);
          },
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift reconcile --target postgres://app@db.example.org/app
  sealift reconcile --target sqlite:new.db --show-values
  sealift reconcile --target env:TARGET --candidate live --json
`;

const QUESTIONS = `
Does it need the legacy database?
  No. It compares the target with the seal alone, also years later.
What does exit code 2 mean?
  At least one record is missing, extra or changed, or a module could not be
  compared. The report names every record with its fields.
`;

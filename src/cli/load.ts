/** sealift load */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { dryRunOption, whoOption, workersOption } from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly target: string;
  readonly candidate?: string;
  readonly expectSeal?: string;
  readonly schema?: string;
  readonly without?: readonly string[];
  readonly allowWarnings?: boolean;
  readonly dryRun?: boolean;
  readonly who?: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

/** Milliseconds of a batch: short for a lock, long enough that beginning and end cost little. */
const BATCH_MS = 500;

export function loadCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('load')
    .description('write the records of a candidate to a database, with keys and constraints')
    .summary('write a candidate to a database, resumably')
    .requiredOption('--target <url>', 'postgres://…, sqlite:FILE, or env:NAME')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--candidate <seal-id>', 'another candidate than the last one built')
    .option('--expect-seal <seal-id>', 'the seal id that you noted after migrate')
    .option('--schema <name>', 'first part of the name of the schema (default: sealift)')
    .option('--without <constraint...>', 'constraints that are not made')
    .option('--allow-warnings', 'accept the warnings of the last scan')
    .addOption(dryRunOption())
    .addOption(workersOption())
    .addOption(whoOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const { project, target, candidate = null, expectSeal = null, schema = null } = options;
      const { without = [], allowWarnings = false, dryRun = false, who = null, workers } = options;
      const work = {
        project,
        target,
        candidate,
        expectSeal,
        schema,
        without,
        allowWarnings,
        dryRun,
        who,
        workers,
        into: null,
        allowRows: false,
        rowsPerSecond: null,
        maxLag: null,
        batchMs: BATCH_MS,
      };
      await runFlow(
        {
          name: 'load',
          kind: 'action',
          report: !dryRun,
          load: () => import('../flow/load.ts'),
          work: ({ load }, env) => load(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift load --target postgres://app@db.example.org/app
  sealift load --target postgres://app@db.example.org/app --dry-run
  sealift load --target sqlite:new.db
`;

const QUESTIONS = `
What if it stops half way?
  Run it again: it goes on after the last batch that was committed. Until it
  is done, the table sealift_ledger beside the rows says so.
`;

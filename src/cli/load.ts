/** sealift load */

import { Command, InvalidArgumentError, Option } from 'commander';

import type { Host } from './host.ts';
import type { MaxLag } from '../target/target.ts';
import { dryRunOption, whoOption, wholeNumber, workersOption } from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly target: string;
  readonly candidate?: string;
  readonly expectSeal?: string;
  readonly schema?: string;
  readonly into?: string;
  readonly names?: string;
  readonly allowRows?: boolean;
  readonly maxRowsPerSecond?: number;
  readonly maxLag?: MaxLag;
  readonly batchMs: number;
  readonly without?: readonly string[];
  readonly allowWarnings?: boolean;
  readonly dryRun?: boolean;
  readonly who?: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

/** Milliseconds of a batch: short for a lock, long enough that beginning and end cost little. */
const BATCH_MS = 500;

const BYTES: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Parses `64M` as bytes, and `5s` as seconds. */
function maxLag(text: string): MaxLag {
  const [, digits, unit = ''] = /^(\d{1,9})([KMGs])$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new InvalidArgumentError('a size such as 64M, or seconds such as 5s, are needed.');
  }
  const bytes = BYTES[unit];
  return bytes === undefined ? { seconds: Number(digits) } : { bytes: Number(digits) * bytes };
}

export function loadCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('load')
    .description('write the records of a candidate to a database, with keys and constraints')
    .summary('write a candidate to a database, resumably')
    .requiredOption('--target <url>', 'postgres://…, sqlite:FILE, or env:NAME')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--candidate <seal-id>', 'another candidate than the last one built')
    .option('--expect-seal <seal-id>', 'the seal id that you noted after migrate')
    .option('--schema <name>', 'first part of the name of the schema (default: sealift)')
    .option('--into <schema>', 'fill the tables of this schema, which are there')
    .option('--names <file>', 'with --into: names of tables and columns, as JSON')
    .option('--allow-rows', 'with --into: tables may have rows already, which stay')
    .option('--without <constraint...>', 'constraints that are not made')
    .addOption(
      new Option('--max-rows-per-second <n>', 'write no faster than this').argParser(
        wholeNumber(1, 1_000_000_000),
      ),
    )
    .addOption(
      new Option('--max-lag <lag>', 'wait while a standby lags more: 64M or 5s').argParser(maxLag),
    )
    .addOption(
      new Option('--batch-ms <n>', 'milliseconds of a transaction')
        .argParser(wholeNumber(0, 60_000))
        .default(BATCH_MS),
    )
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
        into: options.into ?? null,
        names: options.names ?? null,
        allowRows: options.allowRows ?? false,
        rowsPerSecond: options.maxRowsPerSecond ?? null,
        maxLag: options.maxLag ?? null,
        batchMs: options.batchMs,
      };
      await runFlow(
        {
          name: 'load',
          kind: 'action',
          report: true,
          resumes: true,
          load: () => import('../flow/load.ts'),
          work: ({ load }, env, found) => load(work, env, found),
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

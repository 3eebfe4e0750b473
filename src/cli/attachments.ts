/** sealift attachments plan, migrate, verify, rollback, purge, prune, status */

import { Command, InvalidArgumentError, Option } from 'commander';

import type { Host } from './host.ts';
import { dryRunOption, runOf, runOption, wholeNumber, whoOption, withProject } from './options.ts';
import { runFlow } from './runFlow.ts';

type Exit = (code: number) => void;

/** Options of all of them; some have less. */
interface Common {
  readonly project: string;
  readonly json?: boolean;
}

interface MigrateOptions extends Common {
  readonly run?: string;
  readonly dryRun?: boolean;
  readonly limit?: number;
  readonly concurrency: number;
  readonly verify: 'head' | 'full';
  readonly bandwidth?: number;
  readonly who?: string;
}

interface VerifyOptions extends Common {
  readonly run?: string;
  readonly sample?: number;
  readonly report?: string;
  readonly concurrency: number;
}

interface UndoOptions extends Common {
  readonly run?: string;
  readonly dryRun?: boolean;
  readonly concurrency: number;
  readonly who?: string;
}

const CONCURRENCY = 16;
const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Parses `10M` as bytes a second. */
function bytesPerSecond(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,9})([KMG]?)$/.exec(text) ?? [];
  const bytes = Number(digits ?? 0) * (UNITS[unit] ?? 1);
  if (bytes > 0) return bytes;
  throw new InvalidArgumentError('bytes a second such as 10M are needed.');
}

export function attachmentsCommand(exit: Exit, host: Host): Command {
  return new Command('attachments')
    .description('move the files of rows into an object store, verified and reversible')
    .summary('move the files of rows into an object store')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .addCommand(planCommand(exit, host))
    .addCommand(migrateCommand(exit, host))
    .addCommand(verifyCommand(exit, host))
    .addCommand(undoCommand('rollback', exit, host))
    .addCommand(undoCommand('purge', exit, host))
    .addCommand(undoCommand('prune', exit, host))
    .addCommand(statusCommand(exit, host));
}

function planCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('plan'))
    .description('read and hash the files, tell what would happen, and write nothing')
    .addOption(limitOption())
    .addOption(concurrencyOption())
    .addHelpText('before', 'Examples:\n  sealift attachments plan --limit 20\n')
    .action(async (options: MigrateOptions) => {
      await migrate({ ...options, dryRun: true, verify: 'head' }, exit, host);
    });
}

function migrateCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('migrate'))
    .description('store each file, read it back, and give its row the key of the object')
    .addOption(runOption())
    .addOption(dryRunOption())
    .addOption(limitOption())
    .addOption(concurrencyOption())
    .addOption(
      new Option('--verify <how>', 'read back what the store says, or every byte')
        .choices(['head', 'full'])
        .default('head'),
    )
    .addOption(
      new Option('--bandwidth <bytes>', 'bytes a second at most, such as 10M').argParser(
        bytesPerSecond,
      ),
    )
    .addOption(whoOption())
    .addHelpText(
      'before',
      'Examples:\n  sealift attachments migrate --limit 200 --concurrency 5\n  sealift attachments migrate\n',
    )
    .addHelpText('after', RESUMES)
    .action(async (options: MigrateOptions) => {
      await migrate(options, exit, host);
    });
}

async function migrate(options: MigrateOptions, exit: Exit, host: Host): Promise<void> {
  const { project, dryRun = false, limit = null, concurrency, verify: readBack } = options;
  const { bandwidth = null, who = null } = options;
  const run = runOf(options, host);
  const work = {
    project,
    run,
    dryRun,
    limit,
    concurrency,
    readBack,
    bytesPerSecond: bandwidth,
    who,
  };
  const name = dryRun ? 'attachments plan' : 'attachments migrate';
  await runFlow(
    {
      name,
      kind: 'action',
      report: true,
      reportName: name.replace(' ', '-'),
      resumes: true,
      drains: true,
      load: () => import('../flow/attachmentsMigrate.ts'),
      work: ({ attachmentsMigrate }, env, found) => attachmentsMigrate(work, env, found),
    },
    options,
    exit,
    host,
  );
}

function verifyCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('verify'))
    .description('read the objects of a run again, and compare them with its journal')
    .addOption(runOption())
    .addOption(
      new Option('--sample <n>', 'about so many objects, the same ones each time').argParser(
        wholeNumber(1, 1_000_000_000),
      ),
    )
    .addOption(
      new Option(
        '--report <file>',
        'checksums that the provider computed (CSV), instead of reading',
      ).conflicts('sample'),
    )
    .addOption(concurrencyOption())
    .addHelpText(
      'before',
      'Examples:\n  sealift attachments verify\n  sealift attachments verify --sample 3000\n',
    )
    .action(async (options: VerifyOptions) => {
      const { project, sample = null, report = null, concurrency } = options;
      const work = { project, run: runOf(options, host), sample, report, concurrency };
      await runFlow(
        {
          name: 'attachments verify',
          kind: 'check',
          report: true,
          reportName: 'attachments-verify',
          drains: true,
          load: () => import('../flow/attachmentsVerify.ts'),
          work: ({ attachmentsVerify }, env, found) => attachmentsVerify(work, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

/** What is done with a run afterwards, by the name of the command. */
const UNDO = {
  rollback: {
    description: 'clear the keys that a run has given, so that reads fall back to disk',
    flow: 'attachmentsRollback',
    example: 'sealift attachments rollback --dry-run',
  },
  purge: {
    description: 'remove files from disk, each after its object was read and found right',
    flow: 'attachmentsPurge',
    example: 'sealift attachments purge --run run-local --dry-run',
  },
  prune: {
    description: 'remove objects of a run that no row needs, as after a rollback',
    flow: 'attachmentsPrune',
    example: 'sealift attachments prune --dry-run',
  },
} as const;

function undoCommand(name: keyof typeof UNDO, exit: Exit, host: Host): Command {
  const { description, flow, example } = UNDO[name];
  const command = withProject(new Command(name)).description(description);
  // What cannot be taken back is told by name.
  if (name === 'purge') command.requiredOption('--run <name>', 'the run whose files are removed');
  else command.addOption(runOption());
  return command
    .addOption(dryRunOption())
    .addOption(concurrencyOption())
    .addOption(whoOption())
    .addHelpText('before', `Examples:\n  ${example}\n`)
    .addHelpText('after', RESUMES)
    .action(async (options: UndoOptions) => {
      const { project, dryRun = false, concurrency, who = null } = options;
      const work = { project, run: runOf(options, host), dryRun, concurrency, who };
      await runFlow(
        {
          name: `attachments ${name}`,
          kind: 'action',
          report: true,
          reportName: `attachments-${name}`,
          resumes: true,
          drains: true,
          load: () => import('../flow/attachmentsUndo.ts'),
          work: (flows, env, found) => flows[flow](work, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

function statusCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('status'))
    .description('count what is on disk and in the store, and list the runs')
    .addHelpText('before', 'Examples:\n  sealift attachments status\n')
    .action(async (options: Common) => {
      await runFlow(
        {
          name: 'attachments status',
          kind: 'action',
          report: false,
          load: () => import('../flow/attachmentsStatus.ts'),
          work: ({ attachmentsStatus }, env) => attachmentsStatus(options.project, env),
        },
        options,
        exit,
        host,
      );
    });
}

function limitOption(): Option {
  return new Option('--limit <n>', 'move at most so many files').argParser(
    wholeNumber(1, 1_000_000_000),
  );
}

function concurrencyOption(): Option {
  return new Option('--concurrency <n>', 'files at a time')
    .argParser(wholeNumber(1, 256))
    .default(CONCURRENCY);
}

const EXAMPLES = `Examples:
  sealift attachments plan --limit 20      # read, hash, write nothing
  sealift attachments migrate              # store, read back, switch the rows
  sealift attachments verify               # read every object again
  sealift attachments rollback             # rows read from disk again
`;

const QUESTIONS = `
Where is declared what moves?
  In mapping/attachments.json: the tables and columns, the folder of the files,
  and the store, which may also come from OBJECT_STORAGE_PROVIDER.
`;

const RESUMES = `
What if it stops half way?
  Nothing is lost: run it again, and it goes on. Ctrl-C ends what is in flight
  first; a second one stops at once.
`;

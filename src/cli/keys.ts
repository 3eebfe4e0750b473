/** sealift keys discover, plan, migrate, verify, rotate, rebind, rollback, status, generate */

import { Command, Option } from 'commander';

import type { ResealStep } from '../flow/keysReseal.ts';
import type { Host } from './host.ts';
import { dryRunOption, runOf, runOption, wholeNumber, whoOption, withProject } from './options.ts';
import { runFlow } from './runFlow.ts';

type Exit = (code: number) => void;

/** Options of all of them; some have less. */
interface Common {
  readonly project: string;
  readonly json?: boolean;
}

interface ResealOptions extends Common {
  readonly run?: string;
  readonly limit?: number;
  readonly batch: number;
  readonly maxRowsPerSecond?: number;
  readonly who?: string;
  readonly from?: string;
  readonly to?: string;
}

interface RollbackOptions extends Common {
  readonly run?: string;
  readonly dryRun?: boolean;
  readonly maxRowsPerSecond?: number;
  readonly who?: string;
}

const BATCH = 1000;

export function keysCommand(exit: Exit, host: Host): Command {
  return new Command('keys')
    .description('seal columns with secrets again: other form, other key, verified and reversible')
    .summary('seal columns with secrets again')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .addCommand(discoverCommand(exit, host))
    .addCommand(planCommand(exit, host))
    .addCommand(migrateCommand(exit, host))
    .addCommand(verifyCommand(exit, host))
    .addCommand(rotateCommand(exit, host))
    .addCommand(rebindCommand(exit, host))
    .addCommand(rollbackCommand(exit, host))
    .addCommand(statusCommand(exit, host))
    .addCommand(generateCommand(exit, host));
}

function discoverCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('discover'))
    .description('sweep all tables for columns with ciphertexts that are not declared')
    .addHelpText('before', 'Examples:\n  sealift keys discover\n')
    .action(async (options: Common) => {
      await runFlow(
        {
          name: 'keys discover',
          kind: 'check',
          report: true,
          reportName: 'keys-discover',
          load: () => import('../flow/keysDiscover.ts'),
          work: ({ keysDiscover }, env, found) => keysDiscover(options.project, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

function planCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('plan'))
    .description('read and open every value, tell what migrate would do, and write nothing')
    .addOption(batchOption())
    .addHelpText('before', 'Examples:\n  sealift keys plan\n')
    .action(async (options: Common & { readonly batch: number }) => {
      const { project, batch } = options;
      await runFlow(
        {
          name: 'keys plan',
          kind: 'check',
          report: true,
          reportName: 'keys-plan',
          load: () => import('../flow/keysPlan.ts'),
          work: ({ keysPlan }, env, found) => keysPlan({ project, batch }, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

function migrateCommand(exit: Exit, host: Host): Command {
  return resealCommand('migrate', exit, host)
    .description('seal values of forms from before in the target form under the primary key')
    .addHelpText(
      'before',
      'Examples:\n  sealift keys migrate --limit 100\n  sealift keys migrate --max-rows-per-second 500\n',
    );
}

function rotateCommand(exit: Exit, host: Host): Command {
  return resealCommand('rotate', exit, host)
    .description('seal values that are under a retiring key under the primary key')
    .requiredOption('--from <key>', 'the key that retires, as mapping/keys.json names it')
    .requiredOption('--to <key>', 'the primary key of the columns, as mapping/keys.json names it')
    .addHelpText('before', 'Examples:\n  sealift keys rotate --from k1 --to k2\n');
}

function rebindCommand(exit: Exit, host: Host): Command {
  return resealCommand('rebind', exit, host)
    .description('seal values that are bound to former names or ids, and fix blind indexes')
    .addHelpText('before', 'Examples:\n  sealift keys rebind\n');
}

function resealCommand(name: ResealStep['name'], exit: Exit, host: Host): Command {
  return withProject(new Command(name))
    .addOption(runOption())
    .addOption(
      new Option('--limit <n>', 'change at most so many values').argParser(
        wholeNumber(1, 1_000_000_000),
      ),
    )
    .addOption(batchOption())
    .addOption(rateOption())
    .addOption(whoOption())
    .addHelpText('after', RESUMES)
    .action(async (options: ResealOptions) => {
      const { project, limit = null, batch, who = null, from = '', to = '' } = options;
      const rowsPerSecond = options.maxRowsPerSecond ?? null;
      const step: ResealStep = name === 'rotate' ? { name, from, to } : { name };
      const work = { project, run: runOf(options, host), step, limit, batch, rowsPerSecond, who };
      await runFlow(
        {
          name: `keys ${name}`,
          kind: 'action',
          report: true,
          reportName: `keys-${name}`,
          resumes: true,
          drains: true,
          load: () => import('../flow/keysReseal.ts'),
          work: ({ keysReseal }, env, found) => keysReseal(work, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

function verifyCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('verify'))
    .description('open every value again, and compare it with the log')
    .option('--expect <prefix>', 'what every value has to begin with, such as enc:v1:')
    .addHelpText(
      'before',
      'Examples:\n  sealift keys verify\n  sealift keys verify --expect enc:v1:\n',
    )
    .action(async (options: Common & { readonly expect?: string }) => {
      const { project, expect = null } = options;
      await runFlow(
        {
          name: 'keys verify',
          kind: 'check',
          report: true,
          reportName: 'keys-verify',
          load: () => import('../flow/keysVerify.ts'),
          work: ({ keysVerify }, env, found) => keysVerify({ project, expect }, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

function rollbackCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('rollback'))
    .description('give rows back what stood in them before a run, byte for byte')
    .addOption(runOption())
    .addOption(dryRunOption())
    .addOption(rateOption())
    .addOption(whoOption())
    .addHelpText('before', 'Examples:\n  sealift keys rollback --dry-run\n')
    .addHelpText('after', RESUMES)
    .action(async (options: RollbackOptions) => {
      const { project, dryRun = false, who = null } = options;
      const rowsPerSecond = options.maxRowsPerSecond ?? null;
      const work = { project, run: runOf(options, host), dryRun, rowsPerSecond, who };
      await runFlow(
        {
          name: 'keys rollback',
          kind: 'action',
          report: true,
          reportName: 'keys-rollback',
          resumes: true,
          drains: true,
          load: () => import('../flow/keysRollback.ts'),
          work: ({ keysRollback }, env, found) => keysRollback(work, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

function statusCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('status'))
    .description('count values by the key that they name, and list the runs')
    .addHelpText('before', 'Examples:\n  sealift keys status\n')
    .action(async (options: Common) => {
      await runFlow(
        {
          name: 'keys status',
          kind: 'action',
          report: false,
          load: () => import('../flow/keysStatus.ts'),
          work: ({ keysStatus }, env) => keysStatus(options.project, env),
        },
        options,
        exit,
        host,
      );
    });
}

function generateCommand(exit: Exit, host: Host): Command {
  return new Command('generate')
    .description('write a new key into a file of mode 0600, and print its id')
    .argument('<file>', 'path of the new file')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', 'Examples:\n  sealift keys generate keys/k1.key\n')
    .action(async (file: string, options: { readonly json?: boolean }) => {
      await runFlow(
        {
          name: 'keys generate',
          kind: 'action',
          report: false,
          load: () => import('../flow/keysGenerate.ts'),
          work: ({ keysGenerate }, env) => keysGenerate(file, env),
        },
        { ...options, project: host.cwd },
        exit,
        host,
      );
    });
}

function batchOption(): Option {
  return new Option('--batch <n>', 'rows of a transaction')
    .argParser(wholeNumber(1, 10_000))
    .default(BATCH);
}

function rateOption(): Option {
  return new Option('--max-rows-per-second <n>', 'change no more values a second').argParser(
    wholeNumber(1, 1_000_000),
  );
}

const EXAMPLES = `Examples:
  sealift keys generate keys/k1.key        # a new key, mode 0600
  sealift keys plan                        # open every value, write nothing
  sealift keys migrate                     # seal what is in an old form
  sealift keys verify --expect enc:v1:     # open every value again
  sealift keys rotate --from k1 --to k2    # while the application goes on
`;

const QUESTIONS = `
Where is declared what is sealed, and with which key?
  In mapping/keys.json: tables and columns, their forms, and where each key
  comes from (a file, a descriptor, a variable). No key is in a mapping, an
  argument or a message.
`;

const RESUMES = `
What if it stops half way?
  Nothing is lost: run it again, and it goes on. Ctrl-C ends the batch that is
  in flight first; a second one stops at once.
`;

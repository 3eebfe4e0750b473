/** sealift snapshot, sealift snapshot verify, sealift snapshot restore */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { dryRunOption, whoOption, workersOption } from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly out?: string;
  readonly who?: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

interface VerifyOptions {
  readonly expect?: string;
  readonly json?: boolean;
}

interface RestoreOptions extends Options {
  readonly expect?: string;
  readonly replace?: boolean;
  readonly keepMapping?: boolean;
  readonly dryRun?: boolean;
}

export function snapshotCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('snapshot')
    .description('keep what a way back needs in one archive: candidates, mapping, journal')
    .summary('keep what a way back needs in one archive')
    .enablePositionalOptions()
    .option('--out <path>', 'a new file, or a folder; default: storage_snapshots')
    .addOption(whoOption())
    .addOption(workersOption())
    .option('--project <dir>', 'folder of the project', '.')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .addCommand(verifyCommand(exit, host))
    .addCommand(restoreCommand(exit, host))
    .action(async (options: Options) => {
      const { project, out = null, who = null, workers } = options;
      await runFlow(
        {
          name: 'snapshot',
          kind: 'action',
          report: false,
          load: () => import('../flow/snapshot.ts'),
          work: ({ snapshot }, env) => snapshot({ project, out, who, workers }, env),
        },
        options,
        exit,
        host,
      );
    });
}

function verifyCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('verify')
    .description('check everything in a snapshot, from the archive alone')
    .argument('<file>', 'the snapshot')
    .option('--expect <sha256>', 'the SHA-256 that you noted when it was made')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', 'Examples:\n  sealift snapshot verify before-cutover.tar\n')
    .action(async (file: string, options: VerifyOptions) => {
      await runFlow(
        {
          name: 'snapshot verify',
          kind: 'check',
          report: false,
          load: () => import('../flow/verifySnapshot.ts'),
          work: ({ verifySnapshot }, env) =>
            verifySnapshot({ file, expect: options.expect ?? null }, env),
        },
        { ...options, project: '.' },
        exit,
        host,
      );
    });
}

function restoreCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('restore')
    .description('put back what is missing or damaged in the project')
    .argument('<file>', 'the snapshot')
    .option('--expect <sha256>', 'the SHA-256 that you noted when it was made')
    .option('--replace', 'also replace files that differ, and keep them aside')
    .option('--keep-mapping', 'leave files of the mapping that differ as they are')
    .addOption(dryRunOption())
    .addOption(whoOption())
    .addOption(workersOption())
    .option('--project <dir>', 'folder of the project', '.')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', RESTORE_EXAMPLES)
    .action(async (file: string, options: RestoreOptions) => {
      const { project, workers, expect = null, who = null } = options;
      const replace = options.replace === true;
      const keepMapping = options.keepMapping === true;
      const dryRun = options.dryRun === true;
      const work = { project, file, expect, replace, keepMapping, dryRun, who, workers };
      await runFlow(
        {
          name: 'snapshot restore',
          kind: 'action',
          report: false,
          load: () => import('../flow/restoreSnapshot.ts'),
          work: ({ restoreSnapshot }, env) => restoreSnapshot(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift snapshot --who ada
  sealift snapshot --out before-cutover.tar
  sealift snapshot verify before-cutover.tar
  sealift snapshot restore before-cutover.tar --dry-run
`;

const RESTORE_EXAMPLES = `Examples:
  sealift snapshot restore before-cutover.tar --dry-run
  sealift snapshot restore before-cutover.tar --who ada
`;

const QUESTIONS = `
How do I restore one?
  sealift snapshot restore FILE puts back what is missing or damaged, and never
  shortens a journal that contains the one in the snapshot.
`;

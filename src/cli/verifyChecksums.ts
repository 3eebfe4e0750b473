/** sealift verify-checksums */

import { Command } from 'commander';

import { workersOption } from './options.ts';

interface Options {
  readonly project: string;
  readonly candidate?: string;
  readonly expectSeal?: string;
  readonly workers: number;
  readonly json?: boolean;
}

export function verifyChecksumsCommand(exit: (code: number) => void): Command {
  return new Command('verify-checksums')
    .description('compute everything that the seal states again, and compare')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--candidate <dir>', "a candidate's folder instead of the project's current one")
    .option('--expect-seal <id>', 'the seal id that was noted when the candidate was built')
    .addOption(workersOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .action(async (options: Options) => {
      const work = {
        project: options.project,
        candidate: options.candidate ?? null,
        expectSeal: options.expectSeal ?? null,
        workers: options.workers,
      };
      const [{ verifyChecksums }, { runCommand }] = await Promise.all([
        import('../flow/verifyChecksums.ts'),
        import('./run.ts'),
      ]);
      exit(
        await runCommand(
          {
            name: 'verify-checksums',
            kind: 'check',
            // A candidate from elsewhere is none of this project's history.
            report: options.candidate === undefined,
            work: (env) => verifyChecksums(work, env),
          },
          options,
        ),
      );
    });
}

const EXAMPLES = `
Examples:
  sealift verify-checksums
  sealift verify-checksums --expect-seal 3f1c…   (64 digits, from the summary of migrate)
  sealift verify-checksums --candidate /mnt/archive/v1

`;

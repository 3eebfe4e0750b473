/** sealift verify-checksums */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { workersOption } from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly candidate?: string;
  readonly expectSeal?: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

export function verifyChecksumsCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('verify-checksums')
    .description('recompute everything that the seal states, and compare')
    .summary('recompute all that the seal states, and compare')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--candidate <candidate>', 'a folder, live, or a seal id (default: v1)')
    .option('--expect-seal <seal-id>', 'the seal id that you noted after migrate')
    .addOption(workersOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const work = {
        project: options.project,
        candidate: options.candidate ?? null,
        expectSeal: options.expectSeal ?? null,
        workers: options.workers,
      };
      await runFlow(
        {
          name: 'verify-checksums',
          kind: 'check',
          // A candidate from another folder is not part of this project's reports.
          report: options.candidate === undefined,
          load: () => import('../flow/verifyChecksums.ts'),
          work: ({ verifyChecksums }, env) => verifyChecksums(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift verify-checksums
  sealift verify-checksums --expect-seal "$(cat seal-id.txt)"
  sealift verify-checksums --candidate /mnt/archive/v1
`;

const QUESTIONS = `
How do I prove to an auditor that nothing has changed?
  Note the seal id after migrate, outside of the project: in a ticket or mail.
  Then hand over what sealift export writes, and this command with
  --expect-seal ID.
  Without Sealift, run "sha256sum -c --strict checksums/SHA256SUMS" inside of
  it; the digest of that file is the seal id. docs/verify-without-sealift.md
  shows the rest: the Merkle roots in a dozen lines of Python.
`;

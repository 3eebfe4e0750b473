/** sealift evidence build, sealift evidence verify */

import { Command } from 'commander';

import type { Workers } from '../run/workers.ts';
import type { Host } from './host.ts';
import { workersOption } from './options.ts';
import { runFlow } from './runFlow.ts';

interface BuildOptions {
  readonly project: string;
  readonly candidate?: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

interface VerifyOptions {
  readonly expectSeal?: string;
  readonly allowedSigners?: string;
  readonly json?: boolean;
}

export function evidenceCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('evidence')
    .description('gather what proves a cutover, or verify it')
    .addHelpText('before', EXAMPLES)
    .addCommand(buildCommand(exit, host))
    .addCommand(verifyCommand(exit, host));
}

function buildCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('build')
    .description('write seal, journal, approvals and reports to a new folder')
    .argument('<dir>', 'the folder to make')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--candidate <candidate>', 'v1, or a seal id (8 digits or more); default: the live one')
    .addOption(workersOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', 'Examples:\n  sealift evidence build cutover-2025\n')
    .action(async (target: string, options: BuildOptions) => {
      const { project, candidate = null, workers } = options;
      await runFlow(
        {
          name: 'evidence build',
          kind: 'action',
          report: false,
          load: () => import('../flow/evidence.ts'),
          work: ({ buildEvidence }, env) => {
            host.umask(0o077);
            return buildEvidence({ project, target, candidate, workers }, env);
          },
        },
        options,
        exit,
        host,
      );
    });
}

function verifyCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('verify')
    .description('verify a folder of evidence, without the project')
    .argument('<dir>', 'the folder of evidence')
    .option('--expect-seal <seal-id>', 'the seal id that you noted elsewhere')
    .option('--allowed-signers <file>', 'keys of the reviewers that you got elsewhere')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', 'Examples:\n  sealift evidence verify cutover-2025\n')
    .action(async (folder: string, { expectSeal, allowedSigners, json }: VerifyOptions) => {
      const work = {
        folder,
        expectSeal: expectSeal ?? null,
        allowedSigners: allowedSigners ?? null,
      };
      await runFlow(
        {
          name: 'evidence verify',
          kind: 'check',
          report: false,
          load: () => import('../flow/evidence.ts'),
          work: ({ checkEvidence }, env) => checkEvidence(work, env),
        },
        { project: host.cwd, json: json === true },
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift evidence build cutover-2025      # of what is live
  sealift evidence verify cutover-2025
`;

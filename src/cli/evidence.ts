/** sealift evidence build, sealift evidence verify, sealift evidence key */

import { Command } from 'commander';

import type { Workers } from '../run/workers.ts';
import type { Host } from './host.ts';
import { workersOption } from './options.ts';
import { runFlow } from './runFlow.ts';

interface BuildOptions {
  readonly project: string;
  readonly candidate?: string;
  readonly run?: string;
  readonly who?: string;
  readonly key?: string;
  readonly signingKey?: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

interface VerifyOptions {
  readonly expectSeal?: string;
  readonly expectHead: readonly string[];
  readonly allowedSigners?: string;
  readonly publicKey?: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

export function evidenceCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('evidence')
    .description('gather what proves a cutover, or verify it')
    .addHelpText('before', EXAMPLES)
    .addCommand(buildCommand(exit, host))
    .addCommand(verifyCommand(exit, host))
    .addCommand(keyCommand(exit, host));
}

function buildCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('build')
    .description('write seal, journal, approvals and reports to a new folder')
    .argument('<dir>', 'the folder to make')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--candidate <candidate>', 'v1, or a seal id (8 digits or more); default: the live one')
    .option('--run <run>', 'a run of a cutover, such as wien-pilot-1; alone, without a candidate')
    .option('--who <name>', 'who signs with --key (default: MIGRATE_OPERATOR)')
    .option('--key <file>', 'SSH key to sign the evidence with')
    .option('--signing-key <file>', 'Ed25519 key (PEM) to sign statements and seal with')
    .addOption(workersOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', BUILD_EXAMPLES)
    .action(async (target: string, options: BuildOptions) => {
      const { project, candidate = null, run = null, who = null, key = null, workers } = options;
      const signers = { who, key, signingKey: options.signingKey ?? null };
      await runFlow(
        {
          name: 'evidence build',
          kind: 'action',
          report: false,
          load: () => import('../flow/evidenceBuild.ts'),
          work: ({ buildEvidence }, env) => {
            host.umask(0o077);
            return buildEvidence({ project, target, candidate, run, ...signers, workers }, env);
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
    .option(
      '--expect-head <head>',
      'head of a journal that you noted elsewhere; repeatable',
      (head: string, before: readonly string[]) => [...before, head],
      [],
    )
    .option('--allowed-signers <file>', 'SSH keys of people that you got elsewhere')
    .option('--public-key <file>', 'public key (PEM) of the statements that you got elsewhere')
    .addOption(workersOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', 'Examples:\n  sealift evidence verify cutover-2025\n')
    .action(async (folder: string, options: VerifyOptions) => {
      const { expectSeal = null, expectHead, workers, json } = options;
      const { allowedSigners = null, publicKey = null } = options;
      const expectHeads = expectHead;
      const work = { folder, expectSeal, expectHeads, allowedSigners, publicKey, workers };
      await runFlow(
        {
          name: 'evidence verify',
          kind: 'check',
          report: false,
          load: () => import('../flow/evidenceVerify.ts'),
          work: ({ checkEvidence }, env) => checkEvidence(work, env),
        },
        { project: host.cwd, json: json === true },
        exit,
        host,
      );
    });
}

function keyCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('key')
    .description('make a pair of keys that evidence is signed with')
    .argument('<file>', 'the file of the private key to make; the public one is FILE.pub')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', 'Examples:\n  sealift evidence key evidence.pem\n')
    .action(async (file: string, { json }: { readonly json?: boolean }) => {
      await runFlow(
        {
          name: 'evidence key',
          kind: 'action',
          report: false,
          load: () => import('../flow/evidenceKey.ts'),
          work: ({ makeEvidenceKey }, env) => makeEvidenceKey({ file }, env),
        },
        { project: host.cwd, json: json === true },
        exit,
        host,
      );
    });
}

const BUILD_EXAMPLES = `Examples:
  sealift evidence build cutover-2025
  sealift evidence build pilot --run wien-pilot-1 --signing-key evidence.pem
`;

const EXAMPLES = `Examples:
  sealift evidence build cutover-2025      # of what is live
  sealift evidence verify cutover-2025
`;

/** sealift review */

import { Command } from 'commander';

import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Host } from './host.ts';
import { whoOption } from './options.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly approve?: boolean;
  readonly key?: string;
  readonly write?: string;
  readonly accept?: string;
  readonly signature?: string;
  readonly who?: string;
  readonly json?: boolean;
}

type Flow = typeof import('../flow/review.ts');

export function reviewCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('review')
    .description('show what there is to approve of a candidate, or approve it')
    .summary('approve a candidate, as another person')
    .argument('[seal-id]', 'the candidate (8 digits or more); default: the one built last')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--approve', 'approve it')
    .option('--key <file>', 'sign with this key, or with the one in your agent')
    .option('--write <file>', 'write the approval to this file, to be signed elsewhere')
    .option('--accept <file>', 'record an approval that was written before')
    .option('--signature <file>', 'the signature of that approval')
    .addOption(whoOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (candidate: string | undefined, options: Options) => {
      await runFlow(
        {
          name: 'review',
          kind: 'action',
          report: false,
          load: () => import('../flow/review.ts'),
          work: (flow, env) => work(flow, candidate ?? null, options, env),
        },
        options,
        exit,
        host,
      );
    });
}

/** Runs the part of review that the options name. */
async function work(
  { review, approve, acceptApproval }: Flow,
  candidate: string | null,
  options: Options,
  env: Environment,
): Promise<Outcome> {
  assertTogether(options);
  const { project, accept, signature = null, key = null, write = null } = options;
  const who = options.who ?? null;
  if (accept !== undefined) {
    return acceptApproval({ project, candidate, who, accept, signature }, env);
  }
  if (options.approve === true) return approve({ project, candidate, who, key, write }, env);
  return review({ project, candidate, who }, env);
}

/** @throws Failure USAGE if an option is given without the one that it belongs to */
function assertTogether({ approve, accept, key, write, signature }: Options): void {
  if (approve === true && accept !== undefined) {
    throw wrong('an approval is made or accepted, not both', '--approve, --accept');
  }
  if (key !== undefined && write !== undefined) {
    throw wrong('an approval is signed here or elsewhere, not both', '--key, --write');
  }
  if (approve !== true && (key !== undefined || write !== undefined)) {
    throw wrong('only an approval is signed or written', key === undefined ? '--write' : '--key');
  }
  if (accept === undefined && signature !== undefined) {
    throw wrong('the approval of this signature is missing', '--signature');
  }
}

function wrong(what: string, where: string): Failure {
  return new Failure('USAGE', { what, where, hint: 'run sealift review --help' });
}

const EXAMPLES = `Examples:
  sealift review
  sealift review --approve --who berta --key ~/.ssh/id_ed25519
  sealift review --approve --who berta --write approval.json
  sealift review --accept approval.json --signature approval.json.sig
`;

const QUESTIONS = `
How do I sign on another machine?
  Write the approval with --write FILE, and sign it there:
    ssh-keygen -Y sign -n sealift-approval -f KEY FILE
  Then record it with --accept FILE --signature FILE.sig
`;

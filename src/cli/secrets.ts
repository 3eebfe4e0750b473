/** sealift secrets rotate, promote, retire, status */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { whoOption, withProject } from './options.ts';
import { runFlow } from './runFlow.ts';

type Exit = (code: number) => void;

interface Common {
  readonly project: string;
  readonly json?: boolean;
}

interface ChangeOptions extends Common {
  readonly force?: boolean;
  readonly who?: string;
}

interface RotateOptions extends ChangeOptions {
  readonly from: string;
  readonly emergency?: boolean;
}

export function secretsCommand(exit: Exit, host: Host): Command {
  return new Command('secrets')
    .description('rotate the secrets of webhooks while deliveries go on')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .addCommand(rotateCommand(exit, host))
    .addCommand(promoteCommand(exit, host))
    .addCommand(retireCommand(exit, host))
    .addCommand(statusCommand(exit, host));
}

function rotateCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('rotate'))
    .description('add a new secret, which is accepted beside the one in use')
    .argument('<endpoint>', 'name in mapping/secrets.json')
    .requiredOption('--from <source>', 'the new secret: file:PATH, env:NAME or fd:N')
    .option('--force', 'although a rotation is under way: what is pending is revoked')
    .option('--emergency', 'the old one has leaked: revoke all others at once')
    .addOption(whoOption())
    .addHelpText('before', ROTATE_EXAMPLES)
    .addHelpText('after', NOT_AN_ARGUMENT)
    .action(async (name: string, options: RotateOptions) => {
      const { project, from, force = false, emergency = false, who = null } = options;
      const work = { project, name, from, force, emergency, who };
      await runFlow(
        {
          name: 'secrets rotate',
          kind: 'action',
          report: true,
          reportName: 'secrets-rotate',
          load: () => import('../flow/secretsRotate.ts'),
          work: ({ secretsRotate }, env) => secretsRotate(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

function promoteCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('promote'))
    .description('make the new secret the active one; the old one retires')
    .argument('<endpoint>', 'name in mapping/secrets.json')
    .addOption(whoOption())
    .addHelpText('before', "Examples:\n  sealift secrets promote stripe --who 'Ada Ammann'\n")
    .action(async (name: string, options: ChangeOptions) => {
      const { project, who = null } = options;
      await runFlow(
        {
          name: 'secrets promote',
          kind: 'action',
          report: true,
          reportName: 'secrets-promote',
          load: () => import('../flow/secretsPromote.ts'),
          work: ({ secretsPromote }, env) => secretsPromote({ project, name, who }, env),
        },
        options,
        exit,
        host,
      );
    });
}

function retireCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('retire'))
    .description('revoke the old secret, once no delivery needs it')
    .argument('<endpoint>', 'name in mapping/secrets.json')
    .option('--force', 'revoke it now; deliveries that need it are refused')
    .addOption(whoOption())
    .addHelpText('before', "Examples:\n  sealift secrets retire stripe --who 'Ada Ammann'\n")
    .addHelpText('after', WAITING)
    .action(async (name: string, options: ChangeOptions) => {
      const { project, force = false, who = null } = options;
      await runFlow(
        {
          name: 'secrets retire',
          kind: 'action',
          report: true,
          reportName: 'secrets-retire',
          load: () => import('../flow/secretsRetire.ts'),
          work: ({ secretsRetire }, env) => secretsRetire({ project, name, force, who }, env),
        },
        options,
        exit,
        host,
      );
    });
}

function statusCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('status'))
    .description('list the secrets by their ids, and which of them deliveries need')
    .argument('[endpoint]', 'name in mapping/secrets.json; all of them if left out')
    .addHelpText('before', 'Examples:\n  sealift secrets status\n')
    .action(async (name: string | undefined, options: Common) => {
      const work = { project: options.project, name: name ?? null };
      await runFlow(
        {
          name: 'secrets status',
          kind: 'action',
          report: false,
          load: () => import('../flow/secretsStatus.ts'),
          work: ({ secretsStatus }, env) => secretsStatus(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift secrets rotate stripe --from env:NEW_SECRET  # accepted beside the old
  sealift secrets promote stripe                       # the old one retires
  sealift secrets status                               # is the old one needed?
  sealift secrets retire stripe                        # refuse the old one
`;

const QUESTIONS = `
Where is declared which secrets there are?
  In mapping/secrets.json: the endpoints, how their deliveries are signed, the
  key that the secrets are sealed under, and how long deliveries are retried.

How does the application get them?
  From storage_secrets, by openStoredSecrets of sealift/webhooks.
`;

const ROTATE_EXAMPLES = `Examples:
  sealift secrets rotate stripe --from file:new.txt --who 'Ada Ammann'
  sealift secrets rotate stripe --from env:NEW_SECRET --emergency --who Ada
`;

const NOT_AN_ARGUMENT = `
Why can the secret not be an argument?
  Other users see the arguments of a command, and the shell keeps them. A file
  has to be for its owner only (chmod 600).

What if the secret has leaked?
  Make a new one at the provider, and add it with --emergency: deliveries that
  are signed with any other one are refused from then on.
`;

const WAITING = `
When is the old secret no longer needed?
  When the retry window of the provider has passed since the last delivery that
  it alone has matched. Until then the exit code is 3, and nothing is changed.
`;

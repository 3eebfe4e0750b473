/** sealift cutover lint, sealift cutover plan */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { withProject } from './options.ts';
import { runFlow } from './runFlow.ts';

type Exit = (code: number) => void;

interface Common {
  readonly project: string;
  readonly json?: boolean;
}

export function cutoverCommand(exit: Exit, host: Host): Command {
  return new Command('cutover')
    .description('lint and plan a runbook: a cutover as data')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .addCommand(lintCommand(exit, host))
    .addCommand(planCommand(exit, host));
}

function lintCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('lint'))
    .description('find what is wrong with a runbook, at lines and columns')
    .argument('<runbook>', 'the file, YAML or JSON')
    .addHelpText('before', 'Examples:\n  sealift cutover lint wien.yaml\n')
    .action(async (path: string, options: Common) => {
      await runFlow(
        {
          name: 'cutover lint',
          kind: 'check',
          report: true,
          reportName: 'cutover-lint',
          load: () => import('../flow/cutoverLint.ts'),
          work: async ({ cutoverLint }, env) => cutoverLint(path, env),
        },
        options,
        exit,
        host,
      );
    });
}

function planCommand(exit: Exit, host: Host): Command {
  return withProject(new Command('plan'))
    .description('show the steps in their order, what they wait for and how long they take')
    .argument('<runbook>', 'the file, YAML or JSON')
    .addHelpText('before', 'Examples:\n  sealift cutover plan wien.yaml\n')
    .action(async (path: string, options: Common) => {
      await runFlow(
        {
          name: 'cutover plan',
          kind: 'check',
          report: true,
          reportName: 'cutover-plan',
          load: () => import('../flow/cutoverPlan.ts'),
          work: async ({ cutoverPlan }, env) => cutoverPlan(path, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift cutover lint wien.yaml
  sealift cutover plan wien.yaml           # in which order, and how long
`;

const QUESTIONS = `
How do I ...
  complete names in an editor   point it to mapping/schema/runbook.schema.json
  see a plan as data            sealift cutover plan wien.yaml --json
Neither of them runs a step, or reads a file that the runbook names.
`;

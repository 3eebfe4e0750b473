/** sealift cutover lint, plan, run, rehearse, status, approve, pause, resume, abort, panic, rollback, tick, import */

import { Command } from 'commander';

import { askCommand, type AskCommand } from './cutoverAsk.ts';
import type { Host } from './host.ts';
import {
  rehearseCommand,
  resumeCommand,
  rollbackCommand,
  runCommand,
  tickCommand,
} from './cutoverRun.ts';
import { runOption, subcommand, wired, type Common, type Wiring } from './cutoverWiring.ts';
import { whoOption } from './options.ts';

type Exit = (code: number) => void;

interface StatusOptions extends Common {
  readonly checklist?: string;
  readonly incident?: string;
  readonly report?: string;
}

interface ImportOptions extends Common {
  readonly write?: string;
}

interface ApproveOptions extends Common {
  readonly key?: string;
  readonly write?: string;
  readonly accept?: string;
  readonly signature?: string;
}

export function cutoverCommand(exit: Exit, host: Host): Command {
  const wiring = { exit, host };
  return new Command('cutover')
    .description('a cutover as data: check a runbook, run it, watch it, and go back')
    .summary('run a cutover by its runbook, and go back')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .addCommand(lintCommand(wiring))
    .addCommand(planCommand(wiring))
    .addCommand(rehearseCommand(wiring))
    .addCommand(runCommand(wiring))
    .addCommand(statusCommand(wiring))
    .addCommand(approveCommand(wiring))
    .addCommand(askCommand(wiring, asking('pause', 'hold a run after the step that is under way')))
    .addCommand(resumeCommand(wiring))
    .addCommand(tickCommand(wiring, 'cutover'))
    .addCommand(
      askCommand(wiring, asking('abort', 'end a run where it is, and leave all as it is')),
    )
    .addCommand(
      askCommand(wiring, asking('panic', 'stop at once what is under way, and hold the run')),
    )
    .addCommand(rollbackCommand(wiring, 'cutover'))
    .addCommand(importCommand(wiring));
}

function lintCommand(wiring: Wiring): Command {
  return subcommand(
    'lint',
    'find what is wrong with a runbook, at lines and columns',
    '  sealift cutover lint wien.yaml\n',
  ).action(async (path: string, options: Common) => {
    await wired(wiring, options, {
      name: 'cutover lint',
      kind: 'check',
      report: true,
      reportName: 'cutover-lint',
      load: () => import('../flow/cutoverLint.ts'),
      work: async ({ cutoverLint }, env) => cutoverLint(path, env),
    });
  });
}

function planCommand(wiring: Wiring): Command {
  return subcommand(
    'plan',
    'show the steps in their order, what they wait for and how long they take',
    '  sealift cutover plan wien.yaml\n',
  ).action(async (path: string, options: Common) => {
    await wired(wiring, options, {
      name: 'cutover plan',
      kind: 'check',
      report: true,
      reportName: 'cutover-plan',
      load: () => import('../flow/cutoverPlan.ts'),
      work: async ({ cutoverPlan }, env) => cutoverPlan(path, options.project, env),
    });
  });
}

function statusCommand(wiring: Wiring): Command {
  return subcommand(
    'status',
    'show what is done, what is under way, and what a run waits for',
    '  sealift cutover status wien.yaml\n',
  )
    .addOption(runOption())
    .option('--checklist <file>', 'write the filled go/no-go form to this file, as Markdown')
    .option(
      '--incident <file>',
      'write the incident record of a run that was rolled back or aborted',
    )
    .option('--report <file>', 'write the report of the run to this file, as HTML')
    .action(async (path: string, options: StatusOptions) => {
      const { project, run = null } = options;
      const { checklist = null, incident = null, report = null } = options;
      await wired(wiring, options, {
        name: 'cutover status',
        kind: 'action',
        load: () => import('../flow/cutoverStatus.ts'),
        work: ({ cutoverStatus }, env) =>
          cutoverStatus(
            { command: 'cutover status', project, runbook: path, run, checklist, incident, report },
            env,
          ),
      });
    });
}

function approveCommand(wiring: Wiring): Command {
  return subcommand(
    'approve',
    'approve what a run has done so far, or say what a step wants said, as another person',
    '  sealift cutover approve wien.yaml approve --who bo --key ~/.ssh/id_ed25519\n',
  )
    .argument('[step]', 'the gate; default: the one that the run waits at')
    .addOption(runOption())
    .addOption(whoOption())
    .option('--key <file>', 'sign with this key, or with the one in your agent')
    .option('--write <file>', 'write the approval to this file, to be signed elsewhere')
    .option('--accept <file>', 'record an approval that was written before')
    .option('--signature <file>', 'the signature of that approval')
    .action(async (path: string, step: string | undefined, options: ApproveOptions) => {
      const { project, run = null, who = null, key = null, write = null } = options;
      const { accept = null, signature = null } = options;
      const about = { project, runbook: path, run, step: step ?? null, who, key, write };
      await wired(wiring, options, {
        name: 'cutover approve',
        kind: 'action',
        load: () => import('../flow/cutoverApprove.ts'),
        work: ({ cutoverApprove }, env) => cutoverApprove({ ...about, accept, signature }, env),
      });
    });
}

function asking(request: AskCommand['request'], description: string): AskCommand {
  const name = `cutover ${request}`;
  return { name, request, description, example: `${name} wien.yaml --who ada` };
}

function importCommand(wiring: Wiring): Command {
  return new Command('import')
    .description('make a draft of a runbook of a Markdown page with commands and boxes')
    .argument('<page>', 'the page, Markdown')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--write <file>', 'the file for the runbook; default: the name of the page, with .yaml')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', 'Examples:\n  sealift cutover import wiki/cutover.md\n')
    .action(async (page: string, options: ImportOptions) => {
      const { write = null } = options;
      await wired(wiring, options, {
        name: 'cutover import',
        kind: 'action',
        load: () => import('../flow/cutoverImport.ts'),
        work: ({ cutoverImport }, env) => cutoverImport({ page, write }, env),
      });
    });
}

const EXAMPLES = `Examples:
  sealift cutover lint wien.yaml
  sealift cutover plan wien.yaml           # in which order, and how long
  sealift cutover rehearse wien.yaml --who ada
  sealift cutover run wien.yaml --who ada
  sealift cutover status wien.yaml         # from another terminal
`;

const QUESTIONS = `
How do I ...
  complete names in an editor   point it to mapping/schema/runbook.schema.json
  see what a run would do       sealift cutover run wien.yaml --dry-run
  go on after a crash           sealift cutover resume wien.yaml --who ada
  stop everything now           sealift cutover panic wien.yaml --who ada
  go back                       sealift cutover rollback wien.yaml --who ada
`;

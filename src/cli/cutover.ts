/** sealift cutover lint, plan, run, rehearse, status, approve, pause, resume, abort, panic, rollback, tick, import */

import { Command, InvalidArgumentError, Option } from 'commander';

import type { Host } from './host.ts';
import { dryRunOption, whoOption, withProject } from './options.ts';
import { runFlow, type FlowSpec } from './runFlow.ts';

type Exit = (code: number) => void;

interface Common {
  readonly project: string;
  readonly json?: boolean;
  readonly who?: string;
  readonly run?: string;
  readonly why?: string;
}

interface RunOptions extends Common {
  readonly confirm?: string;
  readonly wait: boolean;
  readonly dryRun?: boolean;
}

interface RehearseOptions extends Common {
  readonly breach: ReadonlyMap<string, number>;
  readonly stay?: boolean;
}

interface ResumeOptions extends Common {
  readonly done: readonly string[];
  readonly again: readonly string[];
  readonly waive: readonly string[];
  readonly wait: boolean;
}

interface RollbackOptions extends Common {
  readonly acceptDataLoss?: string;
}

interface StatusOptions extends Common {
  readonly checklist?: string;
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

/** A command, with how it is wired to its exit code. */
interface Wiring {
  readonly exit: Exit;
  readonly host: Host;
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
    .addCommand(askCommand('pause', 'hold a run after the step that is under way', wiring))
    .addCommand(resumeCommand(wiring))
    .addCommand(tickCommand(wiring))
    .addCommand(askCommand('abort', 'end a run where it is, and leave all as it is', wiring))
    .addCommand(askCommand('panic', 'stop at once what is under way, and hold the run', wiring))
    .addCommand(rollbackCommand(wiring))
    .addCommand(importCommand(wiring));
}

function subcommand(name: string, description: string, examples: string): Command {
  return withProject(new Command(name))
    .description(description)
    .argument('<runbook>', 'the file, YAML or JSON')
    .addHelpText('before', `Examples:\n${examples}`);
}

/** Runs a flow of one of them. */
async function wired<Flow>(
  { exit, host }: Wiring,
  options: Common,
  spec: Omit<FlowSpec<Flow>, 'report'> & { readonly report?: boolean },
): Promise<void> {
  await runFlow({ report: false, ...spec }, options, exit, host);
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

function runCommand(wiring: Wiring): Command {
  return subcommand(
    'run',
    'begin a run, and do one step after the other until it ends, or is held',
    '  sealift cutover run wien.yaml --dry-run\n  sealift cutover run wien.yaml --who ada --confirm production\n',
  )
    .addOption(whoOption())
    .option('--confirm <target>', 'the name of what is cut over, where the runbook has one')
    .addOption(noWaitOption())
    .addOption(dryRunOption())
    .action(async (path: string, options: RunOptions) => {
      const { project, who = null, confirm: confirmed = null, dryRun = false } = options;
      const { wait: waits } = options;
      if (dryRun) {
        await wired(wiring, options, {
          name: 'cutover run',
          kind: 'action',
          load: () => import('../flow/cutoverDryRun.ts'),
          work: ({ cutoverDryRun }, env) => cutoverDryRun({ project, runbook: path }, env),
        });
        return;
      }
      await worksOn(wiring, 'cutover run', options, ({ cutoverRun }, env) =>
        cutoverRun({ project, runbook: path, who, confirmed, waits }, env),
      );
    });
}

/** A command that works on a run: it ends what it has begun, and the next one goes on. */
async function worksOn(
  wiring: Wiring,
  name: string,
  options: Common,
  work: FlowSpec<typeof import('../flow/cutoverRun.ts')>['work'],
): Promise<void> {
  await wired(wiring, options, {
    name,
    kind: 'action',
    report: true,
    reportName: name.replace(' ', '-'),
    resumes: true,
    drains: true,
    load: () => import('../flow/cutoverRun.ts'),
    work,
  });
}

function rehearseCommand(wiring: Wiring): Command {
  return subcommand(
    'rehearse',
    'do all steps on the databases and applications of the rehearsal, and go back',
    '  sealift cutover rehearse wien.yaml --who ada\n  sealift cutover rehearse wien.yaml --who ada --breach http5xx=0.2\n',
  )
    .addOption(whoOption())
    .addOption(
      new Option('--breach <name=number>', 'the number that a watch gives from the beginning on')
        .argParser(breachOf)
        .default(new Map<string, number>(), 'none'),
    )
    .option('--stay', 'do not go back at the end')
    .action(async (path: string, options: RehearseOptions) => {
      const { project, who = null, breach: breaches, stay: stays = false } = options;
      await worksOn(wiring, 'cutover rehearse', options, ({ cutoverRehearse }, env) =>
        cutoverRehearse({ project, runbook: path, who, breaches, stays }, env),
      );
    });
}

function breachOf(text: string, before: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const [, name = '', number = ''] = /^([\w-]+)=(-?\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (name === '')
    throw new InvalidArgumentError('a name and a number such as http5xx=0.2 are needed.');
  return new Map([...before, [name, Number(number)]]);
}

function runOption(): Option {
  return new Option('--run <name>', 'name of the run; default: the last one of the runbook');
}

function whyOption(): Option {
  return new Option('--why <text>', 'the reason, for the journal');
}

function statusCommand(wiring: Wiring): Command {
  return subcommand(
    'status',
    'show what is done, what is under way, and what a run waits for',
    '  sealift cutover status wien.yaml\n',
  )
    .addOption(runOption())
    .option('--checklist <file>', 'write the filled checklist to this file, as Markdown')
    .action(async (path: string, options: StatusOptions) => {
      const { project, run = null, checklist = null } = options;
      await wired(wiring, options, {
        name: 'cutover status',
        kind: 'action',
        load: () => import('../flow/cutoverStatus.ts'),
        work: ({ cutoverStatus }, env) =>
          cutoverStatus({ project, runbook: path, run, checklist }, env),
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

function askCommand(
  request: 'pause' | 'abort' | 'panic',
  description: string,
  wiring: Wiring,
): Command {
  return subcommand(request, description, `  sealift cutover ${request} wien.yaml --who ada\n`)
    .addOption(runOption())
    .addOption(whoOption())
    .addOption(whyOption())
    .action(async (path: string, options: Common) => {
      const { project, run = null, who = null, why = null } = options;
      await wired(wiring, options, {
        name: `cutover ${request}`,
        kind: 'action',
        load: () => import('../flow/cutoverAsk.ts'),
        work: async ({ cutoverAsk }, env) =>
          cutoverAsk(request, { project, runbook: path, run, who, why }, env),
      });
    });
}

function resumeCommand(wiring: Wiring): Command {
  return subcommand(
    'resume',
    'go on with a run that was held, cut off or left waiting',
    '  sealift cutover resume wien.yaml --who ada\n  sealift cutover resume wien.yaml --who ada --again deploy --why "DNS was wrong"\n',
  )
    .addOption(runOption())
    .addOption(whoOption())
    .addOption(noWaitOption())
    .addOption(stepsOption('done', 'its effect is there, though nothing tells so'))
    .addOption(stepsOption('again', 'it may run again'))
    .addOption(stepsOption('waive', 'the run goes on although it has not passed'))
    .addOption(whyOption())
    .action(async (path: string, options: ResumeOptions) => {
      const { project, run = null, who = null, why = null, wait: waits } = options;
      const answers = (['done', 'again', 'waive'] as const).flatMap((kind) =>
        options[kind].map((step) => ({ step, kind })),
      );
      await worksOn(wiring, 'cutover resume', options, ({ cutoverResume }, env) =>
        cutoverResume({ project, runbook: path, run, who, answers, why, waits }, env),
      );
    });
}

function noWaitOption(): Option {
  return new Option('--no-wait', 'end where the run has to wait; sealift cutover tick goes on');
}

function stepsOption(name: string, meaning: string): Option {
  return new Option(`--${name} <step>`, `${meaning}; repeatable, with --why`)
    .argParser((step: string, before: readonly string[]) => [...before, step])
    .default([], 'none');
}

function tickCommand(wiring: Wiring): Command {
  return subcommand(
    'tick',
    'do what can be done now and end, as a scheduler needs it',
    '  sealift cutover tick wien.yaml\n',
  )
    .addOption(runOption())
    .addOption(whoOption())
    .action(async (path: string, options: Common) => {
      const { project, run = null, who = null } = options;
      await worksOn(wiring, 'cutover tick', options, ({ cutoverTick }, env) =>
        cutoverTick({ project, runbook: path, run, who }, env),
      );
    });
}

function rollbackCommand(wiring: Wiring): Command {
  return subcommand(
    'rollback',
    'take a run back, from the last step to the first',
    '  sealift cutover rollback wien.yaml --who ada --why "orders are missing"\n',
  )
    .addOption(runOption())
    .addOption(whoOption())
    .option('--accept-data-loss <run>', 'give up what was written since, by the name of the run')
    .addOption(whyOption())
    .action(async (path: string, options: RollbackOptions) => {
      const { project, run = null, who = null, why = null, acceptDataLoss = null } = options;
      await worksOn(wiring, 'cutover rollback', options, ({ cutoverRollback }, env) =>
        cutoverRollback(
          { project, runbook: path, run, who, why, lossAccepted: acceptDataLoss },
          env,
        ),
      );
    });
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

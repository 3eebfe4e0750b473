/** sealift cutover run, rehearse, resume, tick, rollback */

import { InvalidArgumentError, Option, type Command } from 'commander';

import { dryRunOption, whoOption } from './options.ts';
import type { FlowSpec } from './runFlow.ts';
import {
  runOption,
  subcommand,
  whyOption,
  wired,
  type Common,
  type Wiring,
} from './cutoverWiring.ts';

/** The commands of a run, which have the names of what is run. */
export type Group = 'cutover' | 'rollout';
const EXAMPLE: Readonly<Record<Group, string>> = { cutover: 'wien.yaml', rollout: 'gradual.yaml' };

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
  readonly done: readonly string[];
  readonly again: readonly string[];
  readonly acceptDataLoss?: string;
}

export function runCommand(wiring: Wiring): Command {
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
export async function worksOn(
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

export function rehearseCommand(wiring: Wiring): Command {
  return subcommand(
    'rehearse',
    'do all steps on the databases and applications of the rehearsal, and go back',
    '  sealift cutover rehearse wien.yaml --who ada\n  sealift cutover rehearse wien.yaml --who ada --breach http5xx=0.2\n',
  )
    .addOption(whoOption())
    .addOption(
      new Option('--breach <name=number>', 'the number that a watch gives once all steps are over')
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

export function resumeCommand(wiring: Wiring): Command {
  return subcommand(
    'resume',
    'go on with a run that was held, cut off or left waiting',
    '  sealift cutover resume wien.yaml --who ada\n  sealift cutover resume wien.yaml --who ada --again dns --why "DNS was wrong"\n',
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
      const answers = answersOf(['done', 'again', 'waive'], options);
      await worksOn(wiring, 'cutover resume', options, ({ cutoverResume }, env) =>
        cutoverResume(
          { command: 'cutover resume', project, runbook: path, run, who, answers, why, waits },
          env,
        ),
      );
    });
}

/** What a person says of steps, by kind. */
function answersOf<Kind extends string>(
  kinds: readonly Kind[],
  options: Readonly<Record<Kind, readonly string[]>>,
): { readonly step: string; readonly kind: Kind }[] {
  return kinds.flatMap((kind) => options[kind].map((step) => ({ step, kind })));
}

function noWaitOption(): Option {
  return new Option('--no-wait', 'end where the run has to wait; sealift cutover tick goes on');
}

function stepsOption(name: string, meaning: string): Option {
  return new Option(`--${name} <step>`, `${meaning}; repeatable, with --why`)
    .argParser((step: string, before: readonly string[]) => [...before, step])
    .default([], 'none');
}

export function tickCommand(wiring: Wiring, group: Group): Command {
  return subcommand(
    'tick',
    'do what can be done now and end, as a scheduler needs it',
    `  sealift ${group} tick ${EXAMPLE[group]}\n`,
  )
    .addOption(runOption())
    .addOption(whoOption())
    .action(async (path: string, options: Common) => {
      const { project, run = null, who = null } = options;
      const command = `${group} tick`;
      await worksOn(wiring, command, options, ({ cutoverTick }, env) =>
        cutoverTick({ command, project, runbook: path, run, who }, env),
      );
    });
}

export function rollbackCommand(wiring: Wiring, group: Group): Command {
  return subcommand(
    'rollback',
    'take a run back, from the last step to the first',
    `  sealift ${group} rollback ${EXAMPLE[group]} --who ada --why "orders are missing"\n`,
  )
    .addOption(runOption())
    .addOption(whoOption())
    .option('--accept-data-loss <run>', 'give up what was written since, by the name of the run')
    .addOption(stepsOption('done', 'its way back was done, though nothing tells so'))
    .addOption(stepsOption('again', 'its way back may run again'))
    .addOption(whyOption())
    .action(async (path: string, options: RollbackOptions) => {
      const { project, run = null, who = null, why = null, acceptDataLoss = null } = options;
      const answers = answersOf(['done', 'again'], options);
      const command = `${group} rollback`;
      await worksOn(wiring, command, options, ({ cutoverRollback }, env) =>
        cutoverRollback(
          { command, project, runbook: path, run, who, why, lossAccepted: acceptDataLoss, answers },
          env,
        ),
      );
    });
}

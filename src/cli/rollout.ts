/** sealift rollout status, advance, hold, rollback, watch, tick, attest, simulate */

import { Command, InvalidArgumentError, Option } from 'commander';

import { askCommand, type AskCommand } from './cutoverAsk.ts';
import type { Host } from './host.ts';
import { rollbackCommand, tickCommand, worksOn } from './cutoverRun.ts';
import { runOption, subcommand, wired, type Common, type Wiring } from './cutoverWiring.ts';
import { whoOption } from './options.ts';
import { simulateCommand } from './rolloutSimulate.ts';

interface Said {
  readonly metric: string;
  readonly number: number;
}

interface AttestOptions extends Common {
  readonly number: Said;
}

interface StatusOptions extends Common {
  readonly report?: string;
}

export function rolloutCommand(exit: (code: number) => void, host: Host): Command {
  const wiring = { exit, host };
  return new Command('rollout')
    .description('a rollout by percent: where it stands, what it may do next, and the way back')
    .summary('raise the share of a new version, stage by stage')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .addCommand(statusCommand(wiring))
    .addCommand(tickCommand(wiring, 'rollout'))
    .addCommand(watchCommand(wiring))
    .addCommand(advanceCommand(wiring))
    .addCommand(askCommand(wiring, HOLD))
    .addCommand(attestCommand(wiring))
    .addCommand(rollbackCommand(wiring, 'rollout'))
    .addCommand(simulateCommand(wiring));
}

function statusCommand(wiring: Wiring): Command {
  return subcommand(
    'status',
    'show each stage, each metric with its bands, and what is missing for the next stage',
    '  sealift rollout status gradual.yaml\n',
  )
    .addOption(runOption())
    .option('--report <file>', 'write the report of the run to this file, as HTML')
    .action(async (path: string, options: StatusOptions) => {
      const { project, run = null, report = null } = options;
      await wired(wiring, options, {
        name: 'rollout status',
        kind: 'action',
        load: () => import('../flow/rolloutStatus.ts'),
        work: ({ rolloutStatus }, env) =>
          rolloutStatus({ project, runbook: path, run, report }, env),
      });
    });
}

const GOING_ON = {
  watch: '  sealift rollout watch gradual.yaml --who ada\n',
  advance: '  sealift rollout advance gradual.yaml --who ada\n',
} as const;

/** A command that goes on with a rollout that was held, or that waits. */
function goingOn(name: 'watch' | 'advance', description: string, wiring: Wiring): Command {
  return subcommand(name, description, GOING_ON[name])
    .addOption(runOption())
    .addOption(whoOption())
    .action(async (path: string, options: Common) => {
      const { project, run = null, who = null } = options;
      const command = `rollout ${name}`;
      const how = { command, answers: [], why: null, waits: name === 'watch' };
      await worksOn(wiring, command, options, ({ cutoverResume }, env) =>
        cutoverResume({ ...how, project, runbook: path, run, who }, env),
      );
    });
}

function watchCommand(wiring: Wiring): Command {
  return goingOn('watch', 'go on, and read the metrics until the rollout ends, or is held', wiring);
}

function advanceCommand(wiring: Wiring): Command {
  return goingOn(
    'advance',
    'go on, also after a hold, and begin the next stage if its gate is open',
    wiring,
  );
}

const HOLD: AskCommand = {
  name: 'rollout hold',
  request: 'pause',
  description: 'stay at the percentage that is set, and promote nothing',
  example: 'rollout hold gradual.yaml --who ada --why "a customer calls"',
};

function attestCommand(wiring: Wiring): Command {
  return subcommand(
    'attest',
    'give the number of a metric that a person gives, such as that of complaints',
    '  sealift rollout attest gradual.yaml --number complaints=2 --who dee\n',
  )
    .addOption(
      new Option('--number <metric=number>', 'the metric, and its number')
        .argParser(saidOf)
        .makeOptionMandatory(),
    )
    .addOption(runOption())
    .addOption(whoOption())
    .action(async (path: string, options: AttestOptions) => {
      const { project, run = null, who = null, number: said } = options;
      await wired(wiring, options, {
        name: 'rollout attest',
        kind: 'action',
        load: () => import('../flow/rolloutAttest.ts'),
        work: async ({ rolloutAttest }, env) =>
          rolloutAttest({ project, runbook: path, run, who, ...said }, env),
      });
    });
}

function saidOf(text: string): Said {
  const [, metric = '', number = ''] = /^([\w-]+)=(\d{1,12}(?:\.\d{1,6})?)$/.exec(text) ?? [];
  if (metric !== '') return { metric, number: Number(number) };
  throw new InvalidArgumentError('a metric and a number such as complaints=2 are needed.');
}

const EXAMPLES = `Examples:
  sealift rollout simulate gradual.yaml    # what its gates can see
  sealift rollout tick gradual.yaml        # now and then, by a scheduler
  sealift rollout status gradual.yaml      # from another terminal
`;

const QUESTIONS = `
How do I ...
  begin                 sealift cutover run gradual.yaml --who ada --no-wait
  stay where it is      sealift rollout hold gradual.yaml --who ada
  go on after that      sealift rollout advance gradual.yaml --who ada
  go back now           sealift rollout rollback gradual.yaml --who ada
  tell of complaints    sealift rollout attest gradual.yaml --number calls=2
`;

/** sealift registry check, sealift registry build */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { sourceMap, sourceOption } from './options.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly source: readonly string[];
  readonly json?: boolean;
}

export function registryCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('registry')
    .description('check the frozen ids of a project, or add those that are missing')
    .summary('check the frozen ids, or add those that are missing')
    .addHelpText('before', EXAMPLES)
    .addCommand(checkCommand(exit, host))
    .addCommand(buildCommand(exit, host));
}

function checkCommand(exit: (code: number) => void, host: Host): Command {
  return withOptions(new Command('check'))
    .description('compare every registry with the rows of the sources')
    .addHelpText('before', 'Examples:\n  sealift registry check\n')
    .action(async (options: Options) => {
      const work = workOf(options, host);
      await runFlow(
        {
          name: 'registry check',
          kind: 'check',
          report: true,
          reportName: 'registry-check',
          load: () => import('../flow/registry.ts'),
          work: ({ registryCheck }, env, found) => registryCheck(work, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

function buildCommand(exit: (code: number) => void, host: Host): Command {
  return withOptions(new Command('build'))
    .description('add an entry for every legacy id that has none')
    .argument('[module...]', 'names of modules; all if left out')
    .addHelpText('before', 'Examples:\n  sealift registry build\n  sealift registry build kunden\n')
    .action(async (modules: string[], options: Options) => {
      const work = { ...workOf(options, host), modules };
      await runFlow(
        {
          name: 'registry build',
          kind: 'action',
          report: false,
          load: () => import('../flow/registry.ts'),
          work: ({ registryBuild }, env) => registryBuild(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

function withOptions(command: Command): Command {
  return command
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(sourceOption())
    .option('--json', 'print the summary as JSON');
}

function workOf(
  { project, source }: Options,
  host: Host,
): {
  project: string;
  here: string;
  sources: Map<string, string>;
} {
  return { project, here: host.cwd, sources: sourceMap(source) };
}

const EXAMPLES = `Examples:
  sealift registry build                   # give every legacy id an entry
  sealift registry check                   # each row has one, none twice
`;

/** sealift drill */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { memoryOption, sampleOption, sourceMap, sourceOption, workersOption } from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly source: readonly string[];
  readonly module: readonly string[];
  readonly sample?: number;
  readonly workers: Workers;
  readonly memory: number;
  readonly json?: boolean;
}

export function drillCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('drill')
    .description('fail, kill and fill the disk in a shadow project, and show that nothing is lost')
    .summary('rehearse failures, kills, a full disk and a rollback')
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(sourceOption())
    .option(
      '--module <module>',
      'fail after and die inside this one only; repeatable',
      (name: string, before: readonly string[]) => [...before, name],
      [],
    )
    .addOption(sampleOption())
    .addOption(workersOption())
    .addOption(memoryOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .action(async (options: Options) => {
      const { project, workers, memory } = options;
      const work = {
        project,
        workers,
        memory,
        modules: options.module,
        sample: options.sample ?? null,
        here: host.cwd,
        sources: sourceMap(options.source),
      };
      await runFlow(
        {
          name: 'drill',
          kind: 'check',
          report: true,
          load: () => import('../flow/drill.ts'),
          work: ({ drill }, env) => drill(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift drill
  sealift drill --module kurse             # fail and die at one module only
  sealift drill --sample 1000              # of large sources; no promotion
`;

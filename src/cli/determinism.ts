/** sealift determinism */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { memoryOption, sampleOption, sourceMap, sourceOption, workersOption } from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly source: readonly string[];
  readonly sample?: number;
  readonly workers: Workers;
  readonly memory: number;
  readonly json?: boolean;
}

export function determinismCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('determinism')
    .description('build twice under other circumstances and compare every byte')
    .summary('build twice, differently, and compare every byte')
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(sourceOption())
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
        sample: options.sample ?? null,
        here: host.cwd,
        sources: sourceMap(options.source),
      };
      await runFlow(
        {
          name: 'determinism',
          kind: 'check',
          report: true,
          load: () => import('../flow/determinism.ts'),
          work: ({ determinism }, env) => determinism(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift determinism
  sealift determinism --sample 1000        # quick: a thousand rows a module
`;

/** sealift scan-drift */

import { Command, Option } from 'commander';

import type { Host } from './host.ts';
import { memoryOption, sourceMap, sourceOption, workersOption } from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  /** False where --no-source is given. */
  readonly source: readonly string[] | false;
  readonly counts?: boolean;
  readonly workers: Workers;
  readonly memory: number;
  readonly json?: boolean;
}

export function scanDriftCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('scan-drift')
    .description('compare the sealed candidate with its mapping and its sources as they are now')
    .summary('compare it with its mapping and sources as they are now')
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(sourceOption())
    .option('--no-source', 'leave the sources alone: compare the mapping and copies only')
    .addOption(new Option('--counts', 'count rows instead of comparing every record'))
    .addOption(workersOption())
    .addOption(memoryOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .action(async (options: Options) => {
      const work = {
        ...options,
        here: host.cwd,
        sources: sourceMap(options.source === false ? [] : options.source),
        depth: depthOf(options),
      };
      await runFlow(
        {
          name: 'scan-drift',
          kind: 'check',
          report: true,
          load: () => import('../flow/scanDrift.ts'),
          work: ({ scanDrift }, env, found) => scanDrift(work, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

function depthOf({ source, counts }: Options): 'mapping' | 'counts' | 'records' {
  if (source === false) return 'mapping';
  return counts === true ? 'counts' : 'records';
}

const EXAMPLES = `Examples:
  sealift scan-drift
  sealift scan-drift --counts              # quick: numbers of rows, not cells
  sealift scan-drift --no-source           # where the source cannot be reached
`;

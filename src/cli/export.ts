/** sealift export */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { workersOption } from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly out: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

export function exportCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('export')
    .description('write a plain copy of a candidate, or a tar of it, to hand over')
    .argument('[candidate]', 'a folder, v1, live or a seal id; default: live, else v1')
    .requiredOption('--out <path>', 'a new folder, or a new file that ends with .tar')
    .addOption(workersOption())
    .option('--project <dir>', 'folder of the project', '.')
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (candidate: string | undefined, options: Options) => {
      const { project, out, workers } = options;
      const work = { project, candidate: candidate ?? null, out, workers };
      await runFlow(
        {
          name: 'export',
          kind: 'action',
          report: false,
          load: () => import('../flow/export.ts'),
          work: ({ exportCandidate }, env) => exportCandidate(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift export --out handover
  sealift export v1 --out handover.tar
  sealift export 3f1c09ab --out first-run  # 8 digits or more of the seal id
`;

const QUESTIONS = `
Why not copy storage_live?
  It is a link. Copied as it is, it hands over a link and no record.
`;

/** sealift dry-run */

import { Command } from 'commander';

import type { Host } from './host.ts';
import {
  integrityOption,
  memoryOption,
  sampleOption,
  sourceMap,
  sourceOption,
  workersOption,
} from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly source: readonly string[];
  readonly workers: Workers;
  readonly memory: number;
  readonly sample?: number;
  readonly skipIntegrityCheck?: boolean;
  readonly json?: boolean;
}

export function dryRunCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('dry-run')
    .description('run the whole pipeline and all checks, and keep nothing but the report')
    .summary('run everything, and keep nothing but the report')
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(sourceOption())
    .addOption(workersOption())
    .addOption(memoryOption())
    .addOption(sampleOption())
    .addOption(integrityOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const work = { ...options, here: host.cwd, sources: sourceMap(options.source) };
      await runFlow(
        {
          name: 'dry-run',
          kind: 'check',
          report: true,
          load: () => import('../flow/dryRun.ts'),
          work: ({ dryRun }, env, found) => dryRun(work, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift dry-run
  sealift dry-run --sample 1000            # quick: a thousand rows a module
  sealift dry-run --source sqlite:/backup/legacy-sunday.db
`;

const QUESTIONS = `
How do I see what is wrong?
  Open storage_reports/latest-dry-run/report.html in a browser: what was found
  by rule and module, in which rows, and what to do about it. findings.ndjson
  beside it has the same as one JSON object a line.

How do I ignore a rule?
  Lower its severity in mapping/project.json, for all or one module or field:
    "severities": [{ "rule": "format", "module": "kunden", "severity": "INFO" }]
  INFO is listed and never fails a run.

How do I use a copy of production?
  sealift dry-run --source sqlite:/path/to/copy.db
  Sealift opens every source read-only, and the mapping stays as it is.
`;

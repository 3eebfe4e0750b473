/** sealift migrate */

import { Command } from 'commander';

import type { Host } from './host.ts';
import {
  integrityOption,
  memoryOption,
  sampleOption,
  sourceMap,
  sourceOption,
  whoOption,
  wholeNumber,
  workersOption,
} from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly source: readonly string[];
  readonly allowRejected: number;
  readonly allowBlockers?: boolean;
  readonly workers: Workers;
  readonly memory: number;
  readonly sample?: number;
  readonly skipIntegrityCheck?: boolean;
  readonly requireFrozen?: boolean;
  readonly who?: string;
  readonly json?: boolean;
}

export function migrateCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('migrate')
    .description('build and seal the candidate, all of it or nothing')
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(sourceOption())
    .option(
      '--allow-rejected <n>',
      'number of rejected rows that do not fail the run',
      wholeNumber(0, 1e15),
      0,
    )
    .option('--allow-blockers', 'build in spite of BLOCKERs on rows that are kept')
    .option('--require-frozen', 'fail unless freeze-writes has frozen every source')
    .addOption(workersOption())
    .addOption(memoryOption())
    .addOption(sampleOption())
    .addOption(integrityOption())
    .addOption(whoOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', `${ENVIRONMENT}${QUESTIONS}`)
    .action(async (options: Options) => {
      const work = {
        ...options,
        cwd: host.cwd,
        sources: sourceMap(options.source),
        runId: host.variables['MIGRATE_RUN_ID'] ?? 'run-local',
        readOrder: host.variables['SEALIFT_READ_ORDER'] === 'reverse' ? 'reverse' : 'forward',
        failAfter: host.variables['MIGRATE_FAIL_AFTER_MODULE'] ?? null,
      } as const;
      await runFlow(
        {
          name: 'migrate',
          kind: 'action',
          report: true,
          load: () => import('../flow/migrate.ts'),
          work: ({ migrate }, env, found) => migrate(work, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift migrate
  sealift migrate --source sqlite:/backup/legacy-sunday.db
  MIGRATE_RUN_ID=rehearsal-3 sealift migrate --workers 4 --memory 2G
`;

const ENVIRONMENT = `
Environment:
  MIGRATE_RUN_ID             name of the run, sealed with it (default run-local)
  MIGRATE_FAIL_AFTER_MODULE  fail after this module, to rehearse a failure
  SEALIFT_KEY_<ID>           a secret key that the mapping names; or
  SEALIFT_KEY_<ID>_FILE      the path of a file that holds it
`;

const QUESTIONS = `
How do I resume a run that failed or was killed?
  Run it again: it starts from the beginning and removes what the other left.
  The previous candidate stays in place until the new one is complete.

How do I use a copy of production?
  sealift migrate --source sqlite:/path/to/copy.db
  Sealift opens every source read-only, and the mapping stays as it is.

How do I build in spite of rows with errors?
  sealift migrate --allow-rejected N --allow-blockers
  Rejected rows are not in the candidate; its sealed accounting counts them.
  Such a candidate is for inspection only: it fails scan-all and cannot go live.
  To accept a finding, lower its severity; to leave rows out, use a "where".
`;

/** sealift scan-all, sealift scan-module, sealift scan-pii */

import { Command } from 'commander';

import type { Host } from './host.ts';
import type { ScanOptions } from '../flow/scan.ts';
import { memoryOption, sourceMap, sourceOption, workersOption } from './options.ts';
import { runFlow } from './runFlow.ts';
import type { Workers } from '../run/workers.ts';

interface Options {
  readonly project: string;
  readonly candidate?: string;
  readonly expectSeal?: string;
  readonly workers: Workers;
  readonly memory: number;
  readonly json?: boolean;
}

interface SourceOptions extends Options {
  readonly source: readonly string[];
}

export function scanAllCommand(exit: (code: number) => void, host: Host): Command {
  return withOptions(new Command('scan-all'))
    .addOption(sourceOption())
    .description('run every check over the sealed candidate, and count the rows again')
    .summary('run every check over the sealed candidate')
    .addHelpText('before', SCAN_ALL)
    .addHelpText('after', IN_CI)
    .action(async (options: SourceOptions) => {
      const { project } = options;
      const recount = { project, here: host.cwd, sources: sourceMap(options.source) };
      const work = { ...options, command: 'scan-all', modules: null, recount } as const;
      await run(work, 'scan', options, exit, host);
    });
}

export function scanModuleCommand(exit: (code: number) => void, host: Host): Command {
  return withOptions(new Command('scan-module'))
    .description('run every check over some modules of the sealed candidate')
    .summary('the same for some of its modules')
    .argument('<module...>', 'names of modules')
    .addHelpText('before', SCAN_MODULE)
    .addHelpText('after', ONE_MODULE)
    .action(async (modules: string[], options: Options) => {
      const work = { ...options, command: 'scan-module', modules, recount: null } as const;
      await run(work, 'scan-module', options, exit, host);
    });
}

export function scanPiiCommand(exit: (code: number) => void, host: Host): Command {
  return withOptions(new Command('scan-pii'))
    .description('look for undeclared personal data in the sealed candidate')
    .summary('look for undeclared personal data in it')
    .argument('[module...]', 'names of modules; all if left out')
    .addHelpText('before', SCAN_PII)
    .action(async (modules: string[], options: Options) => {
      const some = modules.length === 0 ? null : modules;
      const checks = ['pii'] as const;
      const work = {
        ...options,
        command: 'scan-pii',
        modules: some,
        checks,
        recount: null,
      } as const;
      await run(work, 'scan-pii', options, exit, host);
    });
}

function withOptions(command: Command): Command {
  return command
    .option('--project <dir>', 'folder of the project', '.')
    .option('--candidate <candidate>', 'v1, live, a seal id or a folder (default: v1)')
    .option('--expect-seal <seal-id>', 'the seal id that was noted when the candidate was built')
    .addOption(workersOption())
    .addOption(memoryOption())
    .option('--json', 'print the summary as JSON');
}

function run(
  work: ScanOptions,
  reportName: string,
  options: Options,
  exit: (code: number) => void,
  host: Host,
): Promise<void> {
  return runFlow(
    {
      name: work.command,
      kind: 'check',
      report: true,
      reportName,
      load: () => import('../flow/scan.ts'),
      work: ({ scan }, env, found) => scan(work, env, found),
    },
    options,
    exit,
    host,
  );
}

const SCAN_ALL = `Examples:
  sealift scan-all
  sealift scan-all --candidate live        # what is live, not what is built
  sealift scan-all --source sqlite:/path/to/copy.db
  sealift scan-all --json > scan.json
`;

const SCAN_MODULE = `Examples:
  sealift scan-module kunden
  sealift scan-module kunden hunde
`;

const SCAN_PII = `Examples:
  sealift scan-pii
  sealift scan-pii kunden
`;

const IN_CI = `
How do I run it in CI?
  Any exit code but 0 fails the job: 1 WARN, 2 FAIL or it could not run. --json
  puts the summary on standard output; keep storage_reports as an artifact: no
  report holds a record's value.
`;

const ONE_MODULE = `
How do I run on one module only?
  sealift scan-module NAME reports on it alone, and reads what it refers to.
  A candidate is always built whole; "sealift dry-run --sample 1000" is quick.
`;

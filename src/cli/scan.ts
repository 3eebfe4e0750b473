/** sealift scan-all, sealift scan-module, sealift scan-pii, sealift scan */

import { Argument, Command, InvalidArgumentError } from 'commander';

import type { Host } from './host.ts';
import type { ScanOptions } from '../flow/scan.ts';
import { SCANNED } from '../outcome/checks.ts';
import { memoryOption, sourceMap, sourceOption, workersOption } from './options.ts';
import { runFlow } from './runFlow.ts';
import type { Workers } from '../run/workers.ts';

interface Options {
  readonly project: string;
  readonly candidate?: string;
  readonly expectSeal?: string;
  readonly workers: Workers;
  readonly memory: number;
  readonly source: readonly string[];
  readonly json?: boolean;
}

export function scanAllCommand(exit: (code: number) => void, host: Host): Command {
  return withOptions(new Command('scan-all'))
    .description('run every check on the sealed candidate, and count the source rows again')
    .summary('run every check on the sealed candidate')
    .addHelpText('before', SCAN_ALL)
    .addHelpText('after', `${RUN_ID}${IN_CI}`)
    .action(async (options: Options) => {
      const { project } = options;
      const sources = sourceMap(options.source);
      const recount = { project, cwd: host.cwd, sources };
      const all = { command: 'scan-all', modules: null, recount } as const;
      const work = { ...options, ...all };
      await run(work, 'scan', options, exit, host);
    });
}

export function scanModuleCommand(exit: (code: number) => void, host: Host): Command {
  return withOptions(new Command('scan-module'))
    .description('run every check on some modules of the sealed candidate')
    .summary('run every check on some of its modules')
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
    .description('search the sealed candidate for undeclared personal data')
    .summary('search it for undeclared personal data')
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

export function scanCommand(exit: (code: number) => void, host: Host): Command {
  const command = withOptions(new Command('scan'))
    .description('run some checks on the sealed candidate, each with a report of its own')
    .summary('run some checks on it, each with its own report')
    .addArgument(new Argument('<check...>', 'names of checks').argParser(checkNamed))
    .addHelpText('before', SCAN)
    .addHelpText('after', `${CHECK_NAMES}${RUN_ID}`);
  return command.action(async (names: string[], options: Options) => {
    if (options.json === true && names.length > 1)
      command.error('error: --json prints the summary of one check, and several are named');
    const codes: number[] = [];
    for (const name of new Set(names)) {
      const scanned = { command: `scan ${name}`, checks: SCANNED.get(name) ?? [] } as const;
      const work = { ...options, ...scanned, modules: null, recount: null };
      await run(work, `scan-${name}`, options, (code) => codes.push(code), host);
    }
    exit(Math.max(...codes));
  });
}

/** Collects names of checks, each of which must be known. */
function checkNamed(name: string, before: readonly string[] = []): string[] {
  if (SCANNED.has(name)) return [...before, name];
  throw new InvalidArgumentError(`use one of ${[...SCANNED.keys()].join(', ')}.`);
}

function withOptions(command: Command): Command {
  return command
    .option('--project <dir>', 'folder of the project', '.')
    .option('--candidate <candidate>', 'v1, live, a seal id or a folder (default: v1)')
    .option('--expect-seal <seal-id>', 'the seal id that you noted after migrate')
    .addOption(sourceOption())
    .addOption(workersOption())
    .addOption(memoryOption())
    .option('--json', 'print the summary as JSON');
}

function run(
  scanned: ScanOptions,
  reportName: string,
  options: Options,
  exit: (code: number) => unknown,
  host: Host,
): Promise<void> {
  const runId = host.variables['SCAN_RUN_ID'] ?? 'scan-all';
  const work = { ...scanned, sources: sourceMap(options.source), runId };
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

const SCAN = `Examples:
  sealift scan schema references
  sealift scan invariants --candidate live
`;

const CHECK_NAMES = `
Checks:
  ${[...SCANNED.keys()].slice(0, 6).join(', ')},
  ${[...SCANNED.keys()].slice(6).join(', ')}
`;

const RUN_ID = `
Environment:
  SCAN_RUN_ID                name of the scan in its report (default scan-all)
`;

const SCAN_ALL = `Examples:
  sealift scan-all
  sealift scan-all --candidate live        # the live one, not v1
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
  Any exit code but 0 fails the job: 1 is WARN, 2 is FAIL or could not run.
  --json prints the summary to standard output. Keep storage_reports as an
  artifact: no report holds a record's value.
`;

const ONE_MODULE = `
How do I run on one module only?
  sealift scan-module NAME reports on that module only, and reads the records
  it refers to. A candidate is always built whole; for a quick run, use
  sealift dry-run --sample 1000.
`;

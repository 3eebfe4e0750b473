/** sealift scan-all, sealift scan-module */

import { Command } from 'commander';

import { memoryOption, workersOption } from './options.ts';

interface Options {
  readonly project: string;
  readonly workers: number;
  readonly memory: number;
  readonly json?: boolean;
}

type Name = 'scan-all' | 'scan-module';

export function scanAllCommand(exit: (code: number) => void): Command {
  return withOptions(new Command('scan-all'))
    .description('run every check over the sealed candidate')
    .addHelpText('before', '\nExamples:\n  sealift scan-all\n  sealift scan-all --json\n\n')
    .action((options: Options) => run('scan-all', null, options, exit));
}

export function scanModuleCommand(exit: (code: number) => void): Command {
  return withOptions(new Command('scan-module'))
    .description('run every check over some modules of the sealed candidate')
    .argument('<module...>', 'names of modules')
    .addHelpText('before', '\nExamples:\n  sealift scan-module kunden hunde\n\n')
    .action((modules: string[], options: Options) => run('scan-module', modules, options, exit));
}

function withOptions(command: Command): Command {
  return command
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(workersOption())
    .addOption(memoryOption())
    .option('--json', 'print the summary as JSON');
}

async function run(
  name: Name,
  modules: readonly string[] | null,
  options: Options,
  exit: (code: number) => void,
): Promise<void> {
  const [{ scan }, { runCommand }] = await Promise.all([
    import('../flow/scan.ts'),
    import('./run.ts'),
  ]);
  const work = { ...options, command: name, modules };
  exit(
    await runCommand(
      { name, kind: 'check', report: true, reportName: 'scan', work: (env) => scan(work, env) },
      options,
    ),
  );
}

/** The command line: its commands, in the order in which they are used, and their help. */

import { resolve } from 'node:path';

import { Command, CommanderError } from 'commander';

import { EXIT } from '../outcome/exitCode.ts';
import { printable } from '../outcome/printable.ts';
import { attachmentsCommand } from './attachments.ts';
import { cleanCommand } from './clean.ts';
import { completionCommand } from './completion.ts';
import { cutoverCommand } from './cutover.ts';
import { determinismCommand } from './determinism.ts';
import { diffCommand } from './diff.ts';
import { reconcileCommand } from './reconcile.ts';
import { drillCommand } from './drill.ts';
import { dryRunCommand } from './dryRun.ts';
import { evidenceCommand } from './evidence.ts';
import { explainCommand } from './explain.ts';
import { exportCommand } from './export.ts';
import { freezeCommand } from './freeze.ts';
import { freezeWritesCommand } from './freezeWrites.ts';
import type { Host } from './host.ts';
import { initCommand } from './init.ts';
import { keysCommand } from './keys.ts';
import { loadCommand } from './load.ts';
import { migrateCommand } from './migrate.ts';
import { packageInfo } from './packageInfo.ts';
import { promoteCommand } from './promote.ts';
import { pruneCommand } from './prune.ts';
import { registryCommand } from './registry.ts';
import { reviewCommand } from './review.ts';
import { rolloutCommand } from './rollout.ts';
import { rollbackCommand } from './rollback.ts';
import { scanAllCommand, scanCommand, scanModuleCommand, scanPiiCommand } from './scan.ts';
import { scanDriftCommand } from './scanDrift.ts';
import { secretsCommand } from './secrets.ts';
import { smokeCommand } from './smoke.ts';
import { snapshotCommand } from './snapshot.ts';
import { statusCommand } from './status.ts';
import { unfreezeWritesCommand } from './unfreezeWrites.ts';
import { verifyChecksumsCommand } from './verifyChecksums.ts';

type Make = (exit: (code: number) => void, host: Host) => Command;

/** Commands by stage of a migration. */
const GROUPS: readonly (readonly [string, readonly Make[]])[] = [
  ['Prepare:', [initCommand, registryCommand, freezeCommand]],
  ['Rehearse:', [dryRunCommand]],
  ['Build:', [freezeWritesCommand, unfreezeWritesCommand, migrateCommand]],
  [
    'Check:',
    [
      scanAllCommand,
      scanModuleCommand,
      scanPiiCommand,
      scanCommand,
      scanDriftCommand,
      explainCommand,
    ],
  ],
  ['Prove:', [verifyChecksumsCommand, determinismCommand, drillCommand, diffCommand]],
  ['Load:', [loadCommand, reconcileCommand]],
  ['Files:', [attachmentsCommand]],
  ['Secrets:', [keysCommand, secretsCommand]],
  ['Promote:', [reviewCommand, promoteCommand, smokeCommand, rollbackCommand, evidenceCommand]],
  ['Cutover:', [cutoverCommand, rolloutCommand]],
  ['Maintenance:', [statusCommand, snapshotCommand, exportCommand, cleanCommand, pruneCommand]],
];

/** Creates the program. `exit` receives the exit code of the command that is run. */
export function createProgram(exit: (code: number) => void, host: Host): Command {
  const program = new Command('sealift')
    .description('Moves data from a legacy system to a new one and proves that nothing was lost.')
    .version(packageInfo().version)
    // Options after the name of a subcommand are its own.
    .enablePositionalOptions()
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .configureHelp({ subcommandTerm: (command) => command.name() });
  for (const [heading, makers] of GROUPS) {
    program.commandsGroup(heading);
    for (const make of makers) program.addCommand(make(exit, host));
  }
  program.addCommand(completionCommand(program, host));
  program.hook('preAction', (_, command) => {
    const project: unknown = command.getOptionValue('project');
    if (typeof project === 'string') command.setOptionValue('project', resolve(host.cwd, project));
  });
  return program.helpCommand('help [command]', 'the same as COMMAND --help');
}

/** Parses the arguments, runs the command, and returns the exit code. */
export async function runProgram(argv: readonly string[], host: Host): Promise<number> {
  let code: number = EXIT.done;
  const program = createProgram((of) => {
    code = of;
  }, host);
  for (const command of withCommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: host.output.text,
      writeErr: host.output.note,
      outputError: (text, write) => {
        write(usageLine(nameOf(command), text));
      },
    });
  }
  if (argv.length <= 2) {
    program.outputHelp();
    return EXIT.usage;
  }
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

/** Returns a command and all commands below it. */
export function withCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withCommands)];
}

/** Returns the words after `sealift`, such as `registry check`; null for the program itself. */
export function nameOf(command: Command): string | null {
  if (command.parent === null) return null;
  const before = nameOf(command.parent);
  return before === null ? command.name() : `${before} ${command.name()}`;
}

/** Turns a message of the argument parser into one line in the style of all others. */
function usageLine(command: string | null, text: string): string {
  const name = command === null ? 'sealift' : `sealift ${command}`;
  const near = /\(Did you mean (.+)\?\)/.exec(text)?.[1];
  const what = text
    .replace(/^error: /, '')
    .replace(
      /^command-argument value '(.*?)' is invalid for argument '(.*?)'/s,
      "$2 '$1' is invalid",
    )
    .replace(/^(option '.*?') argument missing/s, '$1 needs a value')
    .replace(/\n\(Did you mean .*$/s, '')
    .replace(/(but got \d+): .*$/s, '$1')
    .replaceAll(/\. ([A-Za-z])/g, (_, first: string) => `, ${first.toLowerCase()}`)
    .replace(/\.?\s*$/, '');
  const hint = near === undefined ? `run ${name} --help` : `did you mean ${near}?`;
  return `${printable(`${name}: ${what}: ${hint}`)}\n`;
}

const EXAMPLES = `Examples:
  sealift init --source sqlite:legacy.db   # a mapping for a whole database
  sealift dry-run                          # find errors in the data
  sealift migrate                          # build and seal the candidate
  sealift scan-all                         # run every check on it
  sealift promote                          # make it the live one
`;

const QUESTIONS = `
How do I ...
  see what is wrong          sealift dry-run, then open its report.html
  understand a finding       sealift explain ID, as the report shows it
  resume                     run the same command again, it starts anew
  undo                       sealift rollback
  ignore a rule              "severities" in mapping/project.json: see dry-run
  run on one module only     sealift scan-module NAME
  use a copy of production   --source sqlite:/path/to/copy.db, in most commands
  prove it to an auditor     sealift verify-checksums --expect-seal ID
  free disk space            sealift prune --dry-run, then sealift prune
  run it in CI               with exit codes and --json, see below
  keep personal data out     no message, report or log holds a record's value;
    of reports               diff --show-values shows some, on a terminal only

Exit codes:
  checks    0 PASS   1 WARN   2 FAIL, or it could not run
  actions   0 done   1 failed, and nothing was changed (load: nothing was lost)
  both      3 too early, nothing was changed
            64 wrong usage or mapping   130 interrupted
            74 instead of 0 or 1: its output or report could not be written
Actions are init, registry build, freeze, freeze-writes, unfreeze-writes,
migrate, load, review, promote, rollback, evidence build, explain, status,
snapshot, snapshot restore, export, clean and prune; all others are checks. With
--json, standard output is one JSON object.
Run "sealift COMMAND --help" for more about a command.
`;

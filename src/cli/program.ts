/** The command line: what commands there are, and what they are given. */

import { Command, CommanderError } from 'commander';

import { EXIT } from '../outcome/exitCode.ts';
import { printable } from '../outcome/printable.ts';
import { dryRunCommand } from './dryRun.ts';
import { initCommand } from './init.ts';
import { migrateCommand } from './migrate.ts';
import { packageInfo } from './packageInfo.ts';
import { scanAllCommand, scanModuleCommand } from './scan.ts';
import { verifyChecksumsCommand } from './verifyChecksums.ts';

/** Parses the arguments, runs the command, and returns the exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.done;
  const exit = (of: number): void => {
    code = of;
  };
  const program = new Command('sealift')
    .description('Moves data from a legacy system to a new one and proves that nothing was lost.')
    .version(packageInfo().version)
    .addHelpText('before', EXAMPLES)
    .addCommand(initCommand(exit))
    .addCommand(dryRunCommand(exit))
    .addCommand(migrateCommand(exit))
    .addCommand(scanAllCommand(exit))
    .addCommand(scanModuleCommand(exit))
    .addCommand(verifyChecksumsCommand(exit));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      outputError: (text, write) => {
        write(usageLine(command === program ? null : command.name(), text));
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

/** What the parser of arguments says, as one line in the manner of all others. */
export function usageLine(command: string | null, text: string): string {
  const name = command === null ? 'sealift' : `sealift ${command}`;
  const near = /\(Did you mean (.+)\?\)/.exec(text)?.[1];
  const what = text
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean .*$/s, '')
    .replace(/(but got \d+): .*$/s, '$1')
    .replaceAll(/\. ([A-Za-z])/g, (_, first: string) => `, ${first.toLowerCase()}`)
    .replace(/\.?\s*$/, '');
  const hint = near === undefined ? `${name} --help shows what there is` : `did you mean ${near}?`;
  return `${printable(`${name}: ${what}: ${hint}`)}\n`;
}

const EXAMPLES = `
Examples:
  sealift init --source sqlite:legacy.db     write a mapping for all of a database
  sealift migrate                            build and seal the candidate
  sealift verify-checksums                   compute everything again and compare

`;

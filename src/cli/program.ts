/** The command line: what commands there are, and what they are given. */

import { Command, CommanderError } from 'commander';

import { EXIT } from '../outcome/exitCode.ts';
import { initCommand } from './init.ts';
import { migrateCommand } from './migrate.ts';
import { packageInfo } from './run.ts';
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
    .showHelpAfterError('(sealift --help shows the commands, sealift COMMAND --help its options)')
    .exitOverride()
    .addCommand(initCommand(exit))
    .addCommand(migrateCommand(exit))
    .addCommand(verifyChecksumsCommand(exit));
  for (const command of program.commands) command.exitOverride();
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

const EXAMPLES = `
Examples:
  sealift init --source sqlite:legacy.db     write a mapping for all of a database
  sealift migrate                            build and seal the candidate
  sealift verify-checksums                   compute everything again and compare

`;

#!/usr/bin/env node
/**
 * The command. Checks the version of the runtime first: the database driver does not run on older
 * ones, and would crash with a stack trace instead of a one-line message.
 *
 * The reader of the output may go away, as `head` does; the exit code still tells what was done.
 * Output that could not be written is not a success.
 */

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `sealift: this is Node ${process.versions.node}, which is too old: install Node 22.18 or newer\n`,
  );
  process.exitCode = 64;
} else {
  const { codeOfOutput, outputFailed } = await import('./output.ts');
  process.stdout.on('error', outputFailed);
  // An error of standard error has nowhere to be reported.
  process.stderr.on('error', () => {});
  process.on('exit', (code) => {
    process.exitCode = codeOfOutput(code);
  });
  const { keepCompiledCode } = await import('./compileCache.ts');
  keepCompiledCode(process.env);
  const { processHost } = await import('./host.ts');
  const { runProgram } = await import('./program.ts');
  process.exitCode = await runProgram(process.argv, processHost());
}

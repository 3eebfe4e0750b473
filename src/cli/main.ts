#!/usr/bin/env node
/**
 * The command. Looks at the runtime first: the database driver does not run on older ones, and a
 * crash would say less than one line.
 *
 * Whoever reads the output may go away, as `head` does: what was done is done, and the exit code says so.
 * Output that could not be written is no success.
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
  // What cannot be said on standard error cannot be said.
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

#!/usr/bin/env node
/**
 * The command. Looks at the runtime first: the database driver does not run on older ones, and a
 * crash would say less than one line.
 *
 * Whoever reads the output may go away, as `head` does: what was done is done, and the exit code says so.
 */

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `sealift: this is Node ${process.versions.node}, which is too old: install Node 22.18 or newer\n`,
  );
  process.exitCode = 64;
} else {
  for (const [name, stream] of [
    ['standard output', process.stdout],
    ['standard error', process.stderr],
  ] as const) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || stream === process.stderr) return;
      process.stderr.write(`sealift: ${name} could not be written: ${String(error.code)}\n`);
    });
  }
  const { keepCompiledCode } = await import('./compileCache.ts');
  keepCompiledCode(process.env);
  const { runProgram } = await import('./program.ts');
  process.exitCode = await runProgram(process.argv);
}

#!/usr/bin/env node
/**
 * The command. Looks at the runtime first: the database driver does not run on older ones, and a
 * crash would say less than one line.
 */

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `sealift: this is Node ${process.versions.node}, which is too old: install Node 22.18 or newer\n`,
  );
  process.exitCode = 64;
} else {
  const { keepCompiledCode } = await import('./compileCache.ts');
  keepCompiledCode(process.env);
  const { runProgram } = await import('./program.ts');
  process.exitCode = await runProgram(process.argv);
}

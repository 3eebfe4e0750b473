/** Runs another program as a child process: no shell, a bare environment, bounded output. */

import { spawn } from 'node:child_process';

import type { ProgramInput, ProgramRun } from '../crypto/sshSignature.ts';

/** Limit of a program's output in characters, to bound memory. */
const MAX_OUTPUT = 64 * 1024;

type Variables = Readonly<Record<string, string | undefined>>;

/** Runs a program found in the PATH of `variables`; null if it does not exist. */
export function runProgram(
  variables: Variables,
  program: string,
  args: readonly string[],
  { input, interactive }: ProgramInput,
): Promise<ProgramRun | null> {
  // Times in the files of allowed signers are local ones, unless they end with Z.
  const bare = { PATH: variables['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' };
  const agent = variables['SSH_AUTH_SOCK'];
  const env = interactive && agent !== undefined ? { ...bare, SSH_AUTH_SOCK: agent } : bare;
  const shown = interactive && process.stderr.isTTY ? 'inherit' : 'pipe';
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { env, stdio: ['pipe', 'pipe', shown] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        if (output[name].length < MAX_OUTPUT) output[name] += text;
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    child.once('close', (code) => {
      resolve({ code, ...output });
    });
    // A program that ends without reading its input is judged by its exit code.
    child.stdin?.on('error', () => {}).end(input);
  });
}

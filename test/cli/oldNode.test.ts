import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs the command as if Node had this version. */
function runOn(version: string): { code: number | null; stdout: string; stderr: string } {
  const pretend = `Object.defineProperty(process.versions,'node',{value:'${version}'})`;
  const args = ['--import', `data:text/javascript,${pretend}`, MAIN, '--version'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

describe('an older Node', () => {
  it.each(['18.20.8', '20.20.2', '22.17.1'])('%s is refused with one line', (version) => {
    expect(runOn(version)).toEqual({
      code: 64,
      stdout: '',
      stderr: `sealift: this is Node ${version}, which is too old: install Node 22.18 or newer\n`,
    });
  });

  it.each(['22.18.0', '24.0.0', '26.10.0'])('%s is not one', (version) => {
    const { code, stdout, stderr } = runOn(version);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(code).toBe(0);
  });
});

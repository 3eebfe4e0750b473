/** What a command says: whole or no success, and nothing that a terminal obeys. */

import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { plainJson } from '../../src/cli/output.ts';
import { sealift } from '../kit/run.ts';
import { workFolder, writeMapping } from '../kit/project.ts';

const folder = workFolder('output');
const FULL: readonly string[] = ['sh', '-c', 'exec "$@" > /dev/full', 'sh'];

/** A machine without the device has nothing to write to. */
function hasFullDevice(): boolean {
  try {
    closeSync(openSync('/dev/full', 'r'));
    return true;
  } catch {
    process.stderr.write('notice: no /dev/full here; a test that needs it is skipped\n');
    return false;
  }
}

describe('output that cannot be written', () => {
  it
    .skipIf(!hasFullDevice())
    .each([
      ['--help'],
      ['--version'],
      ['migrate --help'],
      ['completion bash'],
      ['status'],
      ['status --json'],
    ])('is no success: %s', async (command) => {
    const { code, stderr } = await sealift(command.split(' '), {
      cwd: folder,
      wrap: FULL,
      process: true,
    });
    expect(code).toBe(74);
    expect(stderr).toBe(
      'sealift: standard output could not be written (ENOSPC): what the command did stands, ' +
        'but what it said is lost\n',
    );
    expect((await sealift(command.split(' '), { cwd: folder })).code).toBe(0);
  });

  it.skipIf(!hasFullDevice())('leaves the code of a failure as it is', async () => {
    const failed = await sealift(['verify-checksums', '--json'], {
      cwd: folder,
      wrap: FULL,
      process: true,
    });
    expect([failed.code, failed.stderr.includes('ENOSPC')]).toEqual([2, true]);
    expect((await sealift(['nonsense'], { cwd: folder, wrap: FULL, process: true })).code).toBe(64);
  });

  it('is noticed where only a part of it was written', async () => {
    const path = join(folder, 'part.txt');
    // A limit of one block: the write that crosses it is cut, and the next one fails.
    const wrap = ['sh', '-c', 'ulimit -f 1; exec "$@" > "$PART"', 'sh'];
    const env = { PART: path, NODE_DISABLE_COMPILE_CACHE: '1' };
    const { code, stderr } = await sealift(['--help'], { cwd: folder, wrap, env, process: true });
    expect([code, stderr.includes('EFBIG')]).toEqual([74, true]);
    const { stdout } = await sealift(['--help'], { cwd: folder });
    const part = readFileSync(path, 'utf8');
    expect(part.length).toBeGreaterThan(0);
    expect(stdout.startsWith(part) && stdout.length > part.length).toBe(true);
  });
});

describe('a report that cannot be written', () => {
  const project = join(folder, 'project');
  const check = (severity: string) => {
    const file = join(folder, 'legacy.csv');
    writeFileSync(file, 'id,note\n1,ada@example.org\n');
    const fields = { note: { column: 'note', type: 'string' } };
    const key = [{ column: 'id', type: 'integer' }];
    const module = { source: { table: 'legacy' }, key, id: { rule: 'uuid' }, fields };
    writeMapping(project, {
      sources: { main: `csv:${file}` },
      modules: { legacy: module },
      severities: [{ rule: 'pii-undeclared', severity }],
    });
    return sealift(['dry-run', '--project', project], { cwd: folder });
  };

  it('is no success and no mere warning, and leaves the code of a failure', async () => {
    const codes = async (severity: string): Promise<(number | null)[]> => {
      const reports = join(project, 'storage_reports');
      rmSync(reports, { recursive: true, force: true });
      const control = await check(severity);
      expect(control.stderr).not.toContain('no report');
      rmSync(reports, { recursive: true });
      writeFileSync(reports, 'x');
      const lost = await check(severity);
      expect(lost.stderr).toContain('sealift: no report was written: an unexpected file or link');
      return [control.code, lost.code];
    };
    expect(await codes('INFO')).toEqual([0, 74]);
    expect(await codes('WARNING')).toEqual([1, 74]);
    expect(await codes('BLOCKER')).toEqual([2, 2]);
    const failed = await sealift(['migrate', '--project', project, '--source', 'csv:absent'], {
      cwd: folder,
    });
    expect([failed.code, failed.stderr.includes('no report')]).toEqual([1, true]);
  });
});

it('nothing is written but by the functions that look at it', () => {
  const source = fileURLToPath(new URL('../../src', import.meta.url));
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const writing = files.filter((path) => {
    if (!path.endsWith('.ts')) return false;
    const text = readFileSync(join(source, path), 'utf8');
    return /process\.std(out|err)\.write|console\./.test(text);
  });
  // An old runtime is told so before anything else is loaded.
  expect(writing.sort()).toEqual(['cli/main.ts', 'cli/output.ts']);
});

describe('JSON on a terminal', () => {
  it('means what it means, without a character that a terminal obeys', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\u001b[2J',
        '\u007f',
        '\u009b31m',
        '\u202e',
        '\u2066',
        '\u{e0041}',
        '\u2028',
      ),
    );
    const names = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.array(text)));
    fc.assert(
      fc.property(names, (value) => {
        const json = plainJson(value);
        expect(json).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

/** Python's notion of a value agrees with JavaScript, with the standards, and refuses the rest. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { double, jsonValue, sample } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shared } from '../shared.ts';
import { canonical, type Json } from './handMade.ts';

/** Answers of the Python notion of a value, one line of JSON for each line given. */
function python(program: string, lines: readonly string[]): string[] {
  const code = `import sys\nsys.dont_write_bytecode = True\nfrom cells import *\nfor line in sys.stdin:\n    ${program}`;
  const ran = spawnSync('python3', ['-c', code], {
    cwd: 'test/independent',
    input: lines.map((each) => `${each}\n`).join(''),
    encoding: 'utf8',
    env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
  });
  expect(ran.stderr).toBe('');
  return ran.stdout.split('\n').slice(0, -1);
}

describe('the notion of a value in cells.py', () => {
  it('prints doubles as JavaScript does', () => {
    const doubles = sample(double(), { numRuns: 5000, seed: 1 });
    const edges = [0.1, 1e21, 1e-7, 5e-324, 123456789012345680000, 1e20, -0, Infinity, NaN];
    const values = [...edges, ...doubles];
    const hex = values.map((value) =>
      Buffer.from(new Float64Array([value]).buffer).toString('hex'),
    );
    const printed = python(
      'import struct; print(js_number(struct.unpack("<d", bytes.fromhex(line.strip()))[0]))',
      hex,
    );
    expect(printed).toEqual(values.map((value) => (Object.is(value, -0) ? '-0' : String(value))));
  });

  it('writes canonical JSON as RFC 8785 asks', () => {
    const values = sample(jsonValue({ stringUnit: 'binary' }), { numRuns: 2000, seed: 1 });
    const texts = values
      .map((value) => JSON.stringify(value))
      .filter((text) => !text.includes('-0'));
    expect(texts.length).toBeGreaterThan(1000);
    const wanted = texts.map((text) => canonical(JSON.parse(text) as Json));
    expect(python('import json; print(jcs(json.loads(line)))', texts)).toEqual(wanted);
  });

  const published = shared('vectors/jcs-rfc8785-cyberphone/testdata');
  it.skipIf(published === null)('agrees with the published vectors of RFC 8785', () => {
    const vectors = published ?? '';
    const names = readdirSync(join(vectors, 'input'));
    const input = names.map((name) =>
      JSON.stringify(readFileSync(join(vectors, 'input', name), 'utf8')),
    );
    const output = names.map((name) =>
      readFileSync(join(vectors, 'output', name), 'utf8').trimEnd(),
    );
    expect(names.length).toBeGreaterThan(5);
    expect(python('import json; print(jcs(json.loads(json.loads(line))))', input)).toEqual(output);
  });

  it.each([
    ['decimal(2)', '"1.005"'],
    ['decimal(2)', '"1e3"'],
    ['decimal', '"-0.0"'],
    ['integer', '9007199254740993'],
    ['integer', '"05"'],
    ['boolean', '2'],
    ['date', '"2023-02-29"'],
    ['time(0)', '"24:00:00"'],
    ['timestamp(0)', '"2024-01-01T10:00:00Z"'],
    ['timestamp(0)', '"2024-01-01"'],
    ['timestamptz(0)', '"2024-03-31 02:30:00"'],
    ['timestamptz(0)', '"2024-10-27 02:30:00"'],
    ['uuid', '"0000"'],
    ['json', '"{\\"a\\":1,\\"a\\":2}"'],
    ['json', '"0.1000000000000000055"'],
    ['string', '5'],
    ['enum', '"other"'],
  ])('holds %s to be unable to hold %s', (kind, cell) => {
    const field = JSON.stringify({ zone: 'Europe/Zurich', values: ['one'] });
    const program = `import json
    try: print(jcs(expected(json.loads(line), ${JSON.stringify(kind)}, json.loads('${field}'))))
    except Unrepresentable: print('refused')`;
    expect(python(program, [cell])).toEqual(['refused']);
  });
});

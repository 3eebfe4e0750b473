/** Settings in texts of files: one value changes, and no other byte. */

import {
  assert as holds,
  constantFrom,
  dictionary,
  jsonValue,
  property,
  string,
  stringMatching,
} from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  hasSetting,
  withSetting,
  type SettingForm,
} from '../../../../src/cutover/steps/application/settingText.ts';

describe('a line', () => {
  it.each([
    ['A=1\nB=2\n', 'A', '3', 'A=3\nB=2\n'],
    ['A=1\r\nB=2\r\n', 'A', '3', 'A=3\r\nB=2\r\n'],
    ['# A=1\nexport A = 1 # one\nB=2', 'A', '3', '# A=1\nexport A = 3 # one\nB=2'],
    ['A="x y"\n', 'A', 'z', 'A="z"\n'],
    ["A='x'\n", 'A', 'a b', "A='a b'\n"],
    ['A=x\n', 'A', 'a b#c', "A='a b#c'\n"],
    ['A=x\n', 'A', "it's", 'A="it\'s"\n'],
    ['A=x#y\n', 'A', 'z', 'A=z\n'],
    ['A=\n', 'A', 'z', 'A=z\n'],
    ['A=x   \n', 'A', '', 'A=   \n'],
    ['B=1', 'A', 'x', 'B=1\nA=x\n'],
    ['', 'A', 'x', 'A=x\n'],
    ['AA=1\nA_=2\n', 'A', 'x', 'AA=1\nA_=2\nA=x\n'],
    ['K="\nA=no\n"\nA=1\n', 'A', '2', 'K="\nA=no\n"\nA=2\n'],
    ['K="x\\"\nA=no"\nA=1\n', 'A', '2', 'K="x\\"\nA=no"\nA=2\n'],
  ])('of %j gets %s=%j', (text, key, value, expected) => {
    const after = withSetting(text, 'lines', key, value);
    expect(after).toBe(expected);
    expect(hasSetting(after, 'lines', key, value)).toBe(true);
    expect(withSetting(after, 'lines', key, value)).toBe(after);
  });

  it.each([
    ['A=1\nA=2\n', 'A', 'x', 'stands twice'],
    ['', 'A B', 'x', 'cannot be a name'],
    ['', 'A\nB', 'x', 'cannot be a name'],
    ['', 'A', 'x\ny', 'cannot be written'],
    ['', 'A', 'it\'s "$x"', 'cannot be written'],
  ])('of %j refuses %j=%j', (text, key, value, expected) => {
    expect(() => withSetting(text, 'lines', key, value)).toThrow(expected);
  });

  it.each([
    ['A=1', '1', true],
    ['A=1', '2', false],
    ['B=1', '1', false],
    ['A="1"', '1', true],
    ['A="$X"', '$X', false],
    ["A='$X'", '$X', true],
    ['A=1 # 2', '1', true],
  ])('%j has %j: %s', (text, value, expected) => {
    expect(hasSetting(text, 'lines', 'A', value)).toBe(expected);
  });

  it('changes alone, whatever stands around it', () => {
    const name = stringMatching(/^[A-Z]{1,3}$/);
    const value = string({ maxLength: 8 });
    holds(
      property(
        dictionary(name, value),
        name,
        value,
        constantFrom('\n', '\r\n'),
        (others, key, set, end) => {
          let text = `# comment${end}`;
          for (const [other, one] of Object.entries(others)) {
            try {
              text = withSetting(text, 'lines', other, one);
            } catch {
              continue;
            }
          }
          let after: string;
          try {
            after = withSetting(text, 'lines', key, set);
          } catch {
            return;
          }
          expect(hasSetting(after, 'lines', key, set)).toBe(true);
          for (const [other, one] of Object.entries(others)) {
            if (other === key || !text.includes(`${other}=`)) continue;
            expect(hasSetting(after, 'lines', other, one)).toBe(
              hasSetting(text, 'lines', other, one),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is found in time that grows with the text', () => {
    const spaces = ' '.repeat(500_000);
    for (const text of [`A=${spaces}x`, `A="${'\\'.repeat(500_000)}`, 'A="x\n'.repeat(100_000)]) {
      const start = performance.now();
      hasSetting(text, 'lines', 'B', 'x');
      expect(performance.now() - start).toBeLessThan(5000);
    }
  });
});

describe('a value of JSON', () => {
  it.each<[string, string, string | number | boolean, string]>([
    ['{ "a": 1, "b": 2 }', 'a', 3, '{ "a": 3, "b": 2 }'],
    ['{"a":{"b":[1,{"c":"x,}\\"]"}]}}\n', 'a.b[1].c', true, '{"a":{"b":[1,{"c":true}]}}\n'],
    ['{"a":[1,[2]],"b":1}', 'a', 'x', '{"a":"x","b":1}'],
    ['{\n  "a": null\n}', 'a', '"\n', '{\n  "a": "\\"\\n"\n}'],
    ['{"a":1}', 'a', 2, '{"a":2}'],
    ['[1]', '[0]', 2, '[2]'],
    ['{"a.b":1}', "['a.b']", 2, '{"a.b":2}'],
    ['1', '$', 2, '2'],
  ])('of %j gets %s', (text, key, value, expected) => {
    const after = withSetting(text, 'json', key, value);
    expect(after).toBe(expected);
    expect(hasSetting(after, 'json', key, value)).toBe(true);
    expect(hasSetting(text, 'json', key, value)).toBe(false);
  });

  it.each([
    ['{"a":1}', 'b', 'no value at "b"'],
    ['{"a":1}', '__proto__', 'no value at'],
    ['{"a":1', 'a', 'not JSON'],
    ['{"a":1,"a":2}', 'a', 'duplicate key'],
  ])('of %j refuses %s', (text, key, expected) => {
    expect(() => withSetting(text, 'json', key, 1)).toThrow(expected);
  });

  it('changes alone, whatever stands around it', () => {
    const form: SettingForm = 'json';
    holds(
      property(jsonValue(), jsonValue(), constantFrom(0, 2), (before, after, space) => {
        const text = JSON.stringify({ before, x: before, after }, null, space);
        let changed: string;
        try {
          changed = withSetting(text, form, 'x', 'new');
        } catch {
          // Strict: texts that are not well-formed are refused.
          return;
        }
        expect(JSON.parse(changed)).toEqual(
          JSON.parse(JSON.stringify({ before, x: 'new', after })),
        );
      }),
      { numRuns: 300 },
    );
  });
});

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { MAX_DEPTH, parseJson } from '../../src/record/jsonText.ts';
import { isTooDeep } from '../../src/record/nesting.ts';

it('a text is too deep exactly where the strict parser refuses it for that', () => {
  const level = fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[1,', ']'], ['{"b":[],"a":', '}']);
  const depth = fc.integer({ min: MAX_DEPTH - 3, max: MAX_DEPTH + 3 });
  fc.assert(
    fc.property(depth, fc.array(level, { minLength: 1, maxLength: 8 }), (levels, kinds) => {
      const all = Array.from({ length: levels }, (_, at) => kinds[at % kinds.length] ?? ['[', ']']);
      const text = `${all.map(([open]) => open).join('')}7${all
        .map(([, end]) => end)
        .reverse()
        .join('')}`;
      const refused = (() => {
        try {
          parseJson(text);
          return false;
        } catch (error) {
          return String(error).includes('nested deeper');
        }
      })();
      expect(isTooDeep(JSON.parse(text), text)).toBe(refused);
    }),
    { numRuns: 60 },
  );
});

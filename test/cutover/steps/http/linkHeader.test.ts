/** Relations of links in the header Link (RFC 8288). */

import { describe, expect, it } from 'vitest';

import { linkRelations } from '../../../../src/cutover/steps/http/linkHeader.ts';

function relations(...lines: string[]): string[] {
  return [...linkRelations(lines)];
}

describe('the header Link', () => {
  it.each([
    ['<https://a.example/d>; rel="deprecation"; type="text/html"', ['deprecation']],
    ['</v2>;rel=successor-version', ['successor-version']],
    ['</v2> ; REL = "Successor-Version sunset"', ['successor-version', 'sunset']],
    ['</a>; rel=sunset, </b>; title="x, </c>; rel=y"; rel=deprecation', ['sunset', 'deprecation']],
    ['</a>; title="a \\" ; rel=x"; rel=sunset', ['sunset']],
    ['</a,b>; rel=sunset; rel=deprecation', ['sunset']],
    ['</a>', []],
    ['</a>; rel', []],
    ['</a>; rel=""', []],
    ['<>; rel=sunset', []],
    ['/a; rel=sunset', []],
    ['</a; rel=sunset', []],
    ['</a>; title="rel=sunset; rel=sunset"', []],
    ['</a>; anchor="/other"; rel=sunset', []],
    ['</a>; x-rel=sunset', []],
    ['', []],
  ])('%s has %j', (line, expected) => {
    expect(relations(line)).toEqual(expected);
  });

  it('may have several lines', () => {
    expect(relations('</a>; rel=sunset', '</b>; rel=deprecation')).toEqual([
      'sunset',
      'deprecation',
    ]);
  });

  it.each(['<a>"\\', '<', '<a>;', '<a>; rel="', '<a>;rel=x;', ';a="\\"'])(
    'is read in a time that grows with its length: %s',
    (part) => {
      const began = performance.now();
      relations(part.repeat(Math.floor(32_768 / part.length)));
      expect(performance.now() - began).toBeLessThan(1000);
    },
  );
});

/** Links and anchors of pages. */

import { assert as holds, array, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { linkedIn } from '../../../../src/cutover/steps/http/links.ts';

describe('a page of Markdown', () => {
  it('has links of every form, and none in code', () => {
    const text = `
[a](a.md "title") ![b](<b c.png>) [d](d_(e).md#f)
[ref][1] <https://auto.example/x?y> <a href='h.md'>h</a> <img src=i.png>

[1]: r.md
[2]: <s t.md>

\`[no](code.md)\` and \`\`\` [no](code2.md) \`\`\`
~~~
[no](fenced.md)
\`\`\`
[no](fenced2.md)
~~~
[\`z\`](z.md)
<!-- <a href="no.md"> -->`;
    expect(linkedIn(text, 'markdown').links.toSorted()).toEqual([
      'a.md',
      'b c.png',
      'd_(e).md#f',
      'h.md',
      'https://auto.example/x?y',
      'i.png',
      'r.md',
      's t.md',
      'z.md',
    ]);
  });

  it('has the anchors of its headings', () => {
    const text = [
      '# Über uns!',
      '## A `b_c` [d](e.md) ##',
      'Title here',
      '===',
      '## A',
      '## A',
      '<a id="own"></a>',
      '```',
      '# no',
      '```',
    ].join('\n');
    expect([...linkedIn(text, 'markdown').anchors]).toEqual([
      'über-uns',
      'a-b_c-d',
      'title-here',
      'a',
      'a-1',
      'own',
    ]);
  });
});

describe('a page of HTML', () => {
  it('has links, references and anchors', () => {
    const text = `<base href="/x/"><A HREF="a.html?b&amp;c">x</A><link rel="preconnect" href="https://cdn.example">
<link rel=stylesheet href=/s.css><script src='/assets/app.1.js' defer></script><h2 id="top2">
<a name="old"></a><input name="field"><!-- <a href="no"> --><a href="never`;
    const { links, anchors } = linkedIn(text, 'html');
    expect(links).toEqual(['a.html?b&c', '/s.css', '/assets/app.1.js']);
    expect([...anchors]).toEqual(['top2', 'old']);
  });
});

describe('any text', () => {
  it('is read without an error, in time that grows with its length', () => {
    const piece = constantFrom(
      '<a ',
      'href=',
      '"',
      "'",
      '>',
      '](',
      ')',
      '[',
      '<!--',
      '-->',
      '`',
      '\n',
      '#',
      ' ',
      '```',
      'x',
      '=',
      '<',
    );
    holds(
      property(
        array(piece, { maxLength: 40 }),
        constantFrom('html', 'markdown'),
        (pieces, form) => {
          linkedIn(pieces.join(''), form);
        },
      ),
      { numRuns: 300 },
    );
    for (const unit of [
      '<a ',
      '<!--',
      '](',
      '[',
      '`',
      '# ',
      '<a href="',
      ' ',
      '](<',
      '[a]: ',
      '#',
      '<a href ',
    ]) {
      const text = unit.repeat(Math.floor(1_000_000 / unit.length));
      const start = performance.now();
      for (const form of ['html', 'markdown'] as const) linkedIn(text, form);
      expect(performance.now() - start, unit).toBeLessThan(5000);
    }
  });
});

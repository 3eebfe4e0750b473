/**
 * Where the bytes are: a bar of the rows by the place of their content, and a table that says the same
 * in numbers. Each kind has a sign and a height of its own, so that colour is not needed.
 */

import { byteCount } from '../../outcome/byteCount.ts';
import { counted, grouped } from '../../outcome/counted.ts';
import type { Outcome, Place } from '../../outcome/outcome.ts';
import { html, type Markup } from './markup.ts';

export function placesPart({ places = [] }: Outcome): Markup {
  const total = places.reduce((sum, { rows }) => sum + rows, 0);
  if (total === 0) return html``;
  return html`<h2 id="places">Where the bytes are</h2>
    <div class="scroll strips places" role="region" aria-labelledby="places" tabindex="0">
      ${barPart(places, total)}
      <table>
        <caption>
          The bar has all ${counted(total, 'row').replace(/^\d+/, grouped(total))}, in this order.
        </caption>
        <thead>
          <tr>
            <th scope="col">place</th>
            <th scope="col" class="n">rows</th>
            <th scope="col" class="n wide">share</th>
            <th scope="col" class="n">bytes</th>
          </tr>
        </thead>
        <tbody>
          ${places.map((place) => rowPart(place, total))}
        </tbody>
      </table>
    </div> `;
}

/** Sign of a kind, which stands in the table. */
const SIGNS: Readonly<Record<Place['kind'], string>> = { good: '✓', bad: '✗', open: '○' };
/** Height of a part of the bar, of 12. */
const HEIGHTS: Readonly<Record<Place['kind'], number>> = { good: 8, bad: 12, open: 5 };
const HIGH = 12;
/** Width of the bar, and of the smallest part of it, so that one row of a million is seen. */
const [WIDE, LEAST] = [1000, 6];
const GAP = 2;

function barPart(places: readonly Place[], total: number): Markup {
  const held = places.filter(({ rows }) => rows > 0);
  const weights = held.map(({ rows }) => Math.max(LEAST / WIDE, rows / total));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const free = WIDE - GAP * (held.length - 1);
  let x = 0;
  const parts = held.map(({ kind }, at) => {
    const width = Math.round((free * (weights[at] ?? 0)) / sum);
    const height = HEIGHTS[kind];
    const part = html`<rect
      class="${kind}"
      x="${x}"
      y="${(HIGH - height) / 2}"
      width="${width}"
      height="${height}"
    />`;
    x += width + GAP;
    return part;
  });
  return html`<svg viewBox="0 0 ${WIDE} ${HIGH}" preserveAspectRatio="none" aria-hidden="true">
    ${parts}
  </svg>`;
}

function rowPart({ name, kind, rows, bytes }: Place, total: number): Markup {
  return html`<tr>
    <th scope="row"><span class="key ${kind}">${SIGNS[kind]} ${name}</span></th>
    <td class="n">${grouped(rows)}</td>
    <td class="n wide">${share(rows, total)}</td>
    <td class="n">${bytes === null ? 'not known' : byteCount(bytes)}</td>
  </tr> `;
}

/** Never says 100 % or 0 % of what is not all or nothing. */
function share(rows: number, total: number): string {
  if (rows === 0 || rows === total) return rows === 0 ? '0 %' : '100 %';
  const percent = (100 * rows) / total;
  if (percent < 0.1) return '< 0.1 %';
  return percent > 99.9 ? '> 99.9 %' : `${percent.toFixed(1)} %`;
}

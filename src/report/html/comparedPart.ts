/**
 * A compared target: each module as a strip of its ranges, equal or different. Different ranges are
 * taller, and a sentence says the same, so that colour is not needed.
 */

import { isEqual, type ComparedModule } from '../../outcome/comparison.ts';
import { counted, grouped } from '../../outcome/counted.ts';
import type { Outcome } from '../../outcome/outcome.ts';
import { html, type Markup } from './markup.ts';

export function comparedPart({ compared }: Outcome): Markup {
  if (compared === undefined || compared.modules.length === 0) return html``;
  return html`<h2 id="compared">Target and seal</h2>
    <div class="scroll" role="region" aria-labelledby="compared" tabindex="0">
      <table class="strips">
        <caption>
          Each strip is a module, from its first key to its last, in ranges of about 4,000 records.
          <span class="key good">equal</span>
          <span class="key bad">different</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">module</th>
            <th scope="col">ranges</th>
            <th scope="col" class="n">sealed</th>
            <th scope="col" class="n">target</th>
            <th scope="col" class="n">missing</th>
            <th scope="col" class="n">extra</th>
            <th scope="col" class="n">changed</th>
          </tr>
        </thead>
        <tbody>
          ${compared.modules.map(modulePart)}
        </tbody>
      </table>
    </div> `;
}

function modulePart(module: ComparedModule): Markup {
  const { missing, extra, changed, sealed, rows } = module;
  const numbers = [missing, extra, changed].map(
    (count) => html`<td class="n">${rows === null ? '?' : grouped(count)}</td>`,
  );
  return html`<tr>
    <th scope="row">${module.module}</th>
    <td>${stripPart(module)}${sentence(module)}</td>
    <td class="n">${grouped(sealed)}</td>
    <td class="n">${rows === null ? '?' : grouped(rows)}</td>
    ${numbers}
  </tr> `;
}

/** Height of a strip, and of a range that is equal. */
const [HIGH, LOW] = [12, 8];

function stripPart(module: ComparedModule): Markup {
  const { strip, rows } = module;
  if (rows === null) return html``;
  const runs: { readonly from: number; readonly apart: boolean; to: number }[] = [];
  for (const [at, cell] of strip.entries()) {
    const apart = cell === 1;
    const last = runs.at(-1);
    if (last?.apart === apart) last.to = at + 1;
    else runs.push({ from: at, to: at + 1, apart });
  }
  const bars = runs.map(({ from, to, apart }) => {
    const height = apart ? HIGH : LOW;
    return html`<rect
      class="${apart ? 'bad' : 'good'}"
      x="${from}"
      y="${(HIGH - height) / 2}"
      width="${to - from}"
      height="${height}"
    />`;
  });
  return html`<svg
    viewBox="0 0 ${Math.max(1, strip.length)} ${HIGH}"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    ${bars}
  </svg>`;
}

/** What the strip shows, for all who do not see it. */
function sentence(module: ComparedModule): Markup {
  const { rows, ranges, differing } = module;
  if (rows === null) return html`<span class="said fail">could not be compared</span>`;
  if (isEqual(module)) {
    return html`<span class="said pass"
      >✓ ${rows === 0 ? 'empty, as it is sealed' : 'all equal'}</span
    >`;
  }
  const said = `✗ ${grouped(differing)} of ${counted(ranges, 'range')} different`;
  return html`<span class="said fail">${said}</span>`;
}

/** Tables whose rows are lists of names and values on a phone, so that nothing is cut off. Pure. */

import { html, type Content, type Markup } from './markup.ts';

/** Shows a table with its heading; nothing where it has no rows. `id` is one of ours, never a name. */
export function stackTable(
  {
    id,
    title,
    level,
    about,
  }: {
    readonly id: string;
    readonly title: string;
    readonly level: 2 | 3;
    readonly about: Content;
  },
  columns: readonly string[],
  rows: readonly (readonly Content[])[],
): Markup {
  if (rows.length === 0) return html``;
  const heading =
    level === 2 ? html`<h2 id="${id}">${title}</h2>` : html`<h3 id="${id}">${title}</h3>`;
  const heads = columns.map((name) => html`<th scope="col">${name}</th>`);
  const lines = rows.map(
    (cells) =>
      html`<tr>
        ${cells.map((cell, at) => html`<td data-name="${columns[at] ?? ''}"><div>${cell}</div></td>`)}
      </tr> `,
  );
  return html`${heading}
    <div class="scroll" role="region" aria-labelledby="${id}" tabindex="0">
      <table class="stack">
        ${
          about === null
            ? null
            : html`<caption>
                ${about}
              </caption>`
        }
        <thead>
          <tr>
            ${heads}
          </tr>
        </thead>
        <tbody>
          ${lines}
        </tbody>
      </table>
    </div> `;
}

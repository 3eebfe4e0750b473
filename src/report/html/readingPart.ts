/** How a target was read: sessions, their settings, and the statements of each module, for auditors. */

import type { Outcome } from '../../outcome/outcome.ts';
import type { ModuleQueries, ReadSession } from '../../outcome/reading.ts';
import { html, type Markup } from './markup.ts';

export function readingPart({ facts }: Outcome): Markup {
  const reading = facts?.reading;
  if (reading === undefined || reading.queries.length === 0) return html``;
  const { digest, queries, settings } = reading;
  return html`<h2 id="reading">How the target was read</h2>
    <dl class="card ids queries">
      <dt>by</dt>
      <dd>${settings.tool}</dd>
      ${settings.sessions.map(sessionPart)}${queries.map(queriesPart)}
      <dt>SHA-256</dt>
      <dd><code>${digest}</code></dd>
    </dl> `;
}

function sessionPart(session: ReadSession): Markup {
  const { server, snapshot, ranges, statements, settings } = session;
  const reported = Object.entries(settings).map(
    ([name, value]) => html`${name} = ${value === '' ? "''" : value}<br />`,
  );
  return html`<dt>server</dt>
    <dd>${server}</dd>
    <dt>snapshot</dt>
    <dd>${snapshot}</dd>
    <dt>ranges</dt>
    <dd>${ranges}</dd>
    <dt>each session</dt>
    <dd><code>${linesOf(statements)}</code></dd>
    <dt>which reports</dt>
    <dd><code>${reported}</code></dd> `;
}

function queriesPart({ module, statements }: ModuleQueries): Markup {
  return html`<dt>${module}</dt>
    <dd><code>${linesOf(statements)}</code></dd> `;
}

function linesOf(statements: readonly string[]): Markup[] {
  return statements.map((line) => html`${line};<br />`);
}

/**
 * The findings of the report, by rule, and within a rule by module, field and reason. The first few
 * of each group are markup; the others are data that the script renders when a group is opened.
 */

import { grouped } from '../../outcome/counted.ts';
import type { FindingList, Severity } from '../../outcome/finding.ts';
import { printable } from '../../outcome/printable.ts';
import type { FindingGroup, FindingRow } from './groups.ts';
import { html, jsonMarkup, type Markup } from './markup.ts';
import { RULE_TEXTS } from './ruleTexts.ts';

/** Findings of a group that are shown without the script. */
const FIRST = 5;
const TONES: Readonly<Record<Severity, string>> = {
  BLOCKER: 'fail',
  WARNING: 'warning',
  INFO: 'info',
};
const PLURALS: Readonly<Record<Severity, string>> = {
  BLOCKER: 'Blockers',
  WARNING: 'Warnings',
  INFO: 'Notes',
};

/** Yields the part rule by rule; nothing if there are no findings. */
export function* findingsPart(
  groups: readonly FindingGroup[],
  counts: NonNullable<FindingList['counts']>,
): Generator<Markup> {
  if (groups.length === 0) return;
  yield html`<h2 id="findings">Findings</h2>
    <div class="bar scripted">
      <label for="search">Filter</label>
      <input
        id="search"
        type="search"
        placeholder="module, table, row, field, id…"
        autocomplete="off"
        spellcheck="false"
      />
      ${toggles(counts)}<output id="found" for="search"></output>
    </div> `;
  let number = 0;
  const anchored = new Set<string>();
  for (const groupsOfRule of byRule(groups)) {
    const rule = groupsOfRule[0]?.rule ?? '';
    // A rule with several severities has a part for each; links point to the worst.
    yield rulePart(groupsOfRule, number, anchored.has(rule) ? `more-${number}` : `rule-${rule}`);
    anchored.add(rule);
    number += groupsOfRule.length;
  }
}

function toggles(counts: NonNullable<FindingList['counts']>): Markup[] {
  return (Object.keys(PLURALS) as Severity[])
    .filter((severity) => counts[severity] > 0)
    .map(
      (severity) =>
        html`<button type="button" data-severity="${severity}" aria-pressed="true">
          ${PLURALS[severity]} ${grouped(counts[severity])}
        </button> `,
    );
}

/** Joins adjacent groups of one rule and severity. */
function byRule(groups: readonly FindingGroup[]): FindingGroup[][] {
  const rules: FindingGroup[][] = [];
  for (const group of groups) {
    const last = rules.at(-1);
    const [first] = last ?? [];
    if (first?.rule === group.rule && first.severity === group.severity) last?.push(group);
    else rules.push([group]);
  }
  return rules;
}

function rulePart(groups: readonly FindingGroup[], number: number, id: string): Markup {
  const [first] = groups;
  if (first === undefined) return html``;
  const { rule, severity } = first;
  const { title = '', todo = '' } = RULE_TEXTS[rule] ?? {};
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  return html`<section class="card rule ${TONES[severity]}">
    <header>
      <h3 id="${id}">
        <span class="badge">${severity}</span> ${rule}${title === '' ? '' : `: ${title}`}
        (${grouped(total)})
      </h3>
      <p>${todo}</p>
    </header>
    ${groups.map((group, at) => groupPart(group, number + at))}
  </section> `;
}

function groupPart(group: FindingGroup, number: number): Markup {
  const { module, rule, severity, field, count, rows } = group;
  const name = [module === '' ? 'the candidate' : module, field].filter(Boolean).join(' · ');
  const shown = rows.slice(0, FIRST);
  const rest =
    count > shown.length
      ? `${grouped(shown.length)} of ${grouped(count)} shown; all are in findings.ndjson`
      : '';
  const label = `${rule} in ${name}`;
  return html`<details
    data-group="g${number}"
    data-count="${count}"
    data-severity="${severity}"
    data-module="${module}"
    data-rule="${rule}"
  >
    <summary><b>${name}</b> ${reasonOf(group)}<span class="n">${grouped(count)}</span></summary>
    <div class="scroll" role="region" aria-label="${label}" tabindex="0">
      <table class="stack${emptyColumns(rows)}">
        <thead>
          <tr>
            <th scope="col">where</th>
            <th scope="col">field</th>
            <th scope="col">record</th>
            <th scope="col">why</th>
            <th scope="col">finding</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map(rowPart)}
        </tbody>
      </table>
    </div>
    <div class="more">${rest}</div>
    <script type="application/json" id="g${number}">
      ${jsonMarkup(compact(rows))}
    </script>
  </details> `;
}

/** Returns the common reason, or that of the only finding. */
function reasonOf({ count, reason, rows }: FindingGroup): string {
  return (count === 1 ? rows[0]?.reason : undefined) ?? printable(reason);
}

/** Returns the classes that hide columns which no finding of the group uses. */
function emptyColumns(rows: readonly FindingRow[]): string {
  const names = ['place', 'field', 'record'] as const;
  return names
    .map((name, at) => (rows.some((row) => row[name] !== '') ? '' : ` no${at + 1}`))
    .join('');
}

function rowPart(row: FindingRow): Markup {
  const follows = html`<br /><a href="#f-${row.because}">follows from ${row.because}</a>`;
  return html`<tr id="f-${row.id}">
    <td data-name="Where">${row.place}</td>
    <td data-name="Field">${row.field}</td>
    <td data-name="Record">${row.record}</td>
    <td data-name="Why">${row.reason}</td>
    <td data-name="Finding">
      <div><code>${row.id}</code>${row.because === '' ? null : follows}</div>
    </td>
  </tr> `;
}

/** Stores each repeated text once; rows hold its number. */
function compact(rows: readonly FindingRow[]): { texts: string[]; rows: (string | number)[][] } {
  const numbers = new Map<string, number>();
  const shared = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, numbers.size);
    return numbers.size - 1;
  };
  const packed = rows.map(({ place, field, record, reason, id, because }) => {
    return [place, shared(field), record, shared(reason), id, because];
  });
  return { texts: [...numbers.keys()], rows: packed };
}

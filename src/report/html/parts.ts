/** Parts of the report above its findings: verdict, steps to do, ids, accounting, timeline. */

import { counted, grouped } from '../../outcome/counted.ts';
import { failureLine } from '../../outcome/failure.ts';
import type { ModuleLine } from '../../outcome/moduleLine.ts';
import type { Outcome, Status } from '../../outcome/outcome.ts';
import { checkedLines } from '../checkedLines.ts';
import type { Phase, Timing } from '../timing.ts';
import type { FindingGroup } from './groups.ts';
import { html, type Markup } from './markup.ts';
import { RULE_TEXTS } from './ruleTexts.ts';

/** Appearance of a status: class, mark and word. */
const LOOKS: Readonly<Record<Status, readonly [string, string, string]>> = {
  PASS: ['pass', '✓', 'PASS'],
  DONE: ['pass', '✓', 'DONE'],
  WARN: ['warning', '!', 'WARN'],
  FAIL: ['fail', '✗', 'FAIL'],
  FAILED: ['fail', '✗', 'FAILED'],
};

export function verdictPart(outcome: Outcome): Markup {
  const [look, mark, word] = LOOKS[outcome.status];
  return html`<section class="card verdict ${look}" aria-labelledby="verdict">
    <span class="mark" aria-hidden="true">${mark}</span>
    <div>
      <h1 id="verdict">${outcome.command}: ${word}</h1>
      <p>${sentence(outcome)}</p>
    </div>
  </section> `;
}

function sentence({ counts, failure, status }: Outcome): string {
  if (failure !== undefined) return failureLine(failure);
  const parts = [
    counted(counts.BLOCKER, 'blocker'),
    counted(counts.WARNING, 'warning'),
    counted(counts.INFO, 'note'),
  ].map((part) => part.replace(/^\d+/, (digits) => grouped(Number(digits))));
  const given = parts.filter((part) => !part.startsWith('0 '));
  if (given.length > 0) return `${given.join(', ')}.`;
  return status === 'DONE' ? 'It is done, and nothing was found.' : 'Nothing was found.';
}

/** Shows the most important numbers. */
export function tilesPart(outcome: Outcome, timing: Timing): Markup {
  const { modules, counts } = outcome;
  const total = (of: (line: ModuleLine) => number): string =>
    grouped(modules.reduce((sum, line) => sum + of(line), 0));
  const tiles: [string, string][] = [
    ['blockers', grouped(counts.BLOCKER)],
    ['warnings', grouped(counts.WARNING)],
  ];
  if (modules.length > 0) {
    tiles.push(['modules', grouped(modules.length)]);
    tiles.push(['records', total(({ records }) => records)]);
    tiles.push(['rows rejected', total(({ rejected }) => rejected)]);
  }
  tiles.push(['duration', duration(timing.milliseconds)]);
  const items = tiles.map(
    ([name, value]) =>
      html`<div>
        <dt>${name}</dt>
        <dd>${value}</dd>
      </div>`,
  );
  return html`<dl class="tiles">${items}</dl> `;
}

/** Next step after a command that succeeded. */
const NEXT: Readonly<Record<string, string>> = {
  init: 'Read mapping/DECISIONS.md, then run sealift dry-run.',
  'dry-run': 'Build and seal the candidate: sealift migrate.',
  migrate: 'Keep the seal id outside of the candidate, then run every check: sealift scan-all.',
  'scan-all': 'The candidate may go live: sealift promote.',
};

/** Maximum number of rules whose advice is shown at the top. */
const ADVISED = 5;

export function nextPart(outcome: Outcome, groups: readonly FindingGroup[]): Markup {
  const steps = [...failureSteps(outcome), ...ruleSteps(groups)];
  const next = NEXT[outcome.command];
  const went = outcome.status === 'PASS' || outcome.status === 'DONE' || outcome.status === 'WARN';
  if (went && next !== undefined) steps.push(html`${next}`);
  if (steps.length === 0) {
    const rest = went ? 'Nothing.' : 'Look at what was found, fix it, and run the command again.';
    steps.push(html`${rest}`);
  }
  return html`<h2 id="next">What to do next</h2>
    <ol class="card next">
      ${steps.map((step) => html`<li>${step}</li> `)}
    </ol> `;
}

function failureSteps({ failure, command }: Outcome): Markup[] {
  if (failure === undefined) return [];
  return [html`${failure.hint ?? `Fix the problem above, then run sealift ${command} again.`}`];
}

function ruleSteps(groups: readonly FindingGroup[]): Markup[] {
  const heavy = groups.filter(({ severity }) => severity !== 'INFO');
  const rules = [...new Set(heavy.map(({ rule }) => rule))];
  const steps = rules.slice(0, ADVISED).map((rule) => {
    const count = heavy.filter((group) => group.rule === rule).reduce((sum, g) => sum + g.count, 0);
    const { todo = 'See what was found below.' } = RULE_TEXTS[rule] ?? {};
    return html`<a href="#rule-${rule}">${rule}</a> (${grouped(count)}): ${todo}`;
  });
  const more = rules.length - ADVISED;
  return more > 0 ? [...steps, html`${counted(more, 'more rule')} below.`] : steps;
}

/** Shows seal id and roots, to compare and to copy. */
export function idsPart(outcome: Outcome): Markup {
  const given: [string, string | undefined, boolean][] = [
    ['seal id', outcome.sealId, true],
    ['data root', outcome.dataRoot, true],
    ['run id', outcome.runId, true],
    ['candidate', outcome.candidate, true],
  ];
  const lines = given.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [
          html`<dt>${name}</dt>
            <dd>
              <code>${value}</code>
              <button type="button" class="scripted" data-copy="${value}" aria-label="Copy ${name}">
                Copy
              </button>
            </dd> `,
        ],
  );
  if (lines.length === 0) return html``;
  return html`<h2 id="ids">Roots and seal</h2>
    <dl class="card ids">${lines}</dl> `;
}

export function notesPart({ checked, notes }: Outcome): Markup {
  const lines = [...checkedLines(checked), ...notes];
  if (lines.length === 0) return html``;
  return html`<h2 id="notes">What this says</h2>
    <ul class="card notes">
      ${lines.map((line) => html`<li>${line}</li> `)}
    </ul> `;
}

/** Shows rows and records of each module, with their sums. */
export function accountingPart({ modules }: Outcome, groups: readonly FindingGroup[]): Markup {
  if (modules.length === 0) return html``;
  const found = new Map<string, number>();
  for (const { module, count } of groups) found.set(module, (found.get(module) ?? 0) + count);
  const columns = columnsOf(modules, found);
  const cells = (line: ModuleLine): Markup[] =>
    columns.map(({ of }) => html`<td class="n">${grouped(of(line))}</td>`);
  const hasTable = modules.some(({ table }) => table !== undefined);
  const hasRoot = modules.some(({ root }) => root !== '');
  const rows = modules.map(
    (line) =>
      html`<tr>
        <th scope="row">${line.module}</th>
        ${hasTable ? html`<td class="wide">${line.table ?? ''}</td>` : null}${cells(line)}
        ${hasRoot ? html`<td class="wide"><code>${line.root.slice(0, 16)}</code></td>` : null}
      </tr> `,
  );
  const sums = columns.map(
    ({ of }) =>
      html`<td class="n">${grouped(modules.reduce((sum, line) => sum + of(line), 0))}</td>`,
  );
  return html`<h2 id="accounting">Accounting</h2>
    <div class="scroll" role="region" aria-labelledby="accounting" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">module</th>
            ${hasTable ? html`<th scope="col" class="wide">table</th>` : null}${columns.map(({ name }) => html`<th scope="col" class="n">${name}</th>`)}
            ${hasRoot ? html`<th scope="col" class="wide">root (first 16 digits)</th>` : null}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">${counted(modules.length, 'module')}</th>
            ${hasTable ? html`<td class="wide"></td>` : null}${sums}${hasRoot ? html`<td class="wide"></td>` : null}
          </tr>
        </tfoot>
      </table>
    </div> `;
}

interface Column {
  readonly name: string;
  readonly of: (line: ModuleLine) => number;
}

function columnsOf(modules: readonly ModuleLine[], found: ReadonlyMap<string, number>): Column[] {
  const optional: Column[] = [
    { name: 'filtered', of: ({ filtered }) => filtered ?? 0 },
    { name: 'merged', of: ({ merged }) => merged ?? 0 },
  ];
  return [
    { name: 'rows', of: ({ rows }) => rows },
    ...optional.filter(({ of }) => modules.some((line) => of(line) > 0)),
    { name: 'rejected', of: ({ rejected }) => rejected },
    { name: 'records', of: ({ records }) => records },
    { name: 'findings', of: ({ module }) => found.get(module) ?? 0 },
  ];
}

/** Shows the steps of a rehearsal. */
export function stepsPart({ steps = [] }: Outcome): Markup {
  if (steps.length === 0) return html``;
  const rows = steps.map(
    ({ step, expected, observed, ok }) =>
      html`<tr>
        <td data-name="result">
          <span class="badge ${ok ? 'pass' : 'fail'}">${ok ? 'as expected' : 'OTHERWISE'}</span>
        </td>
        <td data-name="step">${step}</td>
        <td data-name="expected">${expected}</td>
        <td data-name="observed">${observed}</td>
      </tr> `,
  );
  return html`<h2 id="steps">Steps</h2>
    <div class="scroll" role="region" aria-labelledby="steps" tabindex="0">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">result</th>
            <th scope="col">step</th>
            <th scope="col">expected</th>
            <th scope="col">observed</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div> `;
}

/** Maximum number of phases that are drawn. */
const PHASES = 60;

export function timelinePart(timing: Timing): Markup {
  const { startedAt, milliseconds, phases = [] } = timing;
  const said = html`<p>
    Started ${startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}, took
    ${duration(milliseconds)}.
  </p> `;
  if (phases.length === 0)
    return html`<h2 id="timeline">Timeline</h2>
      <div class="card">${said}</div> `;
  const longest = [...phases].sort((a, b) => b.ended - b.begun - (a.ended - a.begun));
  const kept = new Set(longest.slice(0, PHASES));
  const more = phases.length - kept.size;
  const rows = phases
    .filter((phase) => kept.has(phase))
    .map((phase) => phaseRow(phase, milliseconds));
  return html`<h2 id="timeline">Timeline</h2>
    <div class="scroll" role="region" aria-labelledby="timeline" tabindex="0">
      <table class="time">
        <caption>
          ${said}${more > 0 ? html`<p>The longest ${kept.size} of ${phases.length} parts.</p>` : null}
        </caption>
        <thead>
          <tr>
            <th scope="col">part</th>
            <th scope="col" class="n">done</th>
            <th scope="col" class="n">took</th>
            <th scope="col">when</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div> `;
}

function phaseRow({ label, begun, ended, done }: Phase, total: number): Markup {
  const x = total > 0 ? (begun / total) * 100 : 0;
  const width = total > 0 ? Math.max(0.5, ((ended - begun) / total) * 100) : 100;
  return html`<tr>
    <th scope="row">${label}</th>
    <td class="n">${grouped(done)}</td>
    <td class="n">${duration(ended - begun)}</td>
    <td>
      <svg viewBox="0 0 100 5" preserveAspectRatio="none" aria-hidden="true">
        <rect x="${x.toFixed(2)}" width="${width.toFixed(2)}" height="5" />
      </svg>
    </td>
  </tr> `;
}

/** Formats as `870 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`, `7 d 1 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${(milliseconds / 1000).toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

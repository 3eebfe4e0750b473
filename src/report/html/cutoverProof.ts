/** What proves a run: outputs and roots that its steps left, and the digests that it is bound to. Pure. */

import { byteCount } from '../../outcome/byteCount.ts';
import { grouped } from '../../outcome/counted.ts';
import type { RunStory, StoryOutput } from '../../outcome/runStory.ts';
import { html, type Content, type Markup } from './markup.ts';
import { digest } from './runLooks.ts';
import { stackTable } from './stackTable.ts';

/** Roots, digests and names of commits, by which what steps report can be compared. */
const DIGEST = /^[0-9a-f]{40,128}$/;

export function reportedPart({ steps }: RunStory): Markup {
  const places = new Map<string, string[]>();
  for (const { id, kept } of steps) {
    for (const [name, value] of kept) {
      if (DIGEST.test(value)) places.set(value, [...(places.get(value) ?? []), `${id} ${name}`]);
    }
  }
  const rows = steps.flatMap(({ id, results, kept }): Content[][] => {
    const left = kept.filter(([name]) => results.every(([other]) => other !== name));
    const counted = countsText(results);
    if (counted === '' && left.length === 0) return [];
    const lines = left.map(
      ([name, value]) => html`<li>${name} ${valueText(value, `${id} ${name}`, places)}</li> `,
    );
    return [
      [
        id,
        counted,
        lines.length === 0
          ? ''
          : html`<ul class="kept">
              ${lines}
            </ul>`,
      ],
    ];
  });
  const about = 'What they have counted, and the roots, digests and names that they left.';
  const heading = { id: 'reported', title: 'What steps reported', level: 2, about } as const;
  return stackTable(heading, ['step', 'counted', 'left'], rows);
}

/** In the order in which they are told. */
const COUNTS: readonly (readonly [name: string, words: string])[] = [
  ['applied', 'applied'],
  ['count', 'counted'],
  ['failed', 'failed'],
];

/** Writes what a step has counted; empty where all of it is zero, which says nothing. */
function countsText(results: RunStory['steps'][number]['results']): string {
  if (results.every(([, number]) => number === 0)) return '';
  const texts = COUNTS.flatMap(([name, words]) =>
    results.flatMap(([one, number]) => (one === name ? [`${grouped(number)} ${words}`] : [])),
  );
  return texts.join(', ');
}

function valueText(value: string, place: string, places: ReadonlyMap<string, string[]>): Markup {
  if (!DIGEST.test(value)) return html`${value}`;
  const others = (places.get(value) ?? []).filter((other) => other !== place);
  const equal =
    others.length === 0
      ? null
      : html` <span class="badge pass">✓ equal</span> to ${others.join(', ')}`;
  return html`<code>${value}</code>${equal}`;
}

export function outputsPart({ run, steps, series }: RunStory): Markup {
  const rows = [
    ...steps.flatMap(({ id, outputs }) => outputs.map((output) => rowOf(id, output))),
    ...series.flatMap(({ id, outputs }) =>
      outputs.map((output) => rowOf(`${id}, last look`, output)),
    ),
  ];
  const about = `They are in storage_cutovers/${run}/outputs of the project, and in cutover/outputs of the evidence; secrets were taken out before.`;
  const heading = { id: 'outputs', title: 'Outputs', level: 2, about } as const;
  return stackTable(heading, ['of', 'name', 'size', 'SHA-256'], rows);
}

function rowOf(of: string, { name, bytes, sha256 }: StoryOutput): Content[] {
  return [of, name, byteCount(bytes), digest(sha256)];
}

/** What an approval names, so that it counts for nothing else. */
function boundRow(bound: string): [string, Content] {
  const what = 'the plan together with the files that steps read: with another one, none counts';
  return ['approvals are bound to', html`${digest(bound)}, ${what}`];
}

export function proofPart({ proof, run, gates }: RunStory): Markup {
  const { plan, bound, target, inputs, signers, head, lines, tool, files } = proof;
  const isOf = inputs.map(([name, what]) => `${what} ${name}`).join(', ');
  const ids: [string, Content][] = [
    ['run', run],
    ['plan hash', digest(plan)],
    ...(gates.length === 0 ? [] : [boundRow(bound)]),
    ['target fingerprint', html`${digest(target)}${isOf === '' ? '' : ` of ${isOf}`}`],
    ['journal head', html`${digest(head)} (line ${grouped(lines)})`],
    ['allowed signers', digest(signers)],
    ['Sealift', tool === '' ? 'not known' : tool],
  ];
  const items = ids.map(
    ([name, value]) =>
      html`<dt>${name}</dt>
        <dd>${value}</dd> `,
  );
  const rows = files.map(([path, sha256]): Content[] => [path, digest(sha256)]);
  const heading = { id: 'files', title: 'Files that steps read', level: 3, about: null } as const;
  return html`<h2 id="proof">What proves it</h2>
    <dl class="card ids">${items}</dl>
    <p class="about">
      The journal is a chain: its head proves every line before it, and with them everything on this
      page.
    </p>
    ${stackTable(heading, ['path', 'SHA-256'], rows)}`;
}

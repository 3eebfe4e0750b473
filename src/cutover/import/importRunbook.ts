/**
 * Makes a draft of a runbook of a Markdown text: commands become steps, boxes become attestations, headings
 * phases. What needs a shell stands in a comment, with the reason, and a person attests it. Pure.
 *
 * Promises: the draft is a valid runbook, whatever the text is. It is a draft: `sealift cutover lint` says what
 * it needs before it can be run.
 */

import { APPROVER, draftPhases, type DraftPhase, type PlacedStep } from './draftPhases.ts';
import { commentLines, nameFor, yamlValue } from './draftText.ts';
import { partsOf } from './markdownParts.ts';

/** Role of those who attest, in a draft. */
const ROLE = 'operator';

/** Returns a runbook as YAML; `name` is that of the file, and becomes that of the runbook. */
export function importRunbook(markdown: string, name: string): string {
  const draft = draftPhases(partsOf(markdown));
  const phases = draft.phases.length > 0 ? draft.phases : [NOTHING];
  const title = draft.title ?? '';
  return [
    '# yaml-language-server: $schema=mapping/schema/runbook.schema.json',
    '# A draft: "sealift cutover lint" says what is missing. Plain paragraphs of the text are left out.',
    `runbook: ${nameFor(name.replace(/\.\w+$/, ''), 'imported')}`,
    ...(title === '' ? [] : [`title: ${yamlValue(title)}`]),
    ...inputLines(draft.inputs),
    'roles:',
    `  ${ROLE}: ["name of the operator"]`,
    ...(phases.some(isApproved) ? [`  ${APPROVER}: ["name of the approver"]`] : []),
    'phases:',
    ...phases.flatMap(phaseLines),
    ...draft.rest.flatMap((comment) => commentLines(comment, '')),
    ...(draft.isWhole
      ? []
      : ['# The rest of the text is left out: a runbook cannot have more values.']),
    '',
  ].join('\n');
}

const NOTHING: DraftPhase = {
  id: 'steps',
  title: null,
  comments: [],
  steps: [
    {
      id: 'first',
      use: 'attest',
      members: { text: 'The text had no commands or boxes to make steps from' },
      comments: [],
    },
  ],
  after: [],
};

function isApproved({ steps }: DraftPhase): boolean {
  return steps.some(({ members }) => members['role'] === APPROVER);
}

function inputLines(
  inputs: ReadonlyMap<string, string | { readonly secret: string }>,
): readonly string[] {
  if (inputs.size === 0) return [];
  const lines = [...inputs].map(([name, value]) => {
    const text =
      typeof value === 'string' ? yamlValue(value) : `{ secret: ${yamlValue(value.secret)} }`;
    return `  ${name}: ${text}`;
  });
  return ['inputs:', ...lines];
}

function phaseLines({ id, title, comments, steps, after }: DraftPhase): readonly string[] {
  return [
    `  - id: ${id}`,
    ...(title === null ? [] : [`    title: ${yamlValue(title)}`]),
    ...comments.flatMap((comment) => commentLines(comment, '    ')),
    '    steps:',
    ...steps.flatMap(stepLines),
    ...after.flatMap((comment) => commentLines(comment, '      ')),
  ];
}

function stepLines({ id, use, members, comments }: PlacedStep): readonly string[] {
  const own = use === 'attest' ? { role: ROLE, ...members } : members;
  const parts = Object.entries(own).map(([name, value]) => `${name}: ${yamlValue(value)}`);
  return [
    ...comments.flatMap((comment) => commentLines(comment, '      ')),
    `      - { id: ${id}, use: ${use}${parts.map((part) => `, ${part}`).join('')} }`,
  ];
}

/**
 * Personal data: the part of the report that a data-protection officer reads and signs, on pages of
 * its own in print. It says what was searched, what is open, and what the signature is for.
 */

import { counted, grouped } from '../../outcome/counted.ts';
import type { Outcome } from '../../outcome/outcome.ts';
import type { ModulePrivacy } from '../../outcome/privacy.ts';
import { personalData, type PersonalData } from '../personalData.ts';
import type { Timing } from '../timing.ts';
import { html, type Markup } from './markup.ts';
import {
  acceptancesPart,
  cellsPart,
  fieldsPart,
  matrixPart,
  ruleCountsPart,
} from './privacyTables.ts';

/** Returns the part; it is empty where personal data was not searched for. */
export function personalDataPart(outcome: Outcome, timing: Timing): Markup {
  const data = personalData(outcome);
  const modules = outcome.checked?.privacy ?? [];
  if (data === null) return html``;
  return html`<section class="privacy" aria-labelledby="personal-data">
    <h2 id="personal-data">Personal data</h2>
    <div class="card"><p>${sentence(data, modules)}</p></div>
    ${aboutPart(outcome, timing)}
    ${matrixPart(modules)}${fieldsPart(modules)}${cellsPart(modules)}${ruleCountsPart(data)}
    ${openPart(outcome, data)}${acceptancesPart(data)}${SIGNATURE}
  </section> `;
}

function sentence(data: PersonalData, modules: readonly ModulePrivacy[]): string {
  const { cellsPresent, cellsScanned, declared, declaring } = data;
  const all = `${grouped(cellsPresent)} ${cellsPresent === 1 ? 'cell' : 'cells'}`;
  const searched =
    cellsScanned === cellsPresent
      ? `All ${all} of ${counted(modules.length, 'module')} were searched for personal data.`
      : `✗ Only ${grouped(cellsScanned)} of ${all} were searched for personal data.`;
  const isFound = modules.some(({ fields }) =>
    fields.some(({ found }) => Object.values(found).some((count) => count > 0)),
  );
  if (declared.length > 0) {
    const classes = `${declared.length} ${declared.length === 1 ? 'class' : 'classes'}`;
    return `${searched} The mapping declares ${classes} in ${counted(declaring, 'module')}.`;
  }
  const found = isFound ? 'Some was found' : 'None was found';
  return `${searched} ${found}, and the mapping declares none.`;
}

/** What was scanned and when: the printed pages are read apart from the rest of the report. */
function aboutPart({ command, status, sealId, dataRoot }: Outcome, timing: Timing): Markup {
  const given: [string, string | undefined][] = [
    ['command', `${command}: ${status}`],
    ['begun', `${timing.startedAt.slice(0, 16).replace('T', ' ')} UTC`],
    ['seal id', sealId],
    ['data root', dataRoot],
  ];
  const lines = given.map(([name, value]) =>
    value === undefined
      ? null
      : html`<dt>${name}</dt>
          <dd><code>${value}</code></dd> `,
  );
  return html`<dl class="card ids about">${lines}</dl> `;
}

function openPart(outcome: Outcome, data: PersonalData): Markup {
  const lines = openLines(outcome, data);
  const shown = lines.length === 0 ? ['Nothing.'] : lines;
  return html`<h3 id="privacy-open">What is open</h3>
    <ul class="card notes">
      ${shown.map((line) => html`<li>${line}</li> `)}
    </ul> `;
}

/** Returns a sentence for each matter that a signature would leave open. */
function openLines({ sealId, checked }: Outcome, data: PersonalData): string[] {
  const { cellsPresent, cellsScanned, findings, withoutPolicy, undeclared, acceptances } = data;
  const heavy = findings.filter(({ BLOCKER, WARNING }) => BLOCKER + WARNING > 0);
  const ended = acceptances.filter((acceptance) => acceptance.ended).length;
  return [
    ...(sealId === undefined
      ? ['Nothing is sealed yet: this is about the records of a rehearsal.']
      : []),
    ...(checked?.isPartial === true ? ['Only some modules of the candidate were searched.'] : []),
    ...(cellsPresent === cellsScanned
      ? []
      : [
          `The number of cells that were searched (${grouped(cellsScanned)}) is not the number of cells that are there (${grouped(cellsPresent)}).`,
        ]),
    ...heavy
      .filter(({ rule }) => rule !== UNPROVEN)
      .map(({ rule, BLOCKER, WARNING }) => `${rule}: ${severities(BLOCKER, WARNING)}.`),
    ...heavy
      .filter(({ rule }) => rule === UNPROVEN)
      .map(({ BLOCKER, WARNING }) => {
        return `Unproven: ${counted(BLOCKER + WARNING, 'statement')} of the policies; see ${UNPROVEN} among the findings.`;
      }),
    ...(withoutPolicy.length === 0
      ? []
      : [`Without a policy: ${named(withoutPolicy.length, 'module', withoutPolicy)}.`]),
    ...undeclared.map(({ module, fields }) => {
      return `Not declared, but allowed by the policy of ${module}: ${named(fields.length, 'field', fields)}.`;
    }),
    ...(ended === 0
      ? []
      : [`${counted(ended, 'acceptance')} of findings, whose last day is over.`]),
  ];
}

const UNPROVEN = 'pii-unproven';

function severities(blockers: number, warnings: number): string {
  const parts = [
    [blockers, 'blocker'],
    [warnings, 'warning'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, noun]) => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`)
    .join(' and ');
}

/** Names in a sentence at most. */
const NAMED = 20;

function named(count: number, noun: string, names: readonly string[]): string {
  const more = count > NAMED ? ` and ${count - NAMED} more` : '';
  return `${counted(count, noun)} (${names.slice(0, NAMED).join(', ')}${more})`;
}

const SIGNATURE: Markup = html`<h3 id="privacy-signature">Signature</h3>
  <div class="card sign">
    <p>I have read these pages, and what is open on them.</p>
    <dl>
      <div>
        <dt>Place</dt>
        <dd></dd>
      </div>
      <div>
        <dt>Date</dt>
        <dd></dd>
      </div>
      <div>
        <dt>Name</dt>
        <dd></dd>
      </div>
      <div>
        <dt>Signature</dt>
        <dd></dd>
      </div>
    </dl>
  </div> `;

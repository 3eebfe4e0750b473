/**
 * Tables about personal data: classes by module, declared fields, cells, findings and acceptances.
 * They name modules, fields and classes, and count; a sign beside each warning says it without colour.
 */

import { counted, grouped } from '../../outcome/counted.ts';
import type { ModulePrivacy } from '../../outcome/privacy.ts';
import { classUses, type ClassUse, type PersonalData } from '../personalData.ts';
import { html, type Content, type Markup } from './markup.ts';
import { RULE_TEXTS } from './ruleTexts.ts';

interface Column {
  readonly name: string;
  readonly isNumber?: true;
}

interface Table {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly Column[];
  /** Cells of each row; the first is its heading. */
  readonly rows: readonly (readonly Content[])[];
}

function tablePart({ id, title, columns, rows }: Table): Markup {
  const kinds = columns.map(({ isNumber }) => (isNumber === true ? 'n' : ''));
  return html`<h3 id="${id}">${title}</h3>
    <div class="scroll" role="region" aria-labelledby="${id}" tabindex="0">
      <table>
        <thead>
          <tr>
            ${columns.map(({ name }, at) => html`<th scope="col" class="${kinds[at] ?? ''}">${name}</th> `)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([head, ...cells]) =>
              html`<tr>
                <th scope="row">${head ?? ''}</th>
                ${cells.map((cell, at) => html`<td class="${kinds[at + 1] ?? ''}">${cell}</td> `)}
              </tr> `,
          )}
        </tbody>
      </table>
    </div> `;
}

/** Columns of classes that fit beside the names of modules on a printed page. */
const WIDE = 6;

/** Modules × classes, in several tables if there are many classes. */
export function matrixPart(modules: readonly ModulePrivacy[]): Markup {
  const all = modules.map((module) => ({ module: module.module, uses: classUses(module) }));
  const held = all.filter(({ uses }) => uses.size > 0);
  const classes = [...new Set(held.flatMap(({ uses }) => [...uses.keys()]))].sort();
  const tables = Math.ceil(classes.length / WIDE);
  const parts = Array.from({ length: tables }, (_, at) => {
    const share = (index: number): number => Math.round((index * classes.length) / tables);
    const some = classes.slice(share(at), share(at + 1));
    const more = at === 0 ? '' : ', continued';
    return tablePart({
      id: `privacy-classes-${at}`,
      title: `Classes and their treatment${more}`,
      columns: [{ name: 'module' }, ...some.map((name) => ({ name }))],
      rows: held.map(({ module, uses }) => [module, ...some.map((of) => useOf(uses.get(of)))]),
    });
  });
  const rest = all.length - held.length;
  if (held.length === 0 || rest === 0) return html`${parts}`;
  return html`${parts}
    <p>${counted(rest, 'other module')}: no class declared, none found.</p> `;
}

function useOf(use: ClassUse | undefined): Content {
  if (use === undefined) return html`<span class="none">–</span>`;
  const { treatments, mayContain, undeclared, notPersonal } = use;
  const lines = [...treatments].map(([treatment, fields]) => {
    return html`<div>${treatment}${fields === 1 ? '' : ` (${counted(fields, 'field')})`}</div> `;
  });
  if (mayContain > 0)
    lines.push(html`<div>allowed in ${counted(mayContain, 'other field')}</div> `);
  if (undeclared > 0) {
    lines.push(html`<div class="bad">✗ not declared: ${values(undeclared)}</div> `);
  }
  if (notPersonal > 0) {
    lines.push(html`<div class="odd">! declared not personal: ${values(notPersonal)}</div> `);
  }
  return lines;
}

function values(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'value' : 'values'}`;
}

/** Each field that is declared as personal, and each column that is left out. */
export function fieldsPart(modules: readonly ModulePrivacy[]): Markup {
  const rows = modules.flatMap(({ module, fields, dropped }) => [
    ...fields.flatMap((field) => {
      if (field.class === null) return [];
      const name = `${module} · ${field.field}`;
      const { purpose = '' } = field;
      return [[name, field.class, field.treatment, purpose, grouped(field.values)]];
    }),
    ...dropped.map((column) => {
      return [`${module} · ${column.column}`, column.class, 'dropped', column.reason, '0'];
    }),
  ]);
  if (rows.length === 0) return html``;
  const columns = [
    { name: 'field' },
    { name: 'class' },
    { name: 'treatment' },
    { name: 'purpose, or why it is dropped' },
    { name: 'values', isNumber: true },
  ] as const;
  return tablePart({ id: 'privacy-fields', title: 'Declared fields', columns, rows });
}

/** Cells that are there, and cells that were searched, which have to be as many. */
export function cellsPart(modules: readonly ModulePrivacy[]): Markup {
  if (modules.length === 0) return html``;
  const columns = [
    { name: 'module' },
    { name: 'policy' },
    { name: 'fields', isNumber: true },
    { name: 'cells present', isNumber: true },
    { name: 'cells searched', isNumber: true },
    { name: 'result' },
  ] as const;
  const rows = modules.map((module) => {
    const { cellsPresent, cellsScanned } = module;
    const numbers = [module.fields.length, cellsPresent, cellsScanned].map(grouped);
    return [module.module, policyOf(module), ...numbers, searchedOf(cellsPresent, cellsScanned)];
  });
  return tablePart({ id: 'privacy-cells', title: 'Cells searched', columns, rows });
}

function policyOf(module: ModulePrivacy): Content {
  if (module.default === null) return html`<span class="odd">! none</span>`;
  return module.default === 'deny' ? 'names all fields' : 'allows unnamed fields';
}

function searchedOf(present: number, scanned: number): Content {
  if (present === scanned) return '✓ all';
  const apart = grouped(Math.abs(present - scanned));
  const what = scanned < present ? `${apart} not searched` : `${apart} more than present`;
  return html`<span class="bad">✗ ${what}</span>`;
}

export function ruleCountsPart({ findings }: PersonalData): Markup {
  if (findings.length === 0) return html``;
  const columns = [
    { name: 'rule' },
    { name: 'meaning' },
    { name: 'blockers', isNumber: true },
    { name: 'warnings', isNumber: true },
    { name: 'notes', isNumber: true },
  ] as const;
  const rows = findings.map(({ rule, BLOCKER, WARNING, INFO }) => {
    return [rule, RULE_TEXTS[rule]?.title ?? '', ...[BLOCKER, WARNING, INFO].map(grouped)];
  });
  return tablePart({ id: 'privacy-findings', title: 'Findings by rule', columns, rows });
}

export function acceptancesPart({ acceptances }: PersonalData): Markup {
  if (acceptances.length === 0) return html``;
  const columns = [
    { name: 'module' },
    { name: 'rule' },
    { name: 'fingerprint' },
    { name: 'reason' },
    { name: 'accepted by' },
    { name: 'last day' },
    { name: 'findings', isNumber: true },
  ] as const;
  const rows = acceptances.map(({ module, rule, fp, reason, by, until, ended, findings }) => {
    const last = html`<span class="day">${until}</span>`;
    const day = ended ? html`<span class="bad">✗ ${last}, which is over</span>` : last;
    return [module, rule, html`<code>${fp}</code>`, reason, by, day, grouped(findings)];
  });
  return tablePart({ id: 'privacy-accepted', title: 'Accepted findings', columns, rows });
}

/**
 * Decisions as text: mapping/DECISIONS.md, and lines for a terminal. Names come from the source and
 * are attacker-controlled: they are quoted, escaped and cut, and never become markup.
 */

import { counted } from '../outcome/counted.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { printable } from '../outcome/printable.ts';
import type { Decision } from './decision.ts';
import type { Proposal } from './propose.ts';

/** Most warnings that a terminal shows before it refers to the file. */
const SHOWN = 20;

/** Returns the file's content: warnings first, then notes, each by table. */
export function decisionsMarkdown(proposal: Proposal): string {
  const { decisions, project } = proposal;
  const parts = [
    `# Decisions: ${escaped(quoteName(project.name))}`,
    'These are the choices of `sealift init` that you may want to change. The mapping works as ' +
      'it is. Sealift does not read this file: delete it when you no longer need it.',
    section('Review these first', decisions, 'WARNING'),
    section('Good to know', decisions, 'INFO'),
  ];
  return `${parts.join('\n\n')}\n`;
}

function section(title: string, all: readonly Decision[], severity: Decision['severity']): string {
  const decisions = all.filter((decision) => decision.severity === severity);
  const parts = [`## ${title} (${decisions.length})`];
  if (decisions.length === 0) parts.push('None.');
  const views = decisions.filter(({ rule }) => rule === 'view');
  const others = decisions.filter(({ rule }) => rule !== 'view');
  for (const [table, items] of Map.groupBy(others, (decision) => decision.table)) {
    parts.push(`### ${escaped(quoteName(table))}`, items.map(item).join('\n'));
  }
  const [view] = views;
  if (view !== undefined) {
    const names = views.map(({ table }) => `- ${escaped(quoteName(table))}`);
    parts.push('### Views', `These are ${view.what}. To do: ${view.advice}.`, names.join('\n'));
  }
  return parts.join('\n\n');
}

function item({ rule, column, what, advice }: Decision): string {
  const where = column === undefined ? '' : `**${escaped(quoteName(column))}**: `;
  return `- ${where}${escaped(what)} (${rule}). To do: ${escaped(advice)}.`;
}

/** Escapes text so that Markdown, HTML and automatic links leave it as it is. */
function escaped(text: string): string {
  const entities = printable(text).replaceAll(/[<>&]/g, (sign) => `&#${sign.codePointAt(0)};`);
  return entities.replaceAll(/[\\`*_[\]|~$@/]/g, (sign) => `\\${sign}`);
}

/** Returns a summary, then a line per warning; notes are in the file only. */
export function decisionLines(proposal: Proposal): string[] {
  const { decisions, modules } = proposal;
  const warnings = decisions.filter((decision) => decision.severity === 'WARNING');
  const notes = decisions.length - warnings.length;
  const lines = [
    `${counted(modules.length, 'module')}, ${counted(warnings.length, 'warning')}, ` +
      `${counted(notes, 'note')}: see mapping/DECISIONS.md`,
    ...warnings.slice(0, SHOWN).map(line),
  ];
  const hidden = warnings.length - SHOWN;
  if (hidden > 0) lines.push(`and ${counted(hidden, 'warning')} more in mapping/DECISIONS.md`);
  return lines;
}

function line({ table, column, what }: Decision): string {
  const where =
    column === undefined ? quoteName(table) : `${quoteName(table)}.${quoteName(column)}`;
  return `warning: ${where}: ${what}`;
}

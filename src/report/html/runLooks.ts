/** Looks and words of what a run and its steps came to. Pure. */

import { html, type Markup } from './markup.ts';

/** Class, mark and words of a status. */
export type Look = readonly [tone: string, mark: string, words: string];

const STEPS: Readonly<Record<string, Look>> = {
  PENDING: ['info', '·', 'not begun'],
  STARTED: ['info', '…', 'under way'],
  VERIFYING: ['info', '…', 'being verified'],
  PASS: ['pass', '✓', 'PASS'],
  WARN: ['warning', '!', 'WARN'],
  FAIL: ['fail', '✗', 'FAIL'],
  INCONCLUSIVE: ['warning', '?', 'INCONCLUSIVE'],
  UNKNOWN: ['warning', '?', 'UNKNOWN'],
  WAIVED: ['warning', '!', 'WAIVED'],
  'LEFT OUT': ['info', '·', 'left out'],
  UNDOING: ['info', '…', 'being undone'],
  UNDONE: ['info', '↶', 'UNDONE'],
  UNDO_FAILED: ['fail', '✗', 'NOT UNDONE'],
};

export function lookOf(status: string): Look {
  return STEPS[status] ?? ['info', '·', status];
}

/** Shows a status: in colour, with a mark and a word. */
export function badge(status: string): Markup {
  const [tone, mark, words] = lookOf(status);
  return html`<span class="badge ${tone}">${mark} ${words}</span>`;
}

/** Shows digests whole, or `none`. */
export function digest(text: string | null): Markup {
  return text === null || text === '' ? html`none` : html`<code>${text}</code>`;
}

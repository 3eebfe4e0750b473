/**
 * HTML that is safe by construction: all content of a template is escaped, unless it is markup
 * itself. Names are attacker-controlled, so there is no other way to make markup from a text.
 */

import { printable } from '../../outcome/printable.ts';

/** Markup, made by {@link html} or from a constant. */
export interface Markup {
  readonly markup: string;
}

export type Content = string | number | Markup | null | readonly Content[];

/** Fills a template of markup: texts are escaped, null is left out, lists are joined. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const markup = parts.map((part, at) => part + (at === parts.length - 1 ? '' : of(contents[at])));
  return { markup: markup.join('') };
}

function of(content: Content | undefined): string {
  if (content === null || content === undefined) return '';
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') return escaped(printable(content));
  return 'markup' in content ? content.markup : content.map(of).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes a text for an element or a quoted attribute. */
function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Writes JSON for a script element: nothing in it ends the element or begins a comment. */
export function jsonMarkup(value: unknown): Markup {
  const text = JSON.stringify(value).replaceAll('<', String.raw`\u003c`);
  return {
    markup: text.replaceAll('\u2028', String.raw`\u2028`).replaceAll('\u2029', String.raw`\u2029`),
  };
}

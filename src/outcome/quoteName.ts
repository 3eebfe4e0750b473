/** Names in messages. */

import { printable } from './printable.ts';

/**
 * Quotes a name of a table, column, field or file for a message: control and invisible characters
 * are escaped, and the name is cut at 80 characters. Names are attacker-controlled.
 */
export function quoteName(name: string): string {
  const cut = name.length > 80 ? `${name.slice(0, 79)}…` : name;
  return printable(JSON.stringify(cut));
}

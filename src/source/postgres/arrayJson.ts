/**
 * Array literals of PostgreSQL as JSON. See https://www.postgresql.org/docs/current/arrays.html,
 * "Array Input and Output Syntax".
 */

import type { CellForm } from './cellForm.ts';

type ArrayForm = CellForm & { readonly kind: 'array' };

/** Nesting that PostgreSQL allows (MAXDIM). */
const MAX_DEPTH = 6;

/**
 * Returns an array literal as JSON: elements of integers to 32 bits, doubles and booleans as such, all
 * others as texts.
 * Null if it cannot be said in JSON: one whose lower bound is not 1, or that is no array literal.
 */
export function arrayJson(literal: string, form: ArrayForm): string | null {
  const reader = new LiteralReader(literal, form);
  return reader.whole();
}

class LiteralReader {
  readonly #text: string;
  readonly #form: ArrayForm;
  #at = 0;

  constructor(text: string, form: ArrayForm) {
    this.#text = text;
    this.#form = form;
  }

  whole(): string | null {
    const json = this.#array(1);
    return this.#at === this.#text.length ? json : null;
  }

  #array(depth: number): string | null {
    if (this.#text[this.#at] !== '{' || depth > MAX_DEPTH) return null;
    this.#at += 1;
    if (this.#text[this.#at] === '}') {
      this.#at += 1;
      return '[]';
    }
    const parts: string[] = [];
    for (;;) {
      const part = this.#text[this.#at] === '{' ? this.#array(depth + 1) : this.#element();
      if (part === null) return null;
      parts.push(part);
      const next = this.#text[this.#at];
      this.#at += 1;
      if (next === '}') return `[${parts.join()}]`;
      if (next !== this.#form.delimiter) return null;
    }
  }

  #element(): string | null {
    if (this.#text[this.#at] === '"') return this.#quoted();
    const begin = this.#at;
    while (this.#at < this.#text.length && !this.#ends(this.#text[this.#at] ?? '')) {
      if (this.#text[this.#at] === '\\') this.#at += 1;
      this.#at += 1;
    }
    const text = this.#text.slice(begin, this.#at);
    if (text === '') return null;
    return text === 'NULL' ? 'null' : this.#json(text.replaceAll(/\\(.)/gs, '$1'));
  }

  #ends(character: string): boolean {
    return character === '}' || character === this.#form.delimiter;
  }

  #quoted(): string | null {
    let text = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at] ?? '';
      if (character === '"') {
        this.#at += 1;
        return this.#json(text);
      }
      if (character === '\\') this.#at += 1;
      text += this.#text[this.#at] ?? '';
    }
    return null;
  }

  #json(text: string): string {
    switch (this.#form.element.kind) {
      case 'integer':
        return text;
      case 'double':
        // JSON has neither NaN nor infinities, and a minus zero there would become 0. The server and
        // the runtime have different shortest forms of some doubles, such as 30995993033969528.
        return /^-?[0-9]/.test(text) && text !== '-0' ? String(Number(text)) : JSON.stringify(text);
      case 'boolean':
        return text === 't' ? 'true' : 'false';
      case 'bytes':
        return JSON.stringify(Buffer.from(text.slice(2), 'hex').toString('base64'));
      default:
        return JSON.stringify(text);
    }
  }
}

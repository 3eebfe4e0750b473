/** Values from before any envelope: as they are, or as standard base64 of UTF-8. */

import { decodeBase64 } from './base64.ts';
import { refused, textOf, type Opened } from './opened.ts';

export function openPlain(value: string): Opened {
  return { text: value };
}

/** Strict: any text of four letters decodes as base64 somehow, so whether it is has to be declared. */
export function openBase64(value: string): Opened {
  const bytes = decodeBase64(value, 'standard');
  return bytes === null ? refused('form') : textOf(bytes);
}

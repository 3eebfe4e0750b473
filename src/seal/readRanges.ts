/** Reads ranges.ndjson: one range a line, each canonical. */

import { decodeUtf8 } from '../record/jsonText.ts';
import { jsonFile, type SealedRange } from './format.ts';
import { asSealedRange } from './sealSchemas.ts';

/** Parses the ranges of a file; null if its bytes are not exactly as a seal writes them. */
export function parseRanges(bytes: Buffer): SealedRange[] | null {
  const text = decodeUtf8(bytes);
  if (text === null || (text !== '' && !text.endsWith('\n'))) return null;
  const ranges: SealedRange[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const range = parsed(line);
    if (range === null || jsonFile(range) !== `${line}\n`) return null;
    ranges.push(range);
  }
  return ranges;
}

function parsed(line: string): SealedRange | null {
  try {
    return asSealedRange(JSON.parse(line));
  } catch {
    return null;
  }
}

/**
 * The text of a CSV file: decoded strictly, a byte order mark at its start left out; and how many
 * records it has, counted without the parser.
 */

import { Failure } from '../../outcome/failure.ts';
import { readChunks } from '../file.ts';

/** A file's text in parts. */
export type CsvText = AsyncIterable<string>;

/** Decodes a file. @throws Failure SOURCE_FORMAT with the line of the first undecodable byte */
export async function* decodeFile(
  file: string,
  encoding: string,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  let start = true;
  let done = 0;
  const decode = async (chunk: Buffer | null): Promise<string> => {
    try {
      return chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw undecodable(file, encoding, await lineOfDefect(file, encoding, done));
    }
  };
  for await (const chunk of readChunks(file)) {
    const text = await decode(chunk);
    done += chunk.length;
    if (text === '') continue;
    yield start && text.startsWith('\uFEFF') ? text.slice(1) : text;
    start = false;
  }
  const rest = await decode(null);
  if (rest !== '') yield rest;
}

/** Decodes again, from `from` on byte by byte: the decoder does not say where it failed. */
async function lineOfDefect(file: string, encoding: string, from: number): Promise<number> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let line = 1;
  const take = (bytes: Uint8Array): void => {
    line += decoder.decode(bytes, { stream: true }).split('\n').length - 1;
  };
  for await (const chunk of readChunks(file, 0, from)) take(chunk);
  for await (const chunk of readChunks(file, from)) {
    for (let index = 0; index < chunk.length; index++) {
      try {
        take(chunk.subarray(index, index + 1));
      } catch {
        return line;
      }
    }
  }
  return line;
}

function undecodable(file: string, encoding: string, line: number): Failure {
  return new Failure('SOURCE_FORMAT', {
    what: `the file has bytes that are not ${encoding}`,
    where: `${file}:${line}`,
    hint: 'name its encoding, as in export.csv?encoding=windows-1252',
  });
}

/** Line ends outside quotes, and one more for a last line without one. The header counts. */
export async function countRecords(text: CsvText): Promise<number> {
  let records = 0;
  let quoted = false;
  let open = false;
  for await (const part of text) {
    for (let index = 0; index < part.length; index++) {
      const code = part.charCodeAt(index);
      if (code === 0x0a && !quoted) {
        records++;
        open = false;
        continue;
      }
      // A doubled quote toggles twice.
      if (code === 0x22) quoted = !quoted;
      open = true;
    }
  }
  return open ? records + 1 : records;
}

/**
 * Reads the text of a CSV file. Its byte order mark decides the encoding unless the location gives
 * one. Decodes strictly, without the mark and without a first line `sep=;`.
 */

import { Failure } from '../../outcome/failure.ts';
import { readChunks } from '../files/file.ts';
import { looksLikeUtf16, markOf, readHead, refuseForeign } from '../files/signature.ts';

/** The start of a file's text, and its encoding. */
export interface TextStart {
  /** A label of the WHATWG Encoding Standard. */
  readonly encoding: string;
  /** Number of characters to skip at the beginning. */
  readonly skip: number;
  /** The number of the line on which the text begins. */
  readonly line: number;
  /** The delimiter that a line `sep=;` names. */
  readonly sep: string | null;
}

/** Excel writes and reads this line. */
const SEP = /^"?sep=([^\r\n])"?(?:\r\r\n|\r\n|\n|\r)/i;
const START_BYTES = 64;
/** JSON is not CSV: a quote would be inside a field. */
const JSON_START = /^\s*(?:\[\s*)?\{\s*"/;

/**
 * @throws Failure SOURCE_FORMAT if it is another kind of file, or its mark contradicts the encoding
 */
export async function textStart(file: string, given: string | undefined): Promise<TextStart> {
  const head = await readHead(file);
  refuseForeign(file, head);
  const encoding = encodingOf(file, head, given);
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  const text = decoder.decode(head.subarray(0, START_BYTES), { stream: true });
  const mark = text.startsWith('\uFEFF') ? 1 : 0;
  if (JSON_START.test(text.slice(mark))) {
    throw refused(file, 'the file is JSON', 'write json: or ndjson: before its name');
  }
  const [line = '', sep = null] = SEP.exec(text.slice(mark)) ?? [];
  return { encoding, skip: mark + line.length, line: sep === null ? 1 : 2, sep };
}

function encodingOf(file: string, head: Buffer, given: string | undefined): string {
  const mark = markOf(head);
  if (mark === 'utf-32') {
    throw refused(file, 'the file is UTF-32, by its byte order mark', 'convert it to UTF-8');
  }
  if (given !== undefined && mark !== null && new TextDecoder(given).encoding !== mark) {
    const what = `the byte order mark of the file is that of ${mark}, but its option names ${given}`;
    throw refused(file, what, `give encoding=${mark}, or leave the option out`);
  }
  if (given !== undefined || mark !== null) return given ?? mark ?? 'utf-8';
  const guess = looksLikeUtf16(head);
  if (guess === null) return 'utf-8';
  const what = 'the file looks like UTF-16, but has no byte order mark';
  throw refused(file, what, `give its encoding, as in export.csv?encoding=${guess}`);
}

export interface Decoder {
  /** @throws Undecodable */
  push(chunk: Buffer): string;
  /** @throws Undecodable */
  end(): string;
}

/** Invalid bytes for the encoding, in a chunk that begins at this offset. */
class Undecodable extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super('undecodable');
    this.offset = offset;
  }
}

export function decoderOf({ encoding, skip }: TextStart): Decoder {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  let done = 0;
  let left = skip;
  const decode = (chunk: Buffer | null): string => {
    let text = '';
    try {
      text = chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw new Undecodable(done);
    }
    done += chunk?.length ?? 0;
    if (left === 0) return text;
    const cut = Math.min(left, text.length);
    left -= cut;
    return text.slice(cut);
  };
  return { push: decode, end: () => decode(null) };
}

/**
 * Yields the text in parts. @throws Failure SOURCE_FORMAT with the line of the first invalid byte
 */
export async function* decodeFile(
  file: string,
  start: TextStart,
): AsyncGenerator<string, void, undefined> {
  const decoder = decoderOf(start);
  try {
    for await (const chunk of readChunks(file)) yield decoder.push(chunk);
    yield decoder.end();
  } catch (error) {
    throw await asUndecodable(error, file, start.encoding);
  }
}

/** Converts a decoder's error to a Failure; returns any other error as it is. */
export async function asUndecodable(
  error: unknown,
  file: string,
  encoding: string,
): Promise<unknown> {
  if (!(error instanceof Undecodable)) return error;
  const line = await lineOfDefect(file, encoding, error.offset);
  const what = `the file has bytes that are not valid ${encoding}`;
  const hint = 'give its encoding, as in export.csv?encoding=windows-1252';
  return refused(`${file}:${line}`, what, hint);
}

/**
 * Finds the line by decoding again, from `from` on byte by byte, as the decoder does not report it.
 */
async function lineOfDefect(file: string, encoding: string, from: number): Promise<number> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let [feeds, returns] = [0, 0];
  const take = (bytes: Uint8Array): void => {
    const text = decoder.decode(bytes, { stream: true });
    feeds += text.split('\n').length - 1;
    returns += text.split('\r').length - 1;
  };
  const line = (): number => 1 + (feeds > 0 ? feeds : returns);
  for await (const chunk of readChunks(file, 0, from)) take(chunk);
  for await (const chunk of readChunks(file, from)) {
    for (let index = 0; index < chunk.length; index++) {
      try {
        take(chunk.subarray(index, index + 1));
      } catch {
        return line();
      }
    }
  }
  return line();
}

function refused(where: string, what: string, hint: string): Failure {
  return new Failure('SOURCE_FORMAT', { what, where, hint });
}

/**
 * The JSON source: a file with one array of objects, read element by element.
 *
 * Its location is a file, or a folder whose *.json files are the tables. See objectFile.ts.
 */

import { objectFileAdapter } from './files/objectFile.ts';
import type { SourceAdapter } from './source.ts';
import { arraySplitter } from './files/splitter.ts';

export const jsonAdapter: SourceAdapter = objectFileAdapter({
  scheme: 'json',
  extension: '.json',
  record: 'element',
  seekable: false,
  mistaken: {
    sign: '{',
    what: 'the file begins with an object, not with an array of objects',
    hint: 'write ndjson: before its name if it has one object per line, else put its records into one array',
  },
  splitter: arraySplitter,
});

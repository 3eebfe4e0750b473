/**
 * The NDJSON source: one JSON object per line, lines split at 0x0A alone. The last line needs no
 * line feed, a byte order mark at the start of the file is skipped, an empty line is rejected.
 * An empty file is a table without rows and columns.
 *
 * Its location is a file, or a folder whose *.ndjson files are the tables. See objectFile.ts.
 */

import { objectFileAdapter } from './files/objectFile.ts';
import type { SourceAdapter } from './source.ts';
import { lineSplitter } from './files/splitter.ts';

export const ndjsonAdapter: SourceAdapter = objectFileAdapter({
  scheme: 'ndjson',
  extension: '.ndjson',
  record: 'line',
  seekable: true,
  mistaken: {
    sign: '[',
    what: 'the file is a JSON array, not one object per line',
    hint: 'write json: before its name',
  },
  splitter: lineSplitter,
});

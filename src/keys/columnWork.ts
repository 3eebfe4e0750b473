/** Puts together what works on a column: its states, its sealer and the log. */

import type { KeyOf, OpenColumn, OpenKeys } from '../project/openKeys.ts';
import { logCipher, type LogCipher } from './logLine.ts';
import { noncePool } from './noncePool.ts';
import type { ColumnWork } from './resealRows.ts';
import { stateReader } from './rowState.ts';
import { columnSealer, type SealHost } from './sealer.ts';

/** Clock and randomness, which come from outside. */
export interface WorkHost {
  readonly random: (bytes: number) => Uint8Array;
  readonly now: () => Date;
}

const NONCE = 12;
const IV = 16;

/** Makes the log's cipher. */
export function logOf(
  { file, keyOf }: Pick<OpenKeys, 'file' | 'keyOf'>,
  host: WorkHost,
): LogCipher {
  return logCipher(keyOf(file.log), noncePool(host.random, NONCE));
}

/** Makes what every column is worked on with; ciphers are made once for a run. */
export function columnWorks(
  { columns, keyOf }: { readonly columns: readonly OpenColumn[]; readonly keyOf: KeyOf },
  log: LogCipher,
  run: string,
  host: WorkHost,
): ColumnWork[] {
  const seal: SealHost = {
    nonce: noncePool(host.random, NONCE),
    iv: noncePool(host.random, IV),
    now: host.now,
  };
  return columns.map((column) => ({
    column,
    read: stateReader(column, keyOf),
    sealer: columnSealer(column.declared, keyOf, seal),
    log,
    run,
  }));
}

/**
 * A statement of which no more rows are read than wanted, by the extended protocol: the server refuses a
 * text of several statements. What the driver has for it (`rows`) hangs after an error, so the messages
 * are sent here: they end with Sync whatever happens.
 */

import { Query, type Client, type FieldDef } from 'pg';

import { Failure } from '../outcome/failure.ts';

/** Bytes of all rows of one answer. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface LimitedQuery {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Number of rows; null to run the statement to its end, and drop them all. */
  readonly most: number | null;
}

export interface LimitedRows {
  readonly rows: (string | null)[][];
  readonly fields: readonly FieldDef[];
  readonly more: boolean;
}

/** Messages that the driver sends. */
interface Wire {
  execute(portal: { portal: string; rows: number }): void;
  sync(): void;
  readonly stream: { destroy(): void };
}

interface RowMessage {
  readonly length: number;
  readonly fields: readonly (string | null)[];
}

type Reply = Pick<LimitedRows, 'rows' | 'fields'>;

/** Runs it. @throws Failure UNSUPPORTED if the rows are too large, which ends the connection; or what the driver throws */
export function limitedQuery(
  client: Client,
  { text, values, most }: LimitedQuery,
): Promise<LimitedRows> {
  const { connection } = client as unknown as { connection: Wire };
  return new Promise((resolve, reject) => {
    let more = false;
    let bytes = 0;
    const rows: (string | null)[][] = [];
    const query = new Query({
      text,
      values: [...values],
      rowMode: 'array',
      queryMode: 'extended',
    } as ConstructorParameters<typeof Query>[0]);
    Object.assign(query, {
      callback(error: unknown, reply: Reply): void {
        if (error !== null && error !== undefined) reject(error as Error);
        else resolve({ rows, fields: reply.fields, more });
      },
      _getRows(wire: Wire): void {
        wire.execute({ portal: '', rows: most === null ? 0 : most + 1 });
        wire.sync();
      },
      handlePortalSuspended(): void {
        more = true;
      },
      handleDataRow({ length, fields }: RowMessage): void {
        if (most === null) return;
        if (rows.length === most) {
          more = true;
          return;
        }
        bytes += length;
        if (bytes > MOST_BYTES) {
          reject(tooLarge());
          connection.stream.destroy();
        } else rows.push([...fields]);
      },
    });
    client.query(query);
  });
}

function tooLarge(): Failure {
  return new Failure('UNSUPPORTED', {
    what: 'the rows of a statement are larger than 64 MiB',
    hint: 'name fewer columns, or shorten the values in the query',
  });
}

/** A COPY … FROM STDIN that is written piece by piece, with regard to what the server takes. */

import { finished } from 'node:stream/promises';

import type { Connection } from '../../postgres/connect.ts';

/** The server, or the connection to it, has ended a copy; the cause says why. */
export class CopyError extends Error {}

export interface CopyInto {
  /** Resolves when more can be written. @throws CopyError */
  write(piece: Buffer): Promise<void>;
  /** Ends the copy; resolves when the server has taken all rows. @throws CopyError */
  end(): Promise<void>;
}

/** Begins a copy. After an error the connection has to be ended. */
export function copyInto(connection: Connection, sql: string): CopyInto {
  const stream = connection.copyInto(sql);
  const done = finished(stream).catch((cause: unknown) => {
    throw new CopyError('the copy has ended', { cause });
  });
  // Awaited by the next write, or by the end.
  done.catch(() => {});
  return {
    async write(piece) {
      if (stream.destroyed) return done;
      if (stream.write(piece)) return undefined;
      const drained = new Promise<void>((resolve) => {
        stream.once('drain', resolve);
      });
      await Promise.race([drained, done]);
      return undefined;
    },
    async end() {
      stream.end();
      await done;
    },
  };
}

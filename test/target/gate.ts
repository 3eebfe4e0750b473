/**
 * A gate before a server: it passes on what a client sends until a text comes by for the nth time, and
 * then nothing any more. What happens to the client there does not depend on how fast the machine is.
 */

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface GatePlace {
  /** Text that the client sends. */
  readonly text: string;
  /** Which time, from 1; the first if left out. */
  readonly nth?: number;
  /**
   * Whether the server gets the text and does what it says, and only its answer is kept back; or the
   * first half of what came with it.
   */
  readonly passes?: 'all' | 'half';
}

export interface Gate {
  readonly port: number;
  /** Fulfilled once the gate is shut. */
  readonly shut: Promise<void>;
  /** Whether it is shut. */
  isShut(): boolean;
  /** Lets all pass until another place; null for none. What was kept back is lost. */
  reset(place: GatePlace | null): void;
  /** Ends all connections; where it is `barred`, each new one, too, until the gate is reset. */
  cut(barred?: boolean): void;
  close(): Promise<void>;
}

/** Opens a gate before the server at `port`; it stays open while the place is null. */
export async function openGate(port: number, first: GatePlace | null): Promise<Gate> {
  const sockets = new Set<Socket>();
  let [place, seen, shut, barred] = [first, 0, false, false];
  let told = Promise.withResolvers<void>();
  const server = createServer((client) => {
    if (barred) {
      client.destroy();
      return;
    }
    const behind = connect(port, '127.0.0.1');
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        behind.destroy();
        sockets.delete(socket);
      });
    }
    let tail = '';
    client.on('data', (chunk: Buffer) => {
      if (shut) return;
      if (place === null) {
        behind.write(chunk);
        return;
      }
      const { text, nth = 1, passes } = place;
      const all = tail + chunk.toString('latin1');
      tail = all.slice(-(text.length - 1));
      seen += all.split(text).length - 1;
      if (seen < nth) {
        behind.write(chunk);
        return;
      }
      shut = true;
      if (passes !== undefined) {
        behind.write(passes === 'all' ? chunk : chunk.subarray(0, chunk.length / 2));
      }
      told.resolve();
    });
    behind.on('data', (chunk: Buffer) => {
      if (!shut) client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get shut() {
      return told.promise;
    },
    isShut: () => shut,
    reset(next) {
      [place, seen, shut, barred] = [next, 0, false, false];
      told = Promise.withResolvers();
    },
    cut(bars = false) {
      barred = bars;
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

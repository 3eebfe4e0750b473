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
  close(): Promise<void>;
}

/** Opens a gate before the server at `port`. */
export async function openGate(port: number, place: GatePlace): Promise<Gate> {
  const sockets = new Set<Socket>();
  let shut = false;
  let seen = 0;
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const { text, nth = 1, passes } = place;
  const server = createServer((client) => {
    const behind = connect(port, '127.0.0.1');
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        behind.destroy();
      });
    }
    let tail = '';
    client.on('data', (chunk: Buffer) => {
      if (shut) return;
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
      tell();
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
    shut: told,
    isShut: () => shut,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/**
 * A process of clients that write for ever: `node writerClient.ts URL`. It is told by messages to open its
 * gate, and to shut it; once all clients have arrived there it tells what was acknowledged. A client that
 * gets an error notes nothing, and goes on.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';

import { randomOf } from '../dogschool/random.ts';
import { WRITERS, type Writer } from './writerKinds.ts';

/** What the process is told. */
export type Command = Opening | 'shut';

/** That the gate is open: clients write, each after a delay of at most `spreadMs`. */
export interface Opening {
  readonly seed: number;
  readonly spreadMs: number;
  /** Chance of each client to take part. */
  readonly share: number;
  /** Whether only those take part that stop between the statements of a transaction. */
  readonly onlySlow: boolean;
}

/** A call that was acknowledged; times in milliseconds since 1970. */
export interface Acknowledged {
  readonly writer: string;
  readonly number: number;
  readonly begun: number;
  readonly ended: number;
}

/** What the process tells: that it is ready, and then what has happened while the gate was open. */
export interface Held {
  readonly acknowledged: readonly Acknowledged[];
  /** Number of errors by SQLSTATE. */
  readonly errors: Readonly<Record<string, number>>;
}

interface Session {
  readonly writer: Writer;
  readonly client: Client;
  number: number;
}

const gate = { isOpen: false };

async function writeOn(session: Session, opening: Opening, held: Held): Promise<void> {
  const { seed, spreadMs, share, onlySlow } = opening;
  const { writer, client } = session;
  const random = randomOf(seed, writer.name);
  if (!random.chance(share) || (onlySlow && !writer.isSlow)) return;
  await wait(random.integer(0, spreadMs));
  const acknowledged = held.acknowledged as Acknowledged[];
  const errors = held.errors as Record<string, number>;
  while (gate.isOpen) {
    session.number += 1;
    const { number } = session;
    const begun = Date.now();
    try {
      await writer.write(client, number, random);
      acknowledged.push({ writer: writer.name, number, begun, ended: Date.now() });
    } catch (error) {
      const { code = String(error) } = error as { code?: string };
      errors[code] = (errors[code] ?? 0) + 1;
      await client.query('ROLLBACK');
    }
  }
}

async function connect(url: string, writer: Writer): Promise<Session> {
  const client = new Client({ connectionString: url, application_name: `writer ${writer.name}` });
  await client.connect();
  return { writer, client, number: 0 };
}

function tell(held: Held): void {
  process.send?.(held);
}

if (process.send !== undefined) {
  const [url = ''] = process.argv.slice(2);
  const sessions = await Promise.all(WRITERS.map((writer) => connect(url, writer)));
  process.on('message', (command: Command) => {
    if (command === 'shut') {
      gate.isOpen = false;
      return;
    }
    gate.isOpen = true;
    const held: Held = { acknowledged: [], errors: {} };
    const all = sessions.map((session) => writeOn(session, command, held));
    void Promise.all(all).then(() => tell(held));
  });
  process.on('disconnect', () => process.exit());
  tell({ acknowledged: [], errors: {} });
}

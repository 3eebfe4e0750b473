/** The entry of a thread that walks one table; see walk.ts. */

import { parentPort, workerData } from 'node:worker_threads';

import { Failure, type SerialisedFailure } from '../../outcome/failure.ts';
import { beginSnapshot, connect, translated } from './connection.ts';
import { walkTable, type WalkData, type Walked } from './walk.ts';

export type WalkAnswer = { readonly walked: Walked } | { readonly failure: SerialisedFailure };

const { access, walk } = workerData as WalkData;
const db = translated(access, walk.table, () => connect(access));
let answer: WalkAnswer;
try {
  translated(access, walk.table, () => {
    beginSnapshot(db);
  });
  answer = { walked: walkTable(db, access, walk) };
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  answer = { failure: error.toJSON() };
} finally {
  db.close();
}
parentPort?.postMessage(answer);

/** What `witness/noteLocks.ts` has written: who held which lock when, and whether ever two did. */

import { appendFileSync, readFileSync } from 'node:fs';

/** The holder of a lock; `turn` counts all that ever held one. */
export interface Turn {
  readonly pid: number;
  readonly turn: number;
}

export interface LockLog {
  readonly path: string;
  /** Who holds the lock of a folder, by the log. */
  holder(folder: string): Turn | null;
  /** How often the lock of a folder was taken. */
  taken(folder: string): number;
  /** Notes, right before it is done, that a process is killed: it holds nothing any more. */
  killing(pid: number): void;
  /** Whatever overlapped. */
  overlaps(): readonly string[];
}

export function lockLog(path: string): LockLog {
  const holders = new Map<string, Turn>();
  const counts = new Map<string, number>();
  const killed = new Set<number>();
  const overlaps: string[] = [];
  let [read, turns] = [0, 0];

  const enter = (pid: number, folder: string): void => {
    const before = holders.get(folder);
    if (before !== undefined) overlaps.push(`${pid} held ${folder} while ${before.pid} did`);
    turns += 1;
    holders.set(folder, { pid, turn: turns });
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  };
  const follow = (): void => {
    const text = readFileSync(path, 'utf8');
    const end = text.lastIndexOf('\n') + 1;
    for (const line of text.slice(read, end).split('\n')) {
      const [, event, digits, folder = ''] = /^(\w+) (\d+) ?(.*)$/.exec(line) ?? [];
      const pid = Number(digits);
      if (event === 'kill') {
        killed.add(pid);
        for (const [name, holder] of holders) if (holder.pid === pid) holders.delete(name);
      } else if (event === 'enter' && !killed.has(pid)) enter(pid, folder);
      else if (event === 'leave' && holders.get(folder)?.pid === pid) holders.delete(folder);
    }
    read = end;
  };
  appendFileSync(path, '');
  return {
    path,
    holder(folder) {
      follow();
      return holders.get(folder) ?? null;
    },
    taken(folder) {
      follow();
      return counts.get(folder) ?? 0;
    },
    killing(pid) {
      appendFileSync(path, `kill ${pid}\n`);
    },
    overlaps() {
      follow();
      return overlaps;
    },
  };
}

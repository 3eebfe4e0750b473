/** Bounds of a run: bytes in memory, and bytes per second. */

/** Bytes that may be in memory at once; a caller that needs more waits. */
export interface ByteBudget {
  /** Waits until `bytes` are free, at most the whole; returns a function that gives them back. */
  take(bytes: number): Promise<() => void>;
}

/** Makes a budget of `total` bytes; those who wait are served in order. */
export function byteBudget(total: number): ByteBudget {
  let free = total;
  const waiting: { readonly need: number; readonly go: () => void }[] = [];
  const serve = (): void => {
    for (let next = waiting[0]; next !== undefined && next.need <= free; next = waiting[0]) {
      waiting.shift();
      free -= next.need;
      next.go();
    }
  };
  return {
    async take(bytes) {
      const need = Math.min(bytes, total);
      await new Promise<void>((go) => {
        waiting.push({ need, go });
        serve();
      });
      let given = false;
      return () => {
        if (given) return;
        given = true;
        free += need;
        serve();
      };
    },
  };
}

/** Lets through a number of bytes a second. */
export interface Bandwidth {
  /** Waits until `bytes` may be sent. */
  pass(bytes: number): Promise<void>;
}

/** Makes a bandwidth of `perSecond` bytes; null is unlimited. `now` is in ms. */
export function bandwidth(
  perSecond: number | null,
  now: () => number,
  sleep: (ms: number) => Promise<void>,
): Bandwidth {
  let freeAt = 0;
  return {
    async pass(bytes) {
      if (perSecond === null) return;
      const at = Math.max(now(), freeAt);
      freeAt = at + (bytes / perSecond) * 1000;
      if (at > now()) await sleep(at - now());
    },
  };
}

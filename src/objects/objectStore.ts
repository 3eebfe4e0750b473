/**
 * The contract of an object store: bytes by key, written once and never changed.
 *
 * A key is made of the content (it ends with the SHA-256 of the object), so two writers of one key
 * write the same bytes: what is there already is never overwritten, but compared. An object counts as
 * stored only after `put` or `complete` has returned and `head` or `read` has shown it. Every adapter
 * passes test/contract/objects.test.ts.
 *
 * What passes by itself (a reset, a stall, 503, 429, 409) is retried with growing pauses in here.
 * Errors are Failures: OBJECT concerns one object, STORE all of them (a wrong secret, a missing bucket, no
 * space, a clock that is wrong, a server that does not come back).
 */

/** Where a store is; its members belong to the adapter. */
export interface StoreLocation {
  readonly scheme: string;
}

export interface StoreAdapter {
  /** What stands before the colon of its URLs. */
  readonly scheme: string;
  /** Form of its URLs, for messages. */
  readonly usage: string;
  /** Parses what follows the colon; a path is relative to `base`. @throws Failure USAGE */
  parse(rest: string, base: string): StoreLocation;
  /**
   * Opens a store and proves that it can be used: credentials, bucket, clock, and with `writes` by a
   * tiny object that is written, read back and removed. Without, nothing is written.
   * @throws Failure STORE
   */
  open(location: StoreLocation, options: OpenStore): Promise<ObjectStore>;
}

export type StoreAdapters = ReadonlyMap<string, StoreAdapter>;

export interface OpenStore {
  readonly writes: boolean;
  /** Requests at a time; connections are kept for as many. */
  readonly concurrency: number;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/** What is stored with an object. */
export interface ObjectFacts {
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the whole content, lower-case hex. */
  readonly sha256: string;
  /** MIME type; null if not known. */
  readonly contentType: string | null;
}

/** An object as the store describes it. */
export interface ObjectHead {
  readonly key: string;
  readonly size: number;
  /** SHA-256 that the writer stated, lower-case hex; null if it has stated none. */
  readonly stated: string | null;
  /** SHA-256 that the store has computed over the whole content; null if it does not. */
  readonly computed: string | null;
}

/** A key in a listing. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
}

/** `exists`: an object with this key was there already, and was left as it is. */
export type Put = 'stored' | 'exists';

/** An object in parts; begun, or one that a run before has begun and not ended. */
export interface Upload {
  /** Bytes of each part but the last; a function of the object's size. */
  readonly partSize: number;
  /** Numbers, from 1, of the parts that a run before has stored: their bytes need no second time. */
  readonly present: ReadonlySet<number>;
  /** Stores a part. The store verifies the bytes as they arrive. */
  put(part: number, bytes: Uint8Array): Promise<void>;
  /** Makes the object of all its parts. */
  complete(): Promise<Put>;
  /** Removes the parts. */
  abort(): Promise<void>;
}

/** What a store was seen to do, for the report. */
export interface StoreAbilities {
  /** Whether it refuses to overwrite an object, by itself. */
  readonly keepsFirst: boolean;
  /** Whether it computes SHA-256 at rest. */
  readonly computesSha256: boolean;
}

export interface ObjectStore {
  /** The place, for messages and reports, without secrets. */
  readonly label: string;
  readonly abilities: StoreAbilities;
  /** What stands before each key in the store itself, as in its own reports; empty for none. */
  readonly keyPrefix: string;
  /** Folder on this machine that holds the objects; absent where none does. */
  readonly folder?: string;
  /** Name of the bucket, as in reports of its provider; null if there are none. */
  readonly bucket: string | null;
  /** Objects of at most so many bytes are put at once, larger ones in parts. */
  readonly largestPut: number;
  /** Stores an object of these bytes; the store verifies their SHA-256 as they arrive. */
  put(key: string, bytes: Uint8Array, facts: ObjectFacts): Promise<Put>;
  /** Begins an object in parts, or goes on with one of this key that was begun. */
  upload(key: string, facts: ObjectFacts): Promise<Upload>;
  /** Describes an object; null if there is none. */
  head(key: string): Promise<ObjectHead | null>;
  /** Reads an object from its first byte; null if there is none. */
  read(key: string): Promise<AsyncIterable<Uint8Array> | null>;
  /** Removes an object; nothing happens if there is none. */
  remove(key: string): Promise<void>;
  /** Lists objects whose key begins with `prefix`, ascending by the bytes of the key. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Lists keys that begin with `prefix` and have an upload that was begun and not ended. */
  unfinished(prefix: string): AsyncIterable<string>;
  /** Removes all parts of uploads of `key` that were not ended; returns how many uploads there were. */
  abandon(key: string): Promise<number>;
  /** URL that gives anyone the object for so many seconds; null if the store has none. */
  signedUrl(key: string, seconds: number): string | null;
  /** Ends all connections. May be called more than once. */
  close(): Promise<void>;
}

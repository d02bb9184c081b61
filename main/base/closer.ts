/** What opens, closes. Closers run in the reverse order of adding; one that fails does not keep the others open. */
export type Closer = () => void | Promise<void>;

export interface Closers {
  add(closer: Closer): void;
  /** Runs every closer once; rejects with the first failure after all have run. */
  close(): Promise<void>;
}

export function createClosers(): Closers {
  const stack: Closer[] = [];
  return {
    add: (closer) => void stack.push(closer),
    async close() {
      const failures: unknown[] = [];
      for (let closer = stack.pop(); closer; closer = stack.pop()) {
        try {
          await closer();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}

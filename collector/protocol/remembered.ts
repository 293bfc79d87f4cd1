/** Statements that a client prepared, by the name or number it runs them with. The oldest go when there are too many. */
import type { Budget } from './budget.ts';
import type { Statement } from './sql.ts';

export interface Remembered<K extends string | number> {
  get(key: K): Statement | undefined;
  set(key: K, statement: Statement): void;
  clear(): void;
}

const limit = 1024;
const overhead = 64;

export function createRemembered<K extends string | number>(budget: Budget): Remembered<K> {
  const statements = new Map<K, Statement>();

  const costOf = (key: K, statement: Statement): number => String(key).length + statement.table.length + overhead;

  const forget = (key: K): void => {
    const statement = statements.get(key);
    if (statement === undefined) return;
    statements.delete(key);
    budget.give(costOf(key, statement));
  };

  return {
    get: (key) => statements.get(key),
    set(key, statement) {
      forget(key);
      const [oldest] = statements.size >= limit ? statements.keys() : [];
      if (oldest !== undefined) forget(oldest);
      // Without room it stays unknown, and is counted as such when it is run.
      if (budget.take(costOf(key, statement))) statements.set(key, statement);
    },
    clear() {
      for (const key of [...statements.keys()]) forget(key);
    },
  };
}

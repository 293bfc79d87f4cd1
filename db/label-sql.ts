/** A label `x` in SQL: `key=value`, its key with or without a source in front (`k8s:app=api`), or a key alone. */
import { param, sql, type Sql } from './sql.ts';

/** Whether `x` is a label of that key, and what its value is. */
export function labelSql(key: string): { readonly isNamed: Sql; readonly text: Sql } {
  const name = sql`substring(x, 1, if(position(x, '=') = 0, length(x), position(x, '=') - 1))`;
  return {
    isNamed: sql`(${name} = ${param.string(key)} OR substring(${name}, position(${name}, ':') + 1) = ${param.string(key)})`,
    text: sql`if(position(x, '=') = 0, '', substring(x, position(x, '=') + 1))`,
  };
}

/** One step of the schema: its statements may run again without harm, because a killed process may have run some. */
export interface Migration {
  /** Position in the list, from 1; never reused. */
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

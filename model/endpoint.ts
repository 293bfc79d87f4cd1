/** What was behind an address at the time of a flow: what a row's endpoint id stands for. */
export interface Endpoint {
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
  readonly workloadKind: string;
  readonly service: string;
  readonly labels: readonly string[];
  readonly identity: number;
  readonly names: readonly string[];
  readonly process: string;
  readonly unit: string;
  readonly container: string;
}

export const noNames: readonly string[] = [];

/** What the server asks of the store. Every call throws `StoreError` and nothing else, and ends early on its signal. */
import type { DropsAnswer, DropsInput } from '../db/queries/drops.ts';
import type { ExchangesAnswer, ExchangesInput } from '../db/queries/exchanges.ts';
import type { ConnectionAnswer, ConnectionInput } from '../db/queries/flows.ts';
import type { MapAnswer } from '../db/queries/map.ts';
import type { ExportInput, ExportPlan } from '../db/queries/export.ts';
import type { Range } from '../db/queries/range.ts';
import type { SeriesAnswer, SeriesInput } from '../db/queries/series.ts';
import type { NodeStatus as StoredStatus } from '../db/queries/status.ts';
import type { TopAnswer, TopInput } from '../db/queries/top.ts';
import type { ValuesAnswer, ValuesInput } from '../db/queries/values.ts';
import type { Storage } from '../db/queries/storage.ts';
import type { Evidence, Grouping, SavedEntry, SavedItem } from '../model/api.ts';
import type { Filter } from '../model/filter/ast.ts';
import type { FlowRow } from '../model/flow-row.ts';

/** What the store read for an answer. */
export interface Read {
  readonly rows: number;
  readonly bytes: string;
}

export interface MapQuery {
  readonly range: Range;
  readonly filter: Filter;
  readonly grouping: Grouping;
  /** Most edges wanted. */
  readonly limit: number;
}

/** The last row of a page; the next page holds what is older. */
export interface FlowCursor {
  readonly timeNs: string;
  readonly id: string;
}

export interface FlowsQuery {
  readonly range: Range;
  readonly filter: Filter;
  readonly limit: number;
  readonly before: FlowCursor | null;
}

interface FlowsAnswer {
  /** Newest first. */
  readonly rows: readonly FlowRow[];
  readonly next: FlowCursor | null;
  readonly read: Read;
}

/** How far the live feed has read; opaque here. */
export type LiveMark = string;

export interface LiveAnswer {
  /** Oldest first. */
  readonly rows: readonly FlowRow[];
  readonly mark: LiveMark;
  /** Rows that arrived but did not fit the limit. */
  readonly skipped: number;
}

/** How capture stands on one node; which cluster it is in makes no difference to health. */
export type NodeStatus = Omit<StoredStatus, 'cluster'>;

export interface Store {
  map(query: MapQuery, signal: AbortSignal): Promise<MapAnswer>;
  series(query: SeriesInput, signal: AbortSignal): Promise<SeriesAnswer>;
  top(query: TopInput, signal: AbortSignal): Promise<TopAnswer>;
  values(query: ValuesInput, signal: AbortSignal): Promise<ValuesAnswer>;
  drops(query: DropsInput, signal: AbortSignal): Promise<DropsAnswer>;
  exchanges(query: ExchangesInput, signal: AbortSignal): Promise<ExchangesAnswer>;
  flows(query: FlowsQuery, signal: AbortSignal): Promise<FlowsAnswer>;
  exportPlan(query: Pick<ExportInput, 'range' | 'filter'>, signal: AbortSignal): Promise<ExportPlan>;
  /** Bytes of the format, complete or none; of `most` rows at most. */
  exportBytes(query: ExportInput, signal: AbortSignal, most?: number): Promise<AsyncIterable<Uint8Array>>;
  connection(query: ConnectionInput, signal: AbortSignal): Promise<ConnectionAnswer>;
  coverage(range: Range, signal: AbortSignal): Promise<Evidence['coverage']>;
  /** Rows that arrived since the mark; with null none, but the mark of this moment. */
  live(since: LiveMark | null, limit: number, signal: AbortSignal): Promise<LiveAnswer>;
  /** The newest status of every node that reported lately. */
  status(signal: AbortSignal): Promise<readonly NodeStatus[]>;
  /** What the tables take and how much room there is. */
  storage(signal: AbortSignal): Promise<Storage>;
  /** What people saved for each other, the latest first. */
  saved(signal: AbortSignal): Promise<readonly SavedEntry[]>;
  save(item: SavedItem, signal: AbortSignal): Promise<void>;
  unsave(item: SavedItem, signal: AbortSignal): Promise<void>;
  newestFlowMs(signal: AbortSignal): Promise<number | null>;
  version(signal: AbortSignal): Promise<string>;
}

/**
 * Exchanges and drops that wait to become rows. They come in milliseconds after the fact; the flow record that tells
 * where the ends of their connection are comes with the next scan.
 */
import type { Connection } from '../connections/connection.ts';
import type { Connections } from '../connections/connections.ts';
import type { Exchange } from '../protocol/exchange.ts';
import type { Dropped, RowBuilder } from './row-builder.ts';

export interface WaitingRows {
  readonly size: number;
  addExchange(connection: Connection, exchange: Exchange): void;
  addDrop(drop: Dropped): void;
  /** Unless `all`, those without a place yet stay. */
  flush(nowNs: number, all: boolean): void;
}

/** After this no flow record is to be expected any more. */
const patienceNs = 2.5e9;

export function createWaitingRows(
  builder: Pick<RowBuilder, 'exchange' | 'drop'>,
  connections: Pick<Connections, 'hold' | 'release'>,
): WaitingRows {
  let exchanges: { readonly connection: Connection; readonly exchange: Exchange }[] = [];
  let drops: Dropped[] = [];

  const isPlaced = (connection: Connection, atNs: number, nowNs: number): boolean =>
    connection.isSeen || nowNs - atNs > patienceNs;

  return {
    get size() {
      return exchanges.length + drops.length;
    },
    addExchange(connection, exchange) {
      // A row of it says where its ends are: there is nothing to wait for.
      if (connection.hasRow) {
        builder.exchange(connection, exchange);
        return;
      }
      connections.hold(connection);
      exchanges.push({ connection, exchange });
    },
    addDrop(drop) {
      connections.hold(drop.connection);
      drops.push(drop);
    },
    flush(nowNs, all) {
      const [exchangeBatch, dropBatch] = [exchanges, drops];
      exchanges = [];
      drops = [];
      for (const waiting of exchangeBatch) {
        const { connection, exchange } = waiting;
        if (!all && !isPlaced(connection, exchange.requestNs, nowNs)) {
          exchanges.push(waiting);
          continue;
        }
        builder.exchange(connection, exchange);
        connections.release(connection);
      }
      for (const drop of dropBatch) {
        if (!all && !isPlaced(drop.connection, drop.lastNs, nowNs)) {
          drops.push(drop);
          continue;
        }
        builder.drop(drop);
        connections.release(drop.connection);
      }
    },
  };
}

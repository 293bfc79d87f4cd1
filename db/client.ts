/**
 * The one way to the store: `@clickhouse/client` over HTTP, whether a ClickHouse server or the embedded store answers.
 * The URL carries user, password and database.
 */
import { ClickHouseLogLevel, createClient, type ClickHouseClient, type ClickHouseSettings } from '@clickhouse/client';

export type StoreClient = ClickHouseClient;

/** The database that a store URL names; `palomar` when it names none. */
export function databaseOf(url: string): string {
  const path = decodeURIComponent(new URL(url).pathname.slice(1));
  return path === '' ? 'palomar' : path;
}

interface StoreClientOptions {
  /** Another database than the URL's: the migrations need one that is sure to exist. */
  readonly database?: string;
  readonly requestTimeoutMs?: number;
  /** Of every query; what a query asks for itself goes before. */
  readonly settings?: ClickHouseSettings;
  readonly maxConnections?: number;
}

export function createStoreClient(url: string, options: StoreClientOptions = {}): StoreClient {
  // A path in the URL would override the option.
  const bare = new URL(url);
  bare.pathname = '';
  return createClient({
    url: bare,
    database: options.database ?? databaseOf(url),
    application: 'palomar',
    request_timeout: options.requestTimeoutMs ?? 60_000,
    use_multipart_params_auto: true,
    ...(options.maxConnections === undefined ? {} : { max_open_connections: options.maxConnections }),
    clickhouse_settings: {
      output_format_json_quote_64bit_integers: 1,
      date_time_output_format: 'iso',
      ...options.settings,
    },
    // Every failure reaches the caller as an error, which logs it once and in context.
    log: { level: ClickHouseLogLevel.OFF },
  });
}

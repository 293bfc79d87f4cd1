/** What the HTTP front knows of output formats: which ones may be streamed, and their media types. */

/**
 * The engine writes every streamed chunk as a document of its own. These formats have neither head nor tail, so that
 * the chunks read as one; any other format is written in one go.
 */
const streamable = new Set([
  'BSONEachRow',
  'CSV',
  'JSONCompactEachRow',
  'JSONCompactStringsEachRow',
  'JSONEachRow',
  'JSONLines',
  'JSONStringsEachRow',
  'MsgPack',
  'NDJSON',
  'Native',
  'RowBinary',
  'TSKV',
  'TSV',
  'TSVRaw',
  'TabSeparated',
  'TabSeparatedRaw',
]);

export const isStreamable = (format: string): boolean => streamable.has(format);

/** Large by nature or by use: written to a file and sent from there rather than held in memory. */
export const goesThroughFile = (format: string): boolean =>
  /^(Parquet|Arrow|ORC|Avro|Npy|(Custom|TSV|CSV|TabSeparated|RowBinary|JSONCompact).*With(Names|Progress))/.test(
    format,
  );

const octets = 'application/octet-stream';

export function mediaType(format: string): string {
  if (/EachRow|NDJSON|JSONLines/.test(format) && !format.startsWith('BSON')) {
    return 'application/x-ndjson; charset=UTF-8';
  }
  if (/^(JSON|GeoJSON)/.test(format)) return 'application/json; charset=UTF-8';
  if (/^(TSV|TabSeparated)/.test(format)) return 'text/tab-separated-values; charset=UTF-8';
  if (format.startsWith('CSV')) return 'text/csv; charset=UTF-8';
  if (/^(Parquet|Arrow|ORC|Avro|Native|RowBinary|BSON|MsgPack|Npy|RawBLOB|Protobuf)/.test(format)) return octets;
  return 'text/plain; charset=UTF-8';
}

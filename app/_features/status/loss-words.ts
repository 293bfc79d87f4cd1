/** What a counter of losses counts, and what makes it smaller. Counters without words of their own keep their name. */
const words: Readonly<Record<string, string>> = {
  flow_map_full: 'Packets not accounted because the flow map was full: raise its size.',
  drop_map_full: 'Dropped packets not accounted because the drop map was full: raise its size.',
  ring_full: 'Application records lost because the collector read too slowly: give it more CPU, or a larger ring.',
  http_requests_lost: 'HTTP requests among the application records and bytes that were lost.',
  frames_lost: 'Bytes thrown away because no collector read them: it was restarting or too slow.',
  l7_map_full: 'Connections whose requests were not read because the map of copied connections was full.',
  attach_failed: 'Interfaces that could not be watched: the table above says why.',
  drops_unparsed: 'Dropped packets without a readable IP header.',
  connect_map_full: 'Failed calls not accounted because their map was full.',
  inner_unparsed: 'Counted packets of which what they quote or carry could not be read.',
  rows_dropped: 'Rows given up because the store was away longer than memory and disk could hold them.',
  rows_rejected: 'Rows that the store refused: the log of the collector says why.',
  spill_rows_dropped:
    'The oldest rows that waited on disk, given up because the folder was full: raise PALOMAR_SPILL_MAX_MIB.',
  spill_rows_unreadable: 'Rows that waited on disk in a file that could not be read again.',
  translations_lost: 'Times that connection tracking told more than was read; a dump then filled the gap.',
};

export const lossWords = (counter: string): string => words[counter.replace(/^probe_/, '')] ?? '';

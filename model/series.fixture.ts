/** Points and answers of `/api/v1/series` with defaults, for tests. */
import type { Evidence, SeriesPoint, SeriesResponse } from './api.ts';

export const aPoint = (of: Partial<SeriesPoint> = {}): SeriesPoint => ({
  fromMs: 0,
  connections: 0,
  failedConnections: 0,
  bytesToDestination: '0',
  bytesToSource: '0',
  packets: 0,
  retransmits: 0,
  resets: 0,
  zeroWindows: 0,
  requests: 0,
  unanswered: 0,
  errors: 0,
  drops: 0,
  latencyMs: null,
  ...of,
});

export const anEvidence = (of: Partial<Evidence> = {}): Evidence => ({
  rowsRead: 10,
  bytesRead: '1000',
  elapsedMs: 1,
  truncated: false,
  limit: 60,
  coverage: { lost: {}, packetsSeen: 100, gaps: [], nodes: ['node-1'] },
  ...of,
});

export const aSeries = (of: Partial<SeriesResponse> = {}): SeriesResponse => ({
  range: { fromMs: 0, toMs: 20_000 },
  filter: '',
  stepMs: 10_000,
  points: [aPoint({ fromMs: 0 }), aPoint({ fromMs: 10_000 })],
  previous: null,
  evidence: anEvidence(),
  ...of,
});

/** Names of the status codes of gRPC. */
const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** Empty when `text` is no number. */
export function grpcStatusName(text: string): string {
  return /^\d{1,4}$/.test(text) ? (names[Number(text)] ?? `CODE_${Number(text)}`) : '';
}

/** `application/grpc`, with or without what says how messages are encoded; not gRPC-Web, whose trailers are in the body. */
export function isGrpc(contentType: string): boolean {
  const base = 'application/grpc';
  if (!contentType.startsWith(base)) return false;
  const after = contentType[base.length];
  return after === undefined || after === '+' || after === ';' || after === ' ';
}

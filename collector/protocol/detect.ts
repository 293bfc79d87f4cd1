/** Tells a protocol by the first bytes of one direction. `maybe`: too few bytes to say no. */
const methods = [
  'GET ',
  'POST ',
  'PUT ',
  'HEAD ',
  'DELETE ',
  'PATCH ',
  'OPTIONS ',
  'CONNECT ',
  'TRACE ',
  'PROPFIND ',
  'REPORT ',
  'PURGE ',
];
const responseStart = 'HTTP/1.';
const longestWord = 10;

export type Likeness = 'yes' | 'maybe' | 'no';
export type Detected = 'request' | 'response' | 'tls' | 'maybe' | 'none';

function likeness(text: string, word: string): Likeness {
  if (text.length >= word.length) return text.startsWith(word) ? 'yes' : 'no';
  return word.startsWith(text) ? 'maybe' : 'no';
}

export function detect(bytes: Buffer): Detected {
  if (bytes.length === 0) return 'maybe';
  // A TLS record of type handshake, version 3.x.
  if (bytes[0] === 0x16) return bytes.length === 1 ? 'maybe' : bytes[1] === 0x03 ? 'tls' : 'none';
  const text = bytes.toString('latin1', 0, longestWord);
  const asResponse = likeness(text, responseStart);
  if (asResponse === 'yes') return 'response';
  let maybe = asResponse === 'maybe';
  for (const method of methods) {
    const asRequest = likeness(text, method);
    if (asRequest === 'yes') return 'request';
    maybe ||= asRequest === 'maybe';
  }
  return maybe ? 'maybe' : 'none';
}

/** For a connection known to be HTTP: may a request, with a method of any name, begin here? */
export function startsLikeRequest(bytes: Buffer, offset: number): boolean {
  const end = Math.min(bytes.length, offset + 32);
  for (let at = offset; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x20) return at > offset;
    const isUpper = byte >= 0x41 && byte <= 0x5a;
    if (!isUpper && !(byte === 0x2d && at > offset)) return false;
  }
  return end < offset + 32;
}

export function startsLikeResponse(bytes: Buffer, offset: number): boolean {
  return likeness(bytes.toString('latin1', offset, offset + responseStart.length), responseStart) !== 'no';
}

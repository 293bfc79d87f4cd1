/** Reads the server name out of a TLS ClientHello (RFC 8446, RFC 6066) in the first segment of a connection. */

const handshakeRecord = 22;
const clientHello = 1;
const serverNameExtension = 0;

/** Empty when there is none, it is not a ClientHello, or it does not lie within the captured bytes. */
export function readServerName(bytes: Buffer): string {
  // Record header 5, handshake header 4, version 2, random 32.
  if (bytes[0] !== handshakeRecord || bytes[5] !== clientHello) return '';
  let at = 43;
  at += 1 + (bytes[at] ?? 0);
  if (at + 2 > bytes.length) return '';
  at += 2 + bytes.readUInt16BE(at);
  at += 1 + (bytes[at] ?? 0);
  if (at + 2 > bytes.length) return '';
  const end = Math.min(bytes.length, at + 2 + bytes.readUInt16BE(at));
  at += 2;
  while (at + 4 <= end) {
    const type = bytes.readUInt16BE(at);
    const size = bytes.readUInt16BE(at + 2);
    at += 4;
    // List length 2, name type 1 (0: host name), name length 2.
    if (type === serverNameExtension && size >= 5 && at + 5 <= end && bytes[at + 2] === 0) {
      const length = bytes.readUInt16BE(at + 3);
      const name = bytes.toString('latin1', at + 5, at + 5 + length);
      return at + 5 + length <= end && /^[\w.-]{1,253}$/.test(name) ? name.toLowerCase() : '';
    }
    at += size;
  }
  return '';
}

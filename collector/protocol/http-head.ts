/**
 * Reads the head of an HTTP/1.x message: the start line and the few fields that matter here. Credentials never leave
 * this file: URLs are redacted, Authorization and Cookie are not looked at.
 */
import type { Redaction } from './redaction.ts';

export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly protocol: string;
  readonly traceId: string;
  readonly body: BodyLength;
}

export interface ResponseHead {
  readonly status: number;
  readonly protocol: string;
  /** What the connection turns to, in lower case. */
  readonly upgrade: string;
  readonly body: BodyLength;
}

/** `none` is: no length was given. What that means depends on the message. */
export type BodyLength = number | 'chunked' | 'none';

const pathLimit = 4096;
const hostLimit = 255;
const requestLine = /^([A-Z][A-Z-]{0,31}) (\S+) (HTTP\/1\.[01])$/;
const statusLine = /^(HTTP\/1\.[01]) ([1-9]\d\d)(?: |$)/;

interface Fields {
  host: string;
  traceparent: string;
  upgrade: string;
  length: number | null;
  isChunked: boolean;
  isValid: boolean;
}

function readFields(lines: readonly string[]): Fields {
  const fields: Fields = { host: '', traceparent: '', upgrade: '', length: null, isChunked: false, isValid: true };
  for (let i = 1; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    const colon = line.indexOf(':');
    if (colon <= 0) {
      // A line without a name is no HTTP.
      if (line !== '') fields.isValid = false;
      continue;
    }
    // A few names of interest, told apart by length before anything is allocated.
    if (colon !== 4 && colon !== 7 && colon !== 11 && colon !== 14 && colon !== 17) continue;
    const value = line.slice(colon + 1).trim();
    switch (line.slice(0, colon).toLowerCase()) {
      case 'host':
        fields.host = value;
        break;
      case 'upgrade':
        fields.upgrade = value.toLowerCase();
        break;
      case 'traceparent':
        fields.traceparent = value;
        break;
      case 'content-length':
        if (/^\d{1,15}$/.test(value)) fields.length = Number(value);
        else fields.isValid = false;
        break;
      case 'transfer-encoding':
        fields.isChunked = /(^|[,\s])chunked$/i.test(value);
        break;
      default:
    }
  }
  return fields;
}

function bodyOf(fields: Fields): BodyLength {
  if (fields.isChunked) return 'chunked';
  return fields.length ?? 'none';
}

export function traceIdOf(traceparent: string): string {
  return /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-/.exec(traceparent)?.[1] ?? '';
}

/** Splits an absolute-form target into host and path; other forms have no host. */
function splitTarget(target: string): { path: string; host: string } {
  const absolute = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)(.*)$/i.exec(target);
  if (absolute === null) return { path: target, host: '' };
  const rest = absolute[2] ?? '';
  return { path: rest.startsWith('/') ? rest : `/${rest}`, host: absolute[1] ?? '' };
}

/** Ends of lines may lack their carriage return, and a line that starts with a blank continues the one before it. */
function linesOf(text: string): string[] {
  const hasBareEnds = !text.includes('\r\n') && text.includes('\n');
  const folded = /\n[ \t]/.test(text) ? text.replace(/\r?\n[ \t]+/g, ' ') : text;
  return folded.split(hasBareEnds ? '\n' : '\r\n');
}

/** Is this line one that a request starts with? */
export function isRequestLine(line: string): boolean {
  return requestLine.test(line);
}

/** `text` is the head without its last blank line. Undefined when it is not a request. */
export function parseRequestHead(text: string, redaction: Redaction): RequestHead | undefined {
  const lines = linesOf(text);
  const start = requestLine.exec(lines[0] ?? '');
  if (start === null) return undefined;
  const fields = readFields(lines);
  if (!fields.isValid) return undefined;
  const target = splitTarget(start[2] ?? '');
  return {
    method: start[1] ?? '',
    path: redaction.path(target.path).slice(0, pathLimit),
    host: redaction.authority(target.host === '' ? fields.host : target.host).slice(0, hostLimit),
    protocol: start[3] ?? '',
    traceId: traceIdOf(fields.traceparent),
    body: bodyOf(fields),
  };
}

export function parseResponseHead(text: string): ResponseHead | undefined {
  const lines = linesOf(text);
  const start = statusLine.exec(lines[0] ?? '');
  if (start === null) return undefined;
  const fields = readFields(lines);
  if (!fields.isValid) return undefined;
  return { status: Number(start[2]), protocol: start[1] ?? '', upgrade: fields.upgrade, body: bodyOf(fields) };
}

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
const cr = 0x0d;
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

/** Where the line that starts at `from` ends: before its CRLF, or where the text does. */
function lineEnd(text: string, from: number): number {
  for (let at = text.indexOf('\n', from); at !== -1; at = text.indexOf('\n', at + 1)) {
    if (at > from && text.charCodeAt(at - 1) === cr) return at - 1;
  }
  return text.length;
}

/** A few names of interest, told apart by length before anything is allocated. */
function takeField(fields: Fields, line: string, colon: number): void {
  const value = line.slice(colon + 1).trim();
  switch (line.slice(0, colon).toLowerCase()) {
    case 'host':
      fields.host = value;
      return;
    case 'upgrade':
      fields.upgrade = value.toLowerCase();
      return;
    case 'traceparent':
      fields.traceparent = value;
      return;
    case 'content-length':
      if (/^\d{1,15}$/.test(value)) fields.length = Number(value);
      else fields.isValid = false;
      return;
    case 'transfer-encoding':
      fields.isChunked = /(^|[,\s])chunked$/i.test(value);
      return;
    default:
  }
}

/** First letters, in lower case, by the lengths that names of interest have. */
const firstLetters: Readonly<Record<number, string>> = { 4: 'h', 7: 'u', 11: 't', 14: 'c', 17: 't' };

/** Of what follows the first line, which ends at `from`; `text` is plain. */
function readFields(text: string, from: number): Fields {
  const fields: Fields = { host: '', traceparent: '', upgrade: '', length: null, isChunked: false, isValid: true };
  for (let start = from + 2; start < text.length;) {
    const end = lineEnd(text, start);
    const colon = text.indexOf(':', start);
    // A line without a name is no HTTP.
    if (colon === -1 || colon >= end || colon === start) fields.isValid &&= end === start;
    else {
      const letter = firstLetters[colon - start];
      if (letter !== undefined && (text.charCodeAt(start) | 0x20) === letter.charCodeAt(0)) {
        takeField(fields, text.slice(start, end), colon - start);
      }
    }
    start = end + 2;
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
  if (target.startsWith('/')) return { path: target, host: '' };
  const absolute = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)(.*)$/i.exec(target);
  if (absolute === null) return { path: target, host: '' };
  const rest = absolute[2] ?? '';
  return { path: rest.startsWith('/') ? rest : `/${rest}`, host: absolute[1] ?? '' };
}

/**
 * Ends of lines may lack their carriage return, and a line that starts with a blank continues the one before it: what
 * comes out has neither.
 */
function plain(text: string): string {
  const hasBareEnds = !text.includes('\r\n') && text.includes('\n');
  const folded = /\n[ \t]/.test(text) ? text.replace(/\r?\n[ \t]+/g, ' ') : text;
  return hasBareEnds ? folded.replaceAll('\n', '\r\n') : folded;
}

/** Is this line one that a request starts with? */
export function isRequestLine(line: string): boolean {
  return requestLine.test(line);
}

/** `head` is without its last blank line. Undefined when it is not a request. */
export function parseRequestHead(head: string, redaction: Redaction): RequestHead | undefined {
  const text = plain(head);
  const end = lineEnd(text, 0);
  const start = requestLine.exec(text.slice(0, end));
  if (start === null) return undefined;
  const fields = readFields(text, end);
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

export function parseResponseHead(head: string): ResponseHead | undefined {
  const text = plain(head);
  const end = lineEnd(text, 0);
  const start = statusLine.exec(text.slice(0, end));
  if (start === null) return undefined;
  const fields = readFields(text, end);
  if (!fields.isValid) return undefined;
  return { status: Number(start[2]), protocol: start[1] ?? '', upgrade: fields.upgrade, body: bodyOf(fields) };
}

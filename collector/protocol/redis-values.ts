/**
 * Follows the values of one direction of a Redis connection (RESP 2 and 3), nested as they are, and tells of each whole
 * one. Of strings it reads the first few bytes and steps over the rest.
 */
import type { StreamSink } from './stream.ts';

export type RedisLoss = 'gap' | 'malformed';

export interface RedisHandlers {
  /** A value at the top begins with this type. */
  begin(type: string, atNs: number): void;
  /** The first bytes of a line or string, by its place among the elements of the top value. */
  text(place: number, text: string): void;
  /** The value at the top is whole. */
  done(type: string, elements: number, atNs: number): void;
  lost(cause: RedisLoss): void;
  /** For taking up again after a loss: does a value surely start here? */
  startsLike(bytes: Buffer): boolean;
}

type State = 'type' | 'line' | 'skip' | 'inline' | 'lost';

const [cr, lf] = [0x0d, 0x0a];
const textKept = 64;
const depthLimit = 16;
const lengthLimit = 1 << 30;
/** Values of one line, those with a length, and those of many. */
const lineTypes = '+-:,#_(';
const stringTypes = '$!=';
const countTypes: Readonly<Record<string, number>> = { '*': 1, '~': 1, '>': 1, '%': 2, '|': 2 };

export function createRedisValues(handlers: RedisHandlers): StreamSink {
  let state: State = 'type';
  let type = '';
  let line = '';
  let topType = '';
  let elements = 0;
  let firstNs = 0;
  /** Values still to come, of the outermost first. */
  let open: number[] = [];
  /** Bytes of a string and its line end still to come, and what is kept of it. */
  let remaining = 0;
  let kept = '';

  const lose = (cause: RedisLoss): void => {
    state = 'lost';
    line = '';
    kept = '';
    open = [];
    handlers.lost(cause);
  };

  const isTop = (): boolean => open.length === 0;

  const finishTop = (atNs: number): void => {
    state = 'type';
    // What describes the next value is none itself.
    if (topType !== '|') handlers.done(topType, elements, atNs);
  };

  /** One value is whole, and with it perhaps those around it. */
  const finish = (atNs: number): void => {
    state = 'type';
    while (open.length > 0) {
      const left = (open.pop() ?? 1) - 1;
      if (left > 0) {
        open.push(left);
        if (open.length === 1) elements += 1;
        return;
      }
    }
    finishTop(atNs);
  };

  const tellText = (text: string): void => {
    // Only what lies directly in the top value, or is it.
    if (open.length <= 1) handlers.text(isTop() ? 0 : elements, text);
  };

  const onCount = (per: number, count: number, atNs: number): void => {
    if (count <= 0) return finish(atNs);
    if (open.length >= depthLimit || count > lengthLimit) return lose('malformed');
    if (isTop()) elements = 0;
    open.push(count * per);
    state = 'type';
  };

  const onLine = (atNs: number): void => {
    const text = line;
    line = '';
    if (lineTypes.includes(type)) {
      tellText(text);
      return finish(atNs);
    }
    if (!/^-?\d{1,10}$/.test(text)) return lose('malformed');
    const count = Number(text);
    const per = countTypes[type];
    if (per !== undefined) return onCount(per, count, atNs);
    if (count < 0) return finish(atNs);
    if (count > lengthLimit) return lose('malformed');
    remaining = count + 2;
    kept = '';
    state = 'skip';
  };

  /** A command typed by hand: its words on one line. */
  const onInline = (atNs: number): void => {
    const text = line;
    line = '';
    state = 'type';
    if (text === '') return;
    handlers.begin('*', firstNs);
    handlers.text(0, text.split(' ')[0] ?? '');
    handlers.done('*', 1, atNs);
  };

  const takeLine = (bytes: Buffer, at: number, atNs: number): number => {
    const end = bytes.indexOf(lf, at);
    const to = end === -1 ? bytes.length : end;
    if (line.length < textKept) line += bytes.toString('latin1', at, Math.min(to, at + textKept));
    if (end === -1) return to;
    if (line.endsWith('\r')) line = line.slice(0, -1);
    if (state === 'inline') onInline(atNs);
    else onLine(atNs);
    return end + 1;
  };

  const takeString = (bytes: Buffer, at: number, atNs: number): number => {
    const taken = Math.min(remaining, bytes.length - at);
    const wanted = Math.min(textKept - kept.length, taken, Math.max(0, remaining - 2));
    if (wanted > 0 && open.length <= 1) kept += bytes.toString('latin1', at, at + wanted);
    remaining -= taken;
    if (remaining > 0) return at + taken;
    tellText(kept);
    finish(atNs);
    return at + taken;
  };

  const takeType = (bytes: Buffer, at: number, atNs: number): number => {
    const byte = bytes[at] ?? 0;
    if (isTop() && (byte === cr || byte === lf)) return at + 1;
    type = String.fromCharCode(byte);
    if (lineTypes.includes(type) || stringTypes.includes(type) || countTypes[type] !== undefined) {
      if (isTop()) {
        topType = type;
        firstNs = atNs;
        elements = 0;
        if (type !== '|') handlers.begin(type, atNs);
      }
      state = 'line';
      return at + 1;
    }
    const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
    if (isTop() && isLetter) {
      firstNs = atNs;
      state = 'inline';
      return at;
    }
    lose('malformed');
    return bytes.length;
  };

  const step = (bytes: Buffer, at: number, atNs: number): number => {
    switch (state) {
      case 'type':
        return takeType(bytes, at, atNs);
      case 'line':
      case 'inline':
        return takeLine(bytes, at, atNs);
      case 'skip':
        return takeString(bytes, at, atNs);
      case 'lost':
        return bytes.length;
    }
  };

  return {
    data(bytes, atNs, isSegmentStart) {
      if (state === 'lost' && isSegmentStart && handlers.startsLike(bytes)) state = 'type';
      for (let at = 0; at < bytes.length;) at = step(bytes, at, atNs);
    },
    gap(length) {
      if (state === 'lost') return;
      // A string of which enough was read.
      if (state === 'skip' && length < remaining) remaining -= length;
      else lose('gap');
    },
    get skippable() {
      if (state === 'lost') return Infinity;
      return state === 'skip' && kept.length >= textKept ? Math.max(0, remaining - 2) : 0;
    },
  };
}
